#include "kube/store/table.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "kube/store/age.h"
#include "kube/store/builtin_tables.h"
#include "kube/store/column_path.h"
#include "kube/store/field_error.h"

namespace holmes::kube {
namespace {

json::object definition(const PrinterColumn& column) {
  return {{"name", column.name},
          {"type", column.type},
          {"format", column.format},
          {"description", column.description},
          {"priority", column.priority}};
}

// --- custom resources ----------------------------------------------------------------------------

std::string text_of(const json::value& value) {
  if (value.is_null()) return "<no value>";
  if (value.is_string()) return std::string(std::string_view(value.get_string()));
  if (value.is_double()) return field::number_text(value.get_double());
  return field::encoded(value);
}

// What does not have the column's type shows as nothing.
json::value cell_of(const std::string& type, const json::value& value, WallTime now) {
  if (type == "string") return json::value(text_of(value));
  if (type == "boolean" && value.is_bool()) return value;
  if (type == "number" && value.is_number()) return value;
  if (type == "integer" && value.is_int64()) return value;
  constexpr double kMaxInteger = 9e18;
  if (type == "integer" && value.is_double() && std::abs(value.get_double()) < kMaxInteger) {
    return json::value(static_cast<int64_t>(value.get_double()));
  }
  if (type == "date" && value.is_string()) {
    const auto time = parse_rfc3339(std::string_view(value.get_string()));
    return json::value(time ? human_duration(now - *time) : "<invalid>");
  }
  return nullptr;
}

class CustomRows {
 public:
  explicit CustomRows(const Kind& kind) : columns_(kind.columns) {
    for (const PrinterColumn& column : columns_) {
      paths_.push_back(ColumnPath::parse(column.json_path));
    }
  }

  json::array cells(const json::object& object, WallTime now) const {
    json::array cells{json_string_or(object, {"metadata", "name"})};
    for (size_t i = 0; i < columns_.size(); ++i) {
      const json::value* value = paths_[i] ? paths_[i]->find(object) : nullptr;
      cells.push_back(value == nullptr ? json::value() : cell_of(columns_[i].type, *value, now));
    }
    return cells;
  }

 private:
  const std::vector<PrinterColumn>& columns_;
  std::vector<std::optional<ColumnPath>> paths_;
};

std::vector<PrinterColumn> custom_columns(const Kind& kind) {
  std::vector<PrinterColumn> columns = {{.name = "Name", .type = "string", .format = "name"}};
  for (PrinterColumn column : kind.columns) {
    if (column.description.empty()) {
      column.description = fmt::format("Custom resource definition column (in JSONPath format): {}",
                                       column.json_path);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

// --- all -----------------------------------------------------------------------------------------

json::value row_object(const json::object& object, TableObjects include) {
  if (include == TableObjects::kNone) return nullptr;
  if (include == TableObjects::kObject) return object;
  const json::object* metadata = json_object(object, {"metadata"});
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", metadata == nullptr ? json::object() : *metadata}};
}

}  // namespace

std::optional<TableObjects> table_objects(std::string_view include_object) {
  if (include_object.empty() || include_object == "Metadata") return TableObjects::kMetadata;
  if (include_object == "None") return TableObjects::kNone;
  if (include_object == "Object") return TableObjects::kObject;
  return std::nullopt;
}

json::object table_of(const Kind& kind, const std::vector<const json::object*>& objects,
                      WallTime now, TableObjects include, json::object metadata) {
  const BuiltinTable* builtin = kind.schema == nullptr ? &builtin_table(kind.type) : nullptr;
  json::array definitions;
  for (const PrinterColumn& column :
       builtin == nullptr ? custom_columns(kind) : builtin->columns()) {
    definitions.push_back(definition(column));
  }
  const CustomRows custom(kind);
  json::array rows;
  rows.reserve(objects.size());
  for (const json::object* object : objects) {
    json::object row;
    row["cells"] = builtin == nullptr ? custom.cells(*object, now) : builtin->cells(*object, now);
    if (builtin != nullptr && builtin->conditions != nullptr) {
      json::array conditions = builtin->conditions(*object);
      if (!conditions.empty()) row["conditions"] = std::move(conditions);
    }
    row["object"] = row_object(*object, include);
    rows.push_back(std::move(row));
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", std::move(metadata)},
          {"columnDefinitions", std::move(definitions)},
          {"rows", std::move(rows)}};
}

}  // namespace holmes::kube
