// What the API server does with the metadata of every object, and what it refuses. Pure.
// Rules: Kubernetes API conventions ("Metadata"), "Object Names and IDs"; apimachinery's
// ValidateObjectMeta and its words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/kind.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

inline constexpr size_t kMaxAnnotationBytes = size_t{256} << 10U;
// A generated name is its base, cut to this, and five random characters.
inline constexpr size_t kMaxGenerateNameBytes = 58;

// A member that is an object, made when it is none. The reference does not survive the next member
// that is added to `object`.
json::object& member_object(json::object& object, std::string_view name);
// "metadata", likewise.
json::object& metadata_of(json::object& object);

// Whether finalizers keep it: its own, or those of a namespace's spec.
bool is_held(const json::object& object);

// Sets or, with "", removes a member of the metadata.
void set_meta(json::object& object, std::string_view field, std::string_view value);

// Whether the metadata can be read at all: strings are strings, maps are maps. 400 else, as
// decoding fails before anything is looked at.
Answer<void> check_meta_types(const Kind& kind, const json::object& object);

// All that is wrong with the metadata of an object that is to be made; it has its final name.
Causes validate_meta(const Kind& kind, const json::object& object);
// ... that is to replace `old`.
Causes validate_meta_update(const Kind& kind, const json::object& object, const json::object& old);

// Takes away members that say nothing: null, {} and [].
void drop_empty_meta(json::object& object);

// About finalizers of a custom resource without a domain that it did not have before.
std::vector<std::string> finalizer_warnings(const json::object& object, const json::object* old);

// Takes away members of the metadata that nobody knows, and returns their paths.
std::vector<std::string> prune_meta(json::object& object);

// What Go's decoder says where ours says `message`, if the difference is worth it.
std::string go_json_error(const std::string& message);
// What Go's decoder calls the kind of a value: "string", "bool", "array".
std::string_view go_kind(const json::value& value);

// "my-name-" -> "my-name-x7f2k".
std::string generate_name(std::string_view base, uint64_t random);

}  // namespace holmes::kube
