// One store of events behind two groups: core/v1 Event is how they are stored, events.k8s.io/v1
// Event is the same object with other names for its members. Pure.
// Rules: Kubernetes' conversion of events.k8s.io/v1.
#pragma once

#include "base/json.h"

namespace holmes::kube {

// Each in place; unknown members stay.
void event_to_core(json::object& event);
void event_to_events_group(json::object& event);

}  // namespace holmes::kube
