// How the store says no: metav1.Status of a failure, with the API server's codes, reasons, causes
// and words. Pure.
// Rules: Kubernetes API conventions ("Response Status Kind"), apimachinery's api/errors and field
// errors.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/core/object.h"

namespace holmes::kube {

// One thing that is wrong with an object. `reason` is a field error's type as causes name it:
// FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, FieldValueDuplicate,
// FieldValueForbidden, FieldValueTooLong, FieldValueTooMany, FieldValueTypeInvalid.
struct Cause {
  std::string field;  // "spec.query", "spec.destinations[0].type"; "<nil>" for the object itself
  std::string reason;
  std::string message;  // without the field: "Required value", "Invalid value: 0: should be ..."
  bool operator==(const Cause&) const = default;
};
using Causes = std::vector<Cause>;

struct Refusal {
  int code = 500;
  std::string reason;
  std::string message;
  // details; left out when all are empty
  std::string group;
  std::string kind;  // or resource, as the API server has it
  std::string name;
  std::string uid;
  bool plain_text = false;   // the message is the whole body
  bool has_details = false;  // an empty object of them, when there are none
  Causes causes{};
  std::optional<int64_t> retry_after_seconds{};
  std::vector<std::string> warnings{};  // beside the Status, as headers
};

template <class T>
using Answer = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(Refusal refusal) {
  return std::unexpected(std::move(refusal));
}

// The Status object.
json::object to_json(const Refusal& refusal);

// 400 BadRequest.
Refusal bad_request(std::string message);
// 404; the resource is named as "healthchecks.holmesgpt.dev" ("pods" in the core group).
Refusal not_found(const ResourceType& type, std::string_view name);
// 404 for a path that nothing serves.
Refusal no_such_path();
// 409 AlreadyExists.
Refusal already_exists(const ResourceType& type, std::string_view name);
// 409 Conflict: "Operation cannot be fulfilled on <resource> "<name>": <why>".
Refusal conflict(const ResourceType& type, std::string_view name, std::string_view why);
// ... because of its version: "the object has been modified; please apply your changes to the
// latest version and try again".
Refusal modified(const ResourceType& type, std::string_view name);
// 404 for a path that belongs to no group that is served: the API server's plain text.
Refusal no_such_page();
// 405 for a verb that a resource does not have: "delete is not supported on resources of kind ...".
Refusal verb_not_supported(const ResourceType& type, std::string_view verb);
// 409 Conflict of a DELETE with preconditions, which names the kind.
Refusal precondition_failed(const ResourceType& type, std::string_view name, std::string_view why);
// 422 Invalid: `<Kind>.<group> "<name>" is invalid: ...` with all causes. Needs one at least.
Refusal invalid(const ResourceType& type, std::string_view name, Causes causes);
// 422 without a word of what was wrong: a patch that cannot be carried out.
Refusal rejected();
// 405 MethodNotAllowed.
Refusal method_not_allowed();
// 415 UnsupportedMediaType: "the body of the request was in an unknown format - accepted media
// types include: ...".
Refusal unsupported_media_type(std::string_view accepted);
// ... in the words of the routes of built-in kinds.
Refusal no_such_media_type();
// 410 Expired.
Refusal expired(std::string message);
// 403 Forbidden.
Refusal forbidden(const ResourceType& type, std::string_view name, std::string_view why);
// 504 Timeout: a resource version of the future.
Refusal version_too_large(int64_t asked, int64_t current);

}  // namespace holmes::kube
