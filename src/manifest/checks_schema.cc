#include "manifest/checks_schema.h"

#include "api/check.h"
#include "api/crd.h"

namespace holmes {
namespace {

json::object text(size_t length_max, std::string_view about) {
  return json::object{{"type", "string"},
                      {"minLength", 1},
                      {"maxLength", length_max},
                      {"description", about},
                      {"x-kubernetes-validations",
                       json::array{{{"rule", kNotBlankRule}, {"message", "must not be blank"}}}}};
}

json::object list_of_texts() {
  return json::object{{"type", "array"}, {"items", text(kMaxNameLength, "")}};
}

json::object check_fields() {
  json::object destinations = list_of_texts();
  destinations["maxItems"] = kMaxDestinations;
  return json::object{
      {"name", text(kMaxNameLength, "The name of the check, by which --name picks it.")},
      {"query", text(kMaxQueryLength,
                     "The question, in plain words. The check passes when no problem is found.")},
      {"description", {{"type", "string"}}},
      {"tags", list_of_texts()},
      {"mode", {{"type", "string"}, {"enum", {"alert", "monitor"}}}},
      {"destinations", std::move(destinations)},
      {"timeout",
       {{"type", "integer"}, {"minimum", 1}, {"maximum", int64_t{kMaxCheckTimeout.count()}}}},
      {"model", text(kMaxNameLength, "")},
      {"schedule", {{"type", "string"}}}};  // reserved there; nobody reads it
}

}  // namespace

json::object checks_file_schema() {
  const json::object destination{{"type", "object"},
                                 {"x-kubernetes-preserve-unknown-fields", true}};
  const json::object fields = check_fields();
  return json::object{
      {"type", "object"},
      {"required", {"checks"}},
      {"properties",
       {{"version", {{"type", "integer"}, {"minimum", 1}, {"maximum", 1}}},
        {"defaults", {{"type", "object"}, {"properties", fields}}},
        {"destinations", {{"type", "object"}, {"additionalProperties", destination}}},
        {"checks",
         {{"type", "array"},
          {"description", "The list of checks, each with name and query."},
          {"items",
           {{"type", "object"}, {"properties", fields}, {"required", {"name", "query"}}}}}}}}};
}

}  // namespace holmes
