#include "snapshot/snapshot_text.h"

#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "yaml/report.h"
#include "yaml/yaml_tree.h"

namespace holmes {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kList = "List";

bool is_json(std::string_view name, std::string_view text) {
  const std::string_view content = trim(text);
  return name.ends_with(".json") || (!content.empty() && content.front() == '{');
}

// The items of a list, or nullptr when it is none.
const json::array* items_of(const json::object& object) {
  const std::string kind = json_string_or(object, {"kind"});
  return kind.ends_with(kList) ? json_array(object, {"items"}) : nullptr;
}

// The items of a PodList say neither apiVersion nor kind: the list does.
json::object item_of(const json::object& list, const json::object& item) {
  json::object object = item;
  const std::string kind = json_string_or(list, {"kind"});
  if (kind == kList || json_string(object, {"kind"})) return object;
  object["apiVersion"] = json_string_or(list, {"apiVersion"});
  object["kind"] = kind.substr(0, kind.size() - kList.size());
  return object;
}

void add(const json::value& value, size_t depth, SavedObjects& saved) {
  const json::object* object = value.if_object();
  const json::array* items = object == nullptr ? nullptr : items_of(*object);
  if (items != nullptr && depth < kMaxSnapshotListDepth) {
    for (const json::value& item : *items) {
      const bool whole = item.is_object();
      add(whole ? json::value(item_of(*object, item.get_object())) : item, depth + 1, saved);
    }
    return;
  }
  const bool is_saved = object != nullptr && items == nullptr &&
                        !json_string_or(*object, {"apiVersion"}).empty() &&
                        !json_string_or(*object, {"kind"}).empty() &&
                        !json_string_or(*object, {"metadata", "name"}).empty();
  if (is_saved) {
    saved.objects.push_back(*object);
  } else {
    ++saved.others;
  }
}

// kubectl writes the kind of a list behind its items.
bool is_cut_off(const json::value& document) {
  return document.is_object() && json_string(document, {"apiVersion"}) &&
         json_find(document, {"items"}) != nullptr && json_find(document, {"kind"}) == nullptr;
}

Result<SavedObjects> read_json(std::string_view text) {
  HOLMES_TRY(const json::value value,
             parse_json(text, {.drop_in = "metadata", .drop = "managedFields"}));
  SavedObjects saved;
  add(value, 0, saved);
  return saved;
}

Result<SavedObjects> read_yaml(std::string_view text) {
  Report report;
  const std::vector<YamlNode> documents = parse_yaml(text, report, kMaxSnapshotFileNodes);
  for (const Problem& problem : report.take()) {
    if (problem.severity != Severity::kError) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("{}:{}: {}{}{}", problem.at.line, problem.at.column, problem.path,
                            problem.path.empty() ? "" : ": ", problem.message));
  }
  SavedObjects saved;
  for (const YamlNode& node : documents) {
    const json::value document = to_json(node);
    if (is_cut_off(document)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}:{}: this list is cut off: its end, with its kind, is missing",
                              node.at.line, node.at.column));
    }
    add(document, 0, saved);
  }
  return saved;
}

}  // namespace

Result<SavedObjects> read_saved_objects(std::string_view name, std::string_view text) {
  if (text.size() > kMaxSnapshotFileBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format(" more than {} MiB; split it", kMaxSnapshotFileBytes >> 20U));
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return is_json(name, text) ? read_json(text) : read_yaml(text);
}

}  // namespace holmes
