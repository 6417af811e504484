// What matters of a Kubernetes object, under its own field names: names, labels, spec, status and
// conditions without bookkeeping, defaults and long values. Pure.
//
// Credentials are redacted before anything is cut: the beginning of one has no longer the shape by
// which it is recognised.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/json.h"

namespace holmes {

struct ProjectionLimits {
  size_t text_bytes_max = 2000;  // of one string
  size_t items_max = 50;         // of one list; of an object twice as many
  size_t depth_max = 20;
};

// Works for every kind. The object went through redact_json before (once, however often it is
// projected). The data of a Secret is left out, should one ever come here.
json::object project_object(const json::object& redacted, const ProjectionLimits& limits = {});

// {name, phase, ready: "1/2", restarts, reason?, message?, lastTermination?, node?}; redacted.
json::object summarize_pod(const json::object& pod);

// The newest `events_max` items of a core/v1 EventList, the newest last:
// [{type, reason, count, lastSeen, message, source?}]; redacted.
json::array summarize_events(const json::object& event_list, size_t events_max);

// What `build` makes as text of at most `bytes_max`, still JSON: it is built with ever tighter
// limits until it fits. When nothing helps, the text is cut.
std::string fitting_text(size_t bytes_max,
                         const std::function<json::object(const ProjectionLimits&)>& build);

}  // namespace holmes
