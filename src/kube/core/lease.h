// coordination.k8s.io/v1 Lease: who holds something, and since when. Pure.
//
// Whether a lease is still valid is judged by when its holder was *seen* to renew it, not by the
// times in it: clocks differ (client-go, tools/leaderelection).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "kube/core/object.h"

namespace holmes::kube {

struct Lease {
  ObjectMeta meta;
  std::string holder;                // spec.holderIdentity; "": nobody
  std::chrono::seconds duration{0};  // spec.leaseDurationSeconds; 0: not said
  std::optional<WallTime> acquired;  // spec.acquireTime
  std::optional<WallTime> renewed;   // spec.renewTime
  int64_t transitions = 0;           // spec.leaseTransitions: changes of the holder
  // The object as it was read; empty for one that is to be created. What this type does not know
  // (strategy, preferredHolder, labels, finalizers, fields to come) is written back from it.
  json::object as_read;

  static const ResourceType& resource();
  // Fails with kInvalid, naming the field.
  static Result<Lease> from_json(const json::object& object);
  // The whole object. Of the metadata only name, namespace and resourceVersion are set from `meta`.
  [[nodiscard]] json::object to_json() const;

  // Whether both say the same about who holds it, and name the same object.
  [[nodiscard]] bool same_record(const Lease& other) const;
};

}  // namespace holmes::kube
