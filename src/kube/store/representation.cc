#include "kube/store/representation.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/object_view.h"

namespace holmes::kube {
namespace {

json::object parse_own(const std::string& bytes) {
  Result<json::object> object = parse_json_object(bytes);
  HOLMES_ASSERT(object.has_value());
  return *std::move(object);
}

json::object metadata_only(const json::object& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object.at("metadata")}};
}

json::object meta_of(const ListMeta& meta) {
  json::object metadata{{"resourceVersion", fmt::format("{}", meta.version)}};
  if (!meta.continue_token.empty()) metadata.emplace("continue", meta.continue_token);
  if (meta.remaining > 0) metadata.emplace("remainingItemCount", meta.remaining);
  return metadata;
}

// One media range of an Accept header: "application/json;as=Table;v=v1;g=meta.k8s.io".
std::optional<Form> form_of(std::string_view range) {
  const auto parts = split(range, ';');
  const std::string type = to_lower(trim(parts[0]));
  if (type != "application/json" && type != "*/*" && type != "application/*") return std::nullopt;
  std::string_view as;
  std::string_view version;
  std::string_view group;
  for (const std::string_view part : parts) {
    const std::string_view parameter = trim(part);
    if (parameter.starts_with("as=")) as = parameter.substr(3);
    if (parameter.starts_with("v=")) version = parameter.substr(2);
    if (parameter.starts_with("g=")) group = parameter.substr(2);
  }
  if (as.empty()) return Form::kObject;
  if (group != "meta.k8s.io" || version != "v1") return std::nullopt;
  if (as == "Table") return Form::kTable;
  if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") return Form::kMetadata;
  return std::nullopt;
}

}  // namespace

Answer<Representation> choose_representation(std::string_view accept, std::string_view include) {
  Representation chosen;
  const auto objects = table_objects(include);
  if (!objects)
    return refuse(bad_request(
        fmt::format("Unable to convert to Table as requested: includeObject: Invalid value: "
                    "\"{}\": must be 'Metadata', 'Object', 'None', or empty",
                    include)));
  chosen.include = *objects;
  if (trim(accept).empty()) return chosen;
  for (const std::string_view range : split(accept, ',')) {
    if (const auto form = form_of(range)) {
      chosen.form = *form;
      return chosen;
    }
  }
  Refusal refusal;
  refusal.code = 406;
  refusal.reason = "NotAcceptable";
  refusal.message = "only the following media types are accepted: application/json";
  return refuse(std::move(refusal));
}

std::string show_object(const Kind& kind, const Representation& as, const std::string& bytes,
                        WallTime now, bool columns) {
  if (as.form == Form::kObject) return bytes;
  const json::object object = parse_own(bytes);
  if (as.form == Form::kMetadata) return to_text(metadata_only(object));
  const json::object meta{
      {"resourceVersion", json_string_or(object, {"metadata", "resourceVersion"})}};
  json::object table = table_of(kind, {&object}, now, as.include, meta);
  if (!columns) table["columnDefinitions"] = nullptr;
  return to_text(table);
}

std::string show_list(const Kind& kind, const Representation& as, std::span<const Stored> items,
                      const ListMeta& meta, WallTime now) {
  if (as.form == Form::kObject) {
    std::string text = list_head(kind, meta);
    bool first = true;
    for (const Stored& item : items) {
      if (!first) text += ',';
      first = false;
      text += list_item(kind, *item);
    }
    return text + "]}";
  }
  std::vector<json::object> objects;
  objects.reserve(items.size());
  for (const Stored& item : items) objects.push_back(read_view(kind, *item));
  if (as.form == Form::kTable) {
    std::vector<const json::object*> rows;
    for (const json::object& object : objects) rows.push_back(&object);
    return to_text(table_of(kind, rows, now, as.include, meta_of(meta)));
  }
  json::array partial;
  for (const json::object& object : objects) partial.push_back(metadata_only(object));
  return to_text(json::object{{"kind", "PartialObjectMetadataList"},
                              {"apiVersion", "meta.k8s.io/v1"},
                              {"metadata", meta_of(meta)},
                              {"items", std::move(partial)}});
}

std::string list_head(const Kind& kind, const ListMeta& meta) {
  json::object metadata = meta_of(meta);
  if (kind.schema != nullptr) metadata.emplace("continue", "");  // said even when there is none
  return fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{},"items":[)", kind.list_kind,
                     kind.type.api_version(), to_text(metadata));
}

// Items of built-in lists do not say what they are.
std::string list_item(const Kind& kind, const StoredObject& item) {
  if (kind.schema != nullptr) return encode_view(kind, item);
  json::object object = read_view(kind, item);
  object.erase("apiVersion");
  object.erase("kind");
  return to_text(object);
}

}  // namespace holmes::kube
