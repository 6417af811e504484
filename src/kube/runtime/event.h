// What events.k8s.io/v1 says: an Event as a value, and its JSON. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "kube/core/object.h"

namespace holmes::kube {

inline constexpr size_t kMaxEventNoteBytes = 1024;  // the API's limit
inline constexpr size_t kMaxEventFieldBytes = 128;  // reason, action, instance: likewise

struct ObjectReference {
  std::string api_version{};
  std::string kind{};
  std::string ns{};
  std::string name{};
  std::string uid{};
  std::string resource_version{};
};
ObjectReference reference_to(const ResourceType& type, const ObjectMeta& meta);

enum class EventType { kNormal, kWarning };

struct EventSpec {
  ObjectReference regarding;
  EventType type = EventType::kNormal;
  std::string reason;  // why, in CamelCase: "Completed"
  std::string action;  // what was done: "RunCheck"; the reason when empty
  std::string note;    // for people; cut at kMaxEventNoteBytes
};

// Who reports.
struct EventSource {
  std::string controller;  // "holmesgpt.dev/operator"
  std::string instance;    // "holmes-operator-5d9c7b-x2x9k"
};

// That an event happened more than once.
struct EventRepeats {
  int64_t count = 0;
  WallTime last{};
};

// An Event as it is to be stored.
struct EventRecord {
  std::string name;
  WallTime time{};  // of the first occurrence
  EventSpec spec;
  std::optional<EventRepeats> repeats;

  // The object's namespace; cluster-scoped objects have their events in "default".
  [[nodiscard]] const std::string& ns() const;
};

const ResourceType& event_resource();
std::string event_text(const EventRecord& event, const EventSource& source);
// The merge patch that brings an event that is stored up to date.
json::object repeats_patch(const EventRepeats& repeats);

}  // namespace holmes::kube
