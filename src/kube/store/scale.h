// The /scale of a workload: how many replicas it wants and has, as an object of its own, which
// `kubectl scale` and autoscalers read and write whatever the kind. Pure.
// Source: Kubernetes API autoscaling/v1, Scale.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "kube/core/object.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

inline const ResourceType kScaleType{"autoscaling", "v1", "scales", "Scale", true};

// Of a workload as clients see it.
json::object scale_of(const json::object& workload);

// The Scale that a request's body asks for: the whole of it for PUT, else changes to `now` by a
// merge, strategic merge or JSON patch. Refuses what cannot be read and other media types.
Answer<json::object> read_scale(const json::object& now, std::string_view method,
                                std::string_view content_type, std::string_view body);

// The workload with the replicas of the Scale, guarded by its uid and resourceVersion, if it has
// them. Refuses (422) replicas below zero.
Answer<json::object> with_scale(json::object workload, const json::object& scale);

}  // namespace holmes::kube
