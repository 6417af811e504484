// A stored object as one of the kinds that show it. Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "kube/store/kind.h"
#include "kube/store/object_store.h"

namespace holmes::kube {

// For changing it: parsed, in the form of this kind.
json::object read_view(const Kind& kind, const StoredObject& stored);
// For answers: the bytes, in the form of this kind.
std::string encode_view(const Kind& kind, const StoredObject& stored);
// The reverse of read_view: what is to be stored.
json::object stored_form(const Kind& kind, json::object object);

// "type" or "status.phase", as field selectors compare it; "" when it is not there.
std::string field_text(const json::object& object, std::string_view dotted);

}  // namespace holmes::kube
