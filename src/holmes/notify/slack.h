// Slack: chat.postMessage (https://docs.slack.dev/reference/methods/chat.postMessage).
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "holmes/notify/destination.h"
#include "net/http.h"

namespace holmes {

struct SlackOptions {
  std::string api_url = "https://slack.com/api";  // SLACK_API_URL
  std::string token;                              // SLACK_TOKEN
  std::string channel;                            // SLACK_CHANNEL
  // Incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks)
  // for alerts that name no channel; its path is a secret. Empty: none.
  std::string webhook_url{};
  // Whether a destination may name a webhook of its own (config.webhook_url). Only where whoever
  // writes the checks is whoever runs them: it makes this process send to any address.
  bool webhooks_of_checks = false;
  // When Slack asks for a longer wait (429), the message is given up: delivery has 10 s in all.
  std::chrono::milliseconds retry_after_max = std::chrono::seconds(8);
};

// Text that shows in a message as it is: control characters escaped, mentions and links broken. At
// most `bytes_max` bytes; "..." marks a cut. Pure.
std::string escape_slack_text(std::string_view text, size_t bytes_max);

// The request's body: a title, the rationale, the check and its question. Pure.
json::object encode_slack_message(std::string_view channel, const Alert& alert);

// The destination's config may have `channel`, `token` and `thread_ts`, which win over the options.
// Without a channel, token or webhook the alert is skipped, with a reason that says what to set.
// "ok": false is a failure with Slack's own error. A 429 is tried once more. The token never shows
// in a log or an error; that one stood in a resource is logged as a warning.
class Slack final : public DestinationAdapter {
 public:
  // Loop and client outlive it.
  Slack(Loop& loop, HttpClient& http, Logger log, SlackOptions options);

  [[nodiscard]] std::string_view type() const override { return kSlackDestination; }
  Task<Notification> deliver(Destination destination, Alert alert, Stop stop) override;

 private:
  Task<Notification> deliver_to_webhook(std::string url, Alert alert, Stop stop);
  Task<Status> post(HttpRequest request, Stop stop);
  // "": by channel and token.
  [[nodiscard]] std::string webhook_of(const Destination& destination) const;

  Loop& loop_;
  HttpClient& http_;
  Logger log_;
  SlackOptions options_;
};

}  // namespace holmes
