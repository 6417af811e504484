#include "holmes/tools/table_text.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include "base/strings.h"
#include "holmes/tools/health.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

constexpr std::string_view kConditions = "CONDITIONS";  // of nodes
constexpr std::string_view kNothing = "<none>";
constexpr size_t kMaxCellBytes = 200;
constexpr size_t kMinStem = 3;
constexpr size_t kMinCountedRows = 2;
constexpr size_t kMaxCounted = 6;       // values, and rows that are not ready
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

std::vector<Row> rows_of_table(const json::object& body, const TableTextOptions& options) {
  const bool with_namespace = options.with_namespace;
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
  if (options.with_node_conditions) rows[0].emplace_back(kConditions);
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
    if (options.with_node_conditions) {
      const json::object* node = json_object(item, {"object"});
      row.push_back(node == nullptr ? std::string(kNothing)
                                    : cell_text(json::value(node_conditions(*node))));
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

std::optional<size_t> column(const Row& header, std::string_view name) {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<size_t>(found - header.begin());
}

bool has_ended(std::string_view status) {
  return status == "Completed" || status == "Succeeded";
}

// "7 Running, 1 Pending", the most frequent first.
std::string count_values(const std::vector<Row>& rows, size_t at) {
  std::map<std::string, size_t> counts;
  for (size_t i = 1; i < rows.size(); ++i) ++counts[rows[i][at]];
  std::multimap<size_t, std::string, std::greater<>> by_count;
  for (const auto& [value, count] : counts) by_count.emplace(count, value);
  std::vector<std::string> texts;
  for (const auto& [count, value] : by_count) {
    if (texts.size() < kMaxCounted) texts.push_back(fmt::format("{} {}", count, value));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Rows whose READY is less than the whole, as "web-1 0/1".
std::vector<std::string> not_ready(const std::vector<Row>& rows) {
  const auto ready = column(rows[0], "READY");
  const auto name = column(rows[0], "NAME");
  const auto status = column(rows[0], "STATUS");
  std::vector<std::string> texts;
  if (!ready || !name) return texts;
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string_view> parts = split(rows[i][*ready], '/');
    if (parts.size() != 2 || parts[0] == parts[1]) continue;
    if (status && has_ended(rows[i][*status])) continue;
    texts.push_back(fmt::format("{} {}", rows[i][*name], rows[i][*ready]));
  }
  return texts;
}

// Of nodes, as "node-1 DiskPressure=True": conditions that ought to be false.
std::vector<std::string> holding_conditions(const std::vector<Row>& rows) {
  const auto conditions = column(rows[0], kConditions);
  const auto name = column(rows[0], "NAME");
  std::vector<std::string> texts;
  if (!conditions || !name) return texts;
  for (size_t i = 1; i < rows.size(); ++i) {
    for (const std::string_view condition : split(rows[i][*conditions], ',')) {
      if (!condition.ends_with("=True")) continue;
      texts.push_back(fmt::format("{} {}", rows[i][*name], condition));
    }
  }
  return texts;
}

// "web-1 17", the row with the most RESTARTS ("17 (4m ago)"); empty when none has any.
std::string most_restarts(const std::vector<Row>& rows) {
  const auto restarts = column(rows[0], "RESTARTS");
  const auto name = column(rows[0], "NAME");
  std::string text;
  static const RE2 count_first(R"((\d{1,9})\b.*)");
  int64_t most = 0;
  for (size_t i = 1; restarts && name && i < rows.size(); ++i) {
    int64_t count = 0;
    if (!RE2::FullMatch(rows[i][*restarts], count_first, &count) || count <= most) continue;
    most = count;
    text = fmt::format("{} {}", rows[i][*name], most);
  }
  return text;
}

// "a, b, 3 more"
std::string some_of(std::vector<std::string> texts) {
  if (texts.size() > kMaxCounted) {
    const size_t more = texts.size() - kMaxCounted;
    texts.resize(kMaxCounted);
    texts.push_back(fmt::format("{} more", more));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Models count badly.
std::string count_line(const std::vector<Row>& rows) {
  if (rows.size() < kMinCountedRows + 1) return "";
  std::string line = fmt::format("[{} rows", rows.size() - 1);
  auto counted = column(rows[0], "STATUS");
  if (!counted && column(rows[0], "REASON")) counted = column(rows[0], "TYPE");  // of events
  if (counted) line += fmt::format("; {}: {}", rows[0][*counted], count_values(rows, *counted));
  if (const auto unready = not_ready(rows); !unready.empty()) {
    line += "; not all ready: " + some_of(unready);
  }
  if (const auto holding = holding_conditions(rows); !holding.empty()) {
    line += "; conditions: " + some_of(holding);
  }
  if (const std::string most = most_restarts(rows); !most.empty()) {
    line += "; most restarts: " + most;
  }
  return line + "]\n";
}

}  // namespace

std::optional<json::object> rows_like(const json::object& table, std::string_view name) {
  const std::string_view stem = name.substr(0, name.find('-'));
  const json::array* rows = json_array(table, {"rows"});
  if (rows == nullptr || stem.size() < kMinStem) return std::nullopt;
  json::array kept;
  for (const json::value& row : *rows) {
    if (json_string_or(row, {"object", "metadata", "name"}).starts_with(stem)) kept.push_back(row);
  }
  if (kept.empty()) return std::nullopt;
  json::object out = table;
  out["rows"] = std::move(kept);
  return out;
}

Result<TableText> render_table(const json::object& body, const TableTextOptions& options) {
  const std::string kind = json_string_or(body, {"kind"});
  const json::array* items = json_array(body, {"items"});
  if (kind != "Table" && items == nullptr) {
    return fail(ErrorCode::kProtocol,
                fmt::format("expected a Table or a list, got kind '{}'", cut(kind, 100)));
  }
  const std::vector<Row> rows =
      kind == "Table" ? rows_of_table(body, options) : rows_of_list(*items, options.with_namespace);
  TableText table;
  if (rows.size() > 1) {
    const std::vector<size_t> widths = column_widths(rows);
    table.text = count_line(rows) + line_of(rows[0], widths);
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
