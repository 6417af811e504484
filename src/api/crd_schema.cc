#include "api/crd_schema.h"

#include "api/crd.h"
#include "api/healthcheck.h"

namespace holmes::crd {
namespace {

json::object destination() {
  json::object properties;
  properties["type"] =
      text("Kind of destination, for example slack.", {{"minLength", 1}, {"maxLength", 63}});
  properties["name"] =
      text("Name of a destination in the server's configuration.", {{"maxLength", 253}});
  properties["config"] =
      schema("object", "Settings of the destination, for example channel for slack; at most 8 KiB.",
             {{"x-kubernetes-preserve-unknown-fields", true}});
  return structure("One place where an alert goes.", std::move(properties),
                   {{"required", names("type")}});
}

json::object condition() {
  json::object p;
  p["type"] = text("Name of the condition.");
  p["status"] = text("True or False.", {{"enum", names("True", "False", "Unknown")}});
  p["reason"] = text("One word for programs.");
  p["message"] = text("One sentence for people.");
  p["lastTransitionTime"] = time("When the status last changed.");
  p["observedGeneration"] =
      integer("Generation that the condition is about.", {{"format", "int64"}});
  return structure("", std::move(p), {{"required", names("type", "status")}});
}

}  // namespace

json::object schema(std::string_view type, std::string_view description, Members more) {
  json::object object{{"type", type}};
  if (!description.empty()) object["description"] = description;
  for (const auto& [name, value] : more) object[name] = value;
  return object;
}
json::object text(std::string_view description, Members more) {
  return schema("string", description, more);
}
json::object integer(std::string_view description, Members more) {
  return schema("integer", description, more);
}
json::object flag(std::string_view description, Members more) {
  return schema("boolean", description, more);
}
json::object list(std::string_view description, json::object items, Members more) {
  json::object object = schema("array", description, more);
  object["items"] = std::move(items);
  return object;
}
json::object structure(std::string_view description, json::object properties, Members more) {
  json::object object = schema("object", description, more);
  object["properties"] = std::move(properties);
  return object;
}
json::object count(std::string_view description) {
  return schema("integer", description, {{"format", "int64"}, {"minimum", 0}});
}
json::object time(std::string_view description) {
  return text(description, {{"format", "date-time"}});
}
json::object choice(std::string_view description, json::array words, Members more) {
  json::object object = text(description, more);
  object["enum"] = std::move(words);
  return object;
}

void add_check_fields(json::object& properties) {
  json::object& p = properties;
  p["query"] = text("The question, in plain words. The check passes when no problem is found.",
                    {{"minLength", 1}, {"maxLength", kMaxQueryLength}});
  p["query"].get_object()["x-kubernetes-validations"] =
      json::array{json::object{{"rule", kNotBlankRule}, {"message", "must not be blank"}}};
  p["timeout"] = integer("Hard limit of one execution, in seconds.",
                         {{"minimum", 1},
                          {"maximum", kMaxCheckTimeout.count()},
                          {"default", kDefaultCheckTimeout.count()}});
  p["mode"] = choice("alert sends a failed check to the destinations, monitor only records it.",
                     names(to_string(CheckMode::kAlert), to_string(CheckMode::kMonitor)),
                     {{"default", to_string(CheckMode::kMonitor)}});
  p["destinations"] = list("Where an alert goes.", destination(), {{"maxItems", kMaxDestinations}});
  p["model"] = text("Name of a model in the server's configuration.", {{"maxLength", 253}});
  p["ttlSecondsAfterFinished"] =
      integer("Delete the check this many seconds after it finished. Unset: keep it.",
              {{"minimum", 0}, {"maximum", kMaxTtlSeconds}});
  p["backoffLimit"] =
      integer("Further attempts after an attempt that brought no answer.",
              {{"minimum", 0}, {"maximum", kMaxBackoffLimit}, {"default", kDefaultBackoffLimit}});
}

json::object conditions(std::string_view description) {
  return list(description, condition(),
              {{"x-kubernetes-list-type", "map"}, {"x-kubernetes-list-map-keys", names("type")}});
}

json::object check_status(std::string_view description) {
  return choice(description, names(to_string(CheckStatus::kPass), to_string(CheckStatus::kFail),
                                   to_string(CheckStatus::kError)));
}

json::object column(std::string_view name, std::string_view type, std::string_view json_path) {
  return json::object{{"name", name}, {"type", type}, {"jsonPath", json_path}};
}

json::object wide_column(std::string_view name, std::string_view type, std::string_view json_path) {
  json::object wide = column(name, type, json_path);
  wide["priority"] = 1;
  return wide;
}

json::object definition(Definition parts) {
  const kube::ResourceType& type = parts.type;
  json::object root = structure(parts.description, {}, {{"required", names("spec")}});
  json::object& properties = root["properties"].get_object();
  properties["apiVersion"] = text("Version of this schema.");
  properties["kind"] = text("Kind of this object.");
  properties["metadata"] = json::object{{"type", "object"}};
  properties["spec"] = std::move(parts.spec);
  parts.status["x-kubernetes-map-type"] = "atomic";
  properties["status"] = std::move(parts.status);

  json::object version{{"name", type.version},
                       {"served", true},
                       {"storage", true},
                       {"subresources", {{"status", json::object()}}},
                       {"additionalPrinterColumns", std::move(parts.columns)},
                       {"schema", {{"openAPIV3Schema", std::move(root)}}}};
  json::object kind_names{{"kind", type.kind},
                          {"listKind", type.kind + "List"},
                          {"plural", type.plural},
                          {"singular", parts.singular},
                          {"shortNames", names(parts.short_name)},
                          {"categories", names("holmes")}};
  return json::object{{"apiVersion", "apiextensions.k8s.io/v1"},
                      {"kind", "CustomResourceDefinition"},
                      {"metadata", {{"name", type.plural + "." + type.group}}},
                      {"spec",
                       {{"group", type.group},
                        {"scope", "Namespaced"},
                        {"names", std::move(kind_names)},
                        {"versions", json::array{std::move(version)}}}}};
}

}  // namespace holmes::crd
