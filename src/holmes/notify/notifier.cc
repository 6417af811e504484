#include "holmes/notify/notifier.h"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "async/task_scope.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 100;

std::vector<std::unique_ptr<DestinationAdapter>> all_adapters(Loop& loop, HttpClient& http,
                                                              const Logger& log,
                                                              NotifierOptions options) {
  std::vector<std::unique_ptr<DestinationAdapter>> adapters;
  adapters.push_back(std::make_unique<Slack>(loop, http, log, std::move(options.slack)));
  return adapters;
}

Notification skipped(const Destination& destination, std::string why) {
  Notification notification;
  notification.type = cut(destination.type, kMaxQuotedBytes);
  notification.outcome = Notification::Outcome::kSkipped;
  notification.error = std::move(why);
  return notification;
}

}  // namespace

Notifier::Notifier(Loop& loop, HttpClient& http, Logger log, NotifierOptions options)
    : loop_(loop),
      log_(std::move(log)),
      adapters_(all_adapters(loop, http, log_, std::move(options))) {}

Notifier::Notifier(Loop& loop, Logger log,
                   std::vector<std::unique_ptr<DestinationAdapter>> adapters)
    : loop_(loop), log_(std::move(log)), adapters_(std::move(adapters)) {}

Task<std::vector<Notification>> Notifier::send(Alert alert, std::vector<Destination> destinations,
                                               Stop stop) {
  std::vector<Task<Notification>> deliveries;
  for (const Destination& destination : destinations) {
    if (deliveries.size() == kMaxDestinations) break;
    deliveries.push_back(deliver(destination, alert, stop));
  }
  std::vector<Notification> notifications = co_await when_all(loop_, std::move(deliveries));
  for (size_t i = notifications.size(); i < destinations.size(); ++i) {
    notifications.push_back(
        skipped(destinations[i], fmt::format("only {} destinations are served", kMaxDestinations)));
  }
  for (const Notification& notification : notifications) {
    const LogFields fields{{"check", alert.check},
                           {"type", notification.type},
                           {"channel", notification.channel},
                           {"outcome", to_string(notification.outcome)},
                           {"error", notification.error}};
    if (notification.outcome == Notification::Outcome::kSent) {
      log_.info("alert delivered", fields);
    } else {
      log_.warning("alert not delivered", fields);
    }
  }
  co_return notifications;
}

Task<Notification> Notifier::deliver(Destination destination, Alert alert, Stop stop) {
  DestinationAdapter* adapter = find(destination.type);
  if (adapter == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& one : adapters_) known.push_back(one->type());
    co_return skipped(destination,
                      fmt::format("unknown destination type '{}'; known: {}",
                                  cut(destination.type, kMaxQuotedBytes), fmt::join(known, ", ")));
  }
  if (!destination.name.empty()) {
    co_return skipped(destination,
                      fmt::format("this server has no destination named '{}'; leave out "
                                  "the name and give a config",
                                  cut(destination.name, kMaxQuotedBytes)));
  }
  co_return co_await adapter->deliver(std::move(destination), std::move(alert), std::move(stop));
}

DestinationAdapter* Notifier::find(std::string_view type) const {
  for (const auto& adapter : adapters_) {
    if (adapter->type() == type) return adapter.get();
  }
  return nullptr;
}

}  // namespace holmes
