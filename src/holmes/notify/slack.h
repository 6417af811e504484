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
  // When Slack asks for a longer wait (429), the message is given up: delivery has 10 s in all.
  std::chrono::milliseconds retry_after_max = std::chrono::seconds(8);
};

// Text that shows in a message as it is: control characters escaped, mentions and links broken. At
// most `bytes_max` bytes; "..." marks a cut. Pure.
std::string escape_slack_text(std::string_view text, size_t bytes_max);

// The request's body: a title, the rationale, the check and its question. Pure.
json::object encode_slack_message(std::string_view channel, const Alert& alert);

// The destination's config may have `channel`, `token` and `thread_ts`, which win over the options.
// Without a channel or token the alert is skipped, with a reason that says what to set. "ok": false
// is a failure with Slack's own error. A 429 is tried once more. The token never shows in a log or
// an error; that one stood in a resource is logged as a warning.
class Slack final : public DestinationAdapter {
 public:
  // Loop and client outlive it.
  Slack(Loop& loop, HttpClient& http, Logger log, SlackOptions options);

  [[nodiscard]] std::string_view type() const override { return kSlackDestination; }
  Task<Notification> deliver(Destination destination, Alert alert, Stop stop) override;

 private:
  Task<Status> post(HttpRequest request, Stop stop);

  Loop& loop_;
  HttpClient& http_;
  Logger log_;
  SlackOptions options_;
};

}  // namespace holmes
