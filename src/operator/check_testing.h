// Builders for the tests of this folder.
#pragma once

#include <string>

#include "api/healthcheck.h"

namespace holmes {

inline WallTime at_second(int second) {
  return WallTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)) +
         std::chrono::seconds(second);
}

inline HealthCheck new_check(std::string name = "a", int created_second = 0) {
  HealthCheck check;
  check.meta.name = name;
  check.meta.ns = "default";
  check.meta.uid = "uid-" + name;
  check.meta.resource_version = "1";
  check.meta.generation = 1;
  check.meta.creation_timestamp = at_second(created_second);
  check.spec.query = "Is all well?";
  return check;
}

inline CheckResponse answer(CheckStatus status) {
  CheckResponse response;
  response.status = status;
  response.message = "Check " + std::string(to_string(status)) + ".";
  response.rationale = "Because.";
  response.duration_seconds = 2.5;
  if (status == CheckStatus::kError) response.reason = ErrorReason::kNoEvidence;
  return response;
}

}  // namespace holmes
