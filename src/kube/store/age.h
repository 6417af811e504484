// How long ago, in the few letters of `kubectl get`. Pure.
// Rules: apimachinery's duration.HumanDuration.
#pragma once

#include <string>

#include "base/json.h"
#include "base/time.h"

namespace holmes::kube {

// "45s", "5m30s", "3h", "2d4h", "3y20d"; "<invalid>" when it is more than a second negative.
std::string human_duration(WallTime::duration duration);

// From a timestamp of an object until now: "<unknown>" when there is none or it cannot be read.
std::string age_text(const json::value* timestamp, WallTime now);

}  // namespace holmes::kube
