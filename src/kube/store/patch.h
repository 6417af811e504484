// The patches of the Kubernetes API, applied to an object in memory. Pure.
//
// Objects and patches come from parse_json(): nothing is nested deeper than kMaxJsonDepth, nor is
// what comes out.
#pragma once

#include "base/json.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

// Operations of one JSON patch; more is refused with 413.
inline constexpr size_t kMaxJsonPatchOperations = 10'000;
// What the copies of one JSON patch may add, as text; more is refused with 422.
inline constexpr size_t kMaxCopiedBytes = size_t{3} << 20U;

// RFC 6902. A patch that cannot be read is refused with 400; one whose test fails, whose path is
// missing or malformed, or that leaves no object, with 422 and no word of what was wrong, as the
// API server does. Where the API server is laxer than the RFC, so is this: replace adds a missing
// member, a missing value is null, a test for null passes on a missing member, and array indices
// below zero count from the end. Numbers are compared as the RFC has it.
Answer<json::object> apply_json_patch(const json::object& object, const json::value& patch);

// RFC 7386.
json::object apply_merge_patch(const json::object& object, const json::object& patch);

// Strategic merge of built-in kinds (Kubernetes "Strategic Merge Patch"): lists with a known merge
// key (merge_keys.h) are merged by it, others replaced; the directives $patch (replace, delete),
// $deleteFromPrimitiveList, $setElementOrder and $retainKeys are obeyed and never kept. A malformed
// directive is refused with 400, an element without its merge key with 500, as the API server does.
Answer<json::object> apply_strategic_patch(const json::object& object, const json::object& patch);

}  // namespace holmes::kube
