// Sends the alert of one check to all of its destinations.
#pragma once

#include <memory>
#include <vector>

#include "api/check.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/notify/destination.h"
#include "holmes/notify/slack.h"
#include "net/http.h"

namespace holmes {

struct NotifierOptions {
  SlackOptions slack;
};

class Notifier {
 public:
  // Loop and client outlive it. Every known type of destination is one row in notifier.cc.
  Notifier(Loop& loop, HttpClient& http, Logger log, NotifierOptions options = {});
  // With these adapters instead.
  Notifier(Loop& loop, Logger log, std::vector<std::unique_ptr<DestinationAdapter>> adapters);

  // One notification per destination, in their order; all are sent at once. An unknown type, and
  // those beyond kMaxDestinations, are skipped with a reason. The stop carries the time limit of
  // the delivery (contract: 10 s).
  Task<std::vector<Notification>> send(Alert alert, std::vector<Destination> destinations,
                                       Stop stop);

 private:
  Task<Notification> deliver(Destination destination, Alert alert, Stop stop);
  DestinationAdapter* find(std::string_view type) const;

  Loop& loop_;
  Logger log_;
  std::vector<std::unique_ptr<DestinationAdapter>> adapters_;
};

}  // namespace holmes
