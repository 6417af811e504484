// Where an alert goes: one adapter per type of destination.
#pragma once

#include <string>
#include <string_view>

#include "api/check.h"
#include "async/stop.h"
#include "async/task.h"

namespace holmes {

// A failed check, as people are told about it. The texts are already redacted.
struct Alert {
  std::string check;  // "namespace/name"; may be empty
  std::string query;
  std::string rationale;
};

class DestinationAdapter {
 public:
  virtual ~DestinationAdapter() = default;
  // The value of Destination::type that it serves.
  [[nodiscard]] virtual std::string_view type() const = 0;
  // Never fails as such: the notification says kSent, kFailed or kSkipped (the destination is not
  // configured), and why. No error text holds a credential. Ends soon after the stop, with kFailed.
  // Several deliveries may be under way at once.
  virtual Task<Notification> deliver(Destination destination, Alert alert, Stop stop) = 0;
};

}  // namespace holmes
