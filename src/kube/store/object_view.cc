#include "kube/store/object_view.h"

#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/event_forms.h"

namespace holmes::kube {
namespace {

bool is_other_form(const Kind& kind) {
  return kind.type.group == "events.k8s.io";
}

}  // namespace

json::object read_view(const Kind& kind, const StoredObject& stored) {
  Result<json::object> object = parse_json_object(stored.bytes);
  HOLMES_ASSERT(object.has_value());  // it was encoded here
  if (is_other_form(kind)) event_to_events_group(*object);
  return *std::move(object);
}

std::string encode_view(const Kind& kind, const StoredObject& stored) {
  return is_other_form(kind) ? to_text(read_view(kind, stored)) : stored.bytes;
}

json::object stored_form(const Kind& kind, json::object object) {
  if (is_other_form(kind)) event_to_core(object);
  return object;
}

std::string field_text(const json::object& object, std::string_view dotted) {
  const json::value* value = nullptr;
  for (const std::string_view part : split(dotted, '.')) {
    value = value == nullptr     ? object.if_contains(part)
            : value->is_object() ? value->get_object().if_contains(part)
                                 : nullptr;
    if (value == nullptr) return "";
  }
  if (value->is_string()) return std::string(value->get_string());
  return value->is_null() || value->is_structured() ? "" : to_text(*value);
}

}  // namespace holmes::kube
