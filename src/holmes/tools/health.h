// How an object is, in one line: what its status says in numbers that belong together. Small models
// take a field that is absent (readyReplicas when nothing is ready) for no problem. Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace holmes {

// "1 of 2 replicas ready, 2 updated, 1 available"; "Running, 0 of 1 containers ready, 17 restarts,
// CrashLoopBackOff"; of a kind that is not known its conditions: "Ready=False (Issuing)". Empty
// when the object says nothing about it. Redacted.
std::string health_line(const json::object& object);

// Of the pods of a workload (summarize_pod): "3 pods: 2 Running, 1 CrashLoopBackOff; web-7f9c-x has
// restarted 17 times", the pod with the most restarts. Empty when there are none.
std::string pods_line(const json::array& pods);

// Of a Node: "MemoryPressure=False,DiskPressure=True", all conditions but Ready.
std::string node_conditions(const json::object& node);

// `shown` behind a first member "health", unless the line is empty.
json::object with_health(const json::object& object, const json::object& shown);

}  // namespace holmes
