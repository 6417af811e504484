#include "kube/store/openapi_docs.h"

#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kMetaSchema = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

std::string group_version_path(const ResourceType& type) {
  return type.group.empty() ? "api/" + type.version : "apis/" + type.group + "/" + type.version;
}

// "dev.holmesgpt.v1alpha1.HealthCheck"
std::string schema_name(const ResourceType& type) {
  std::string reversed;
  size_t end = type.group.size();
  while (end != std::string::npos && !type.group.empty()) {
    const size_t dot = type.group.rfind('.', end - 1);
    const size_t begin = dot == std::string::npos || end == 0 ? 0 : dot + 1;
    reversed += type.group.substr(begin, end - begin) + ".";
    end = dot;
  }
  if (reversed.empty()) reversed = "io.k8s.api.core.";
  return reversed + type.version + "." + type.kind;
}

json::object gvk(const ResourceType& type) {
  return {{"group", type.group}, {"version", type.version}, {"kind", type.kind}};
}

json::object text_schema(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

// The members that every object has, with their well-known meaning.
void add_common(json::object& schema) {
  json::value& members = schema["properties"];
  if (!members.is_object()) members = json::object();
  json::object& properties = members.get_object();
  properties["apiVersion"] = text_schema("The version of this representation of an object.");
  properties["kind"] = text_schema("The REST resource that this object represents.");
  properties["metadata"] = json::object{
      {"description", "Standard object's metadata."},
      {"allOf",
       json::array{json::object{{"$ref", fmt::format("#/components/schemas/{}", kMetaSchema)}}}}};
}

json::object schema_of(const Kind& kind, const RawSchema& raw_schema) {
  json::object schema{{"type", "object"}};
  if (std::optional<json::object> raw = raw_schema(kind)) {
    schema = *std::move(raw);
  } else {
    schema["x-kubernetes-preserve-unknown-fields"] = true;
  }
  add_common(schema);
  schema["x-kubernetes-group-version-kind"] = json::array{gvk(kind.type)};
  return schema;
}

json::object meta_schema() {
  const auto map_of_texts = [](std::string_view description) {
    return json::object{{"type", "object"},
                        {"description", description},
                        {"additionalProperties", json::object{{"type", "string"}}}};
  };
  return {{"type", "object"},
          {"description", "Metadata that all persisted resources must have."},
          {"properties",
           json::object{
               {"name", text_schema("Must be unique within a namespace.")},
               {"namespace", text_schema("The space within which each name must be unique.")},
               {"generateName", text_schema("A prefix from which the server makes a unique name.")},
               {"uid", text_schema("The unique in time and space value for this object.")},
               {"resourceVersion", text_schema("The internal version of this object.")},
               {"creationTimestamp", text_schema("When this object was made.")},
               {"labels", map_of_texts("Keys and values to organize and select objects by.")},
               {"annotations", map_of_texts("Arbitrary metadata, not for selection.")}}}};
}

json::object query_parameter(std::string_view name) {
  return {{"name", name}, {"in", "query"}, {"schema", json::object{{"type", "string"}}}};
}

json::object operation(const ResourceType& type, std::string_view action, bool writes) {
  json::object done{{"x-kubernetes-action", action},
                    {"x-kubernetes-group-version-kind", gvk(type)},
                    {"responses", json::object{{"200", json::object{{"description", "OK"}}}}}};
  if (writes) {
    done["parameters"] = json::array{query_parameter("dryRun"), query_parameter("fieldManager"),
                                     query_parameter("fieldValidation"), query_parameter("force")};
  }
  return done;
}

void add_paths(const Kind& kind, json::object& paths) {
  const ResourceType& type = kind.type;
  const std::string base = "/" + group_version_path(type) +
                           (type.namespaced ? "/namespaces/{namespace}/" : "/") + type.plural;
  paths[base] = json::object{{"get", operation(type, "list", false)},
                             {"post", operation(type, "post", true)},
                             {"delete", operation(type, "deletecollection", true)}};
  const json::object one{{"get", operation(type, "get", false)},
                         {"put", operation(type, "put", true)},
                         {"patch", operation(type, "patch", true)}};
  if (kind.has_status) paths[base + "/{name}/status"] = one;
  json::object& all = paths[base + "/{name}"].emplace_object();
  all = one;
  all["delete"] = operation(type, "delete", true);
}

json::object group_doc(const KindTable& kinds, const std::string& path,
                       const RawSchema& raw_schema) {
  json::object schemas;
  json::object paths;
  for (const KindPtr& kind : kinds.all()) {
    if (group_version_path(kind->type) != path) continue;
    schemas[schema_name(kind->type)] = schema_of(*kind, raw_schema);
    add_paths(*kind, paths);
  }
  if (paths.empty()) return {};
  schemas[kMetaSchema] = meta_schema();
  return {{"openapi", "3.0.0"},
          {"info", json::object{{"title", "Kubernetes"}, {"version", "v1.35.0"}}},
          {"paths", std::move(paths)},
          {"components", json::object{{"schemas", std::move(schemas)}}}};
}

// Clients keep a document as long as its hash stays.
json::object roots_doc(const KindTable& kinds, const RawSchema& raw_schema) {
  std::set<std::string> seen;
  json::object paths;
  for (const KindPtr& kind : kinds.all()) {
    const std::string path = group_version_path(kind->type);
    if (!seen.insert(path).second) continue;
    const std::string hash = sha256_hex(to_text(group_doc(kinds, path, raw_schema)));
    paths[path] =
        json::object{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", path, hash)}};
  }
  return {{"paths", std::move(paths)}};
}

}  // namespace

std::optional<json::object> openapi_doc(const KindTable& kinds,
                                        const std::vector<std::string>& segments,
                                        const RawSchema& raw_schema) {
  if (segments.size() < 2 || segments[0] != "openapi" || segments[1] != "v3") return std::nullopt;
  if (segments.size() == 2) return roots_doc(kinds, raw_schema);
  std::string path;
  for (size_t i = 2; i < segments.size(); ++i) path += (i > 2 ? "/" : "") + segments[i];
  json::object doc = group_doc(kinds, path, raw_schema);
  return doc.empty() ? std::nullopt : std::optional(std::move(doc));
}

}  // namespace holmes::kube
