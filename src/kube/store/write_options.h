// What the query of a write says beside its object (metav1.CreateOptions, UpdateOptions,
// PatchOptions). Pure.
#pragma once

#include <string>

#include "kube/store/api_request.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

inline constexpr std::string_view kJsonPatchType = "application/json-patch+json";
inline constexpr std::string_view kMergePatchType = "application/merge-patch+json";
inline constexpr std::string_view kStrategicPatchType = "application/strategic-merge-patch+json";
inline constexpr std::string_view kApplyPatchType = "application/apply-patch+yaml";
inline constexpr size_t kMaxManagerBytes = 128;

enum class FieldValidation { kIgnore, kWarn, kStrict };

struct WriteOptions {
  bool dry_run = false;
  bool force = false;  // of an apply
  FieldValidation validation = FieldValidation::kWarn;
  std::string manager{};  // "": the request did not say
  std::string agent{};    // then its user agent does
};

// 422 for values that are none.
Answer<WriteOptions> read_write_options(const ApiRequest& request);

// The media type without its parameters.
std::string_view media_type(std::string_view content_type);

// 422 about options of a kind ("PatchOptions").
Refusal invalid_options(std::string_view kind, Causes causes);
// What is wrong with a value of dryRun, if anything.
void check_dry_run(std::string_view value, bool said, Causes& causes);

}  // namespace holmes::kube
