#include "holmes/tools/table_text.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

constexpr std::string_view kNothing = "<none>";
constexpr size_t kMaxCellBytes = 200;
constexpr size_t kMaxPaddedBytes = 80;  // a longer cell does not widen its column

using Row = std::vector<std::string>;

// One line without double blanks, so that columns can be told apart. Redacted before it is cut: the
// beginning of a credential has no longer the shape by which it is recognised.
std::string cell_text(json::value value) {
  redact_json(value);
  const std::string raw = value.is_string() ? std::string(value.get_string())
                          : value.is_null() ? ""
                                            : to_text(value);
  std::string out;
  for (const char c : raw) {
    const bool blank = c == ' ' || static_cast<unsigned char>(c) < ' ';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  out = cut(trim(out), kMaxCellBytes);
  return out.empty() ? std::string(kNothing) : out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

// Which cells of a row are shown.
std::vector<size_t> shown_columns(const json::array& definitions) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < definitions.size(); ++i) {
    if (json_int(definitions[i], {"priority"}).value_or(0) == 0) shown.push_back(i);
  }
  return shown;
}

std::vector<Row> rows_of_table(const json::object& body, bool with_namespace) {
  static const json::array none;
  const json::array* definitions = json_array(body, {"columnDefinitions"});
  const json::array* items = json_array(body, {"rows"});
  if (definitions == nullptr) definitions = &none;
  if (items == nullptr) items = &none;
  const std::vector<size_t> shown = shown_columns(*definitions);

  std::vector<Row> rows(1);
  if (with_namespace) rows[0].emplace_back("NAMESPACE");
  for (const size_t i : shown) {
    rows[0].push_back(upper(cell_text(json::value(json_string_or((*definitions)[i], {"name"})))));
  }
  for (const json::value& item : *items) {
    Row row;
    if (with_namespace) {
      row.push_back(
          cell_text(json::value(json_string_or(item, {"object", "metadata", "namespace"}))));
    }
    const json::array* cells = json_array(item, {"cells"});
    for (const size_t i : shown) {
      const bool exists = cells != nullptr && i < cells->size();
      row.push_back(exists ? cell_text((*cells)[i]) : std::string(kNothing));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> rows_of_list(const json::array& items, bool with_namespace) {
  std::vector<Row> rows{with_namespace ? Row{"NAMESPACE", "NAME", "CREATED"}
                                       : Row{"NAME", "CREATED"}};
  for (const json::value& item : items) {
    Row row;
    if (with_namespace) {
      row.push_back(cell_text(json::value(json_string_or(item, {"metadata", "namespace"}))));
    }
    row.push_back(cell_text(json::value(json_string_or(item, {"metadata", "name"}))));
    row.push_back(cell_text(json::value(json_string_or(item, {"metadata", "creationTimestamp"}))));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<size_t> column_widths(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(row[i].size(), kMaxPaddedBytes));
    }
  }
  return widths;
}

std::string line_of(const Row& row, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 == row.size()) break;
    line.append(widths[i] > row[i].size() ? widths[i] - row[i].size() : 0, ' ');
    line += "  ";
  }
  line += '\n';
  return line;
}

}  // namespace

Result<TableText> render_table(const json::object& body, const TableTextOptions& options) {
  const std::string kind = json_string_or(body, {"kind"});
  const json::array* items = json_array(body, {"items"});
  if (kind != "Table" && items == nullptr) {
    return fail(ErrorCode::kProtocol,
                fmt::format("expected a Table or a list, got kind '{}'", cut(kind, 100)));
  }
  const std::vector<Row> rows = kind == "Table" ? rows_of_table(body, options.with_namespace)
                                                : rows_of_list(*items, options.with_namespace);
  TableText table;
  if (rows.size() > 1) {
    const std::vector<size_t> widths = column_widths(rows);
    table.text = line_of(rows[0], widths);
    for (size_t i = 1; i < rows.size(); ++i) {
      const std::string line = line_of(rows[i], widths);
      if (table.text.size() + line.size() > options.bytes_max) break;
      table.text += line;
      ++table.rows;
    }
    table.left_out = rows.size() - 1 - table.rows;
  }
  const int64_t remaining = json_int(body, {"metadata", "remainingItemCount"}).value_or(0);
  if (remaining > 0) table.left_out += static_cast<size_t>(remaining);
  table.more_exist = remaining <= 0 && !json_string_or(body, {"metadata", "continue"}).empty();
  return table;
}

}  // namespace holmes
