#include "holmes/notify/slack.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "async/wait.h"
#include "base/strings.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;

// Limits of Slack: 3,000 characters per text object, 4,000 of `text`; ours count bytes.
constexpr size_t kMaxRationaleBytes = 2900;
constexpr size_t kMaxQueryBytes = 1000;
constexpr size_t kMaxCheckBytes = 400;
constexpr size_t kMaxErrorBytes = 200;
constexpr size_t kMaxTokenBytes = 500;
constexpr std::string_view kCut = "...";
constexpr std::string_view kRed = "#FF0000";
// Breaks what Slack would make a mention or a link of; shows as nothing.
constexpr std::string_view kZeroWidthSpace = "\u200B";
constexpr milliseconds kDefaultRetryAfter = std::chrono::seconds(1);

// https://docs.slack.dev/messaging/formatting-message-text: &, < and > are the control characters.
std::string escaped(std::string_view character, std::string_view behind) {
  if (character == "&") return "&amp;";
  if (character == "<") return "&lt;";
  if (character == ">") return "&gt;";
  const bool begins_reference = character == "@" || (character == ":" && behind.starts_with("//"));
  return std::string(character).append(begins_reference ? kZeroWidthSpace : "");
}

// Plain: Slack makes neither links nor formatting nor emoji of it.
json::object text_object(std::string text) {
  return {{"type", "plain_text"}, {"text", std::move(text)}, {"emoji", false}};
}

std::string config_text(const Destination& destination, std::string_view name) {
  return std::string(trim(json_string_or(destination.config, {name})));
}

bool is_usable_token(std::string_view token) {
  return token.size() <= kMaxTokenBytes &&
         std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; });
}

// What Slack says about itself: short words like channel_not_found.
std::string slack_error(const json::object& answer) {
  std::string error =
      cut(to_valid_utf8(json_string_or(answer, {"error"}, "unknown_error")), kMaxErrorBytes);
  const std::string needed = json_string_or(answer, {"needed"});
  if (!needed.empty()) {
    error += fmt::format(" (needs {})", cut(to_valid_utf8(needed), kMaxErrorBytes));
  }
  return error;
}

Status check_answer(const HttpResponse& response) {
  const Result<json::object> answer = parse_json_object(response.body);
  const bool success = response.status >= 200 && response.status <= 299;
  if (!success) {
    std::string message = fmt::format("Slack answered HTTP {}", response.status);
    if (answer && json_string(*answer, {"error"})) message += ": " + slack_error(*answer);
    return fail(ErrorCode::kUnavailable, std::move(message));
  }
  if (!answer) return fail(ErrorCode::kProtocol, "Slack's answer is no JSON object");
  if (json_bool(*answer, {"ok"}) == true) return {};
  return fail(ErrorCode::kInvalid, "Slack refused the message: " + slack_error(*answer));
}

}  // namespace

std::string escape_slack_text(std::string_view text, size_t bytes_max) {
  const std::string valid = to_valid_utf8(text);
  const std::string_view rest(valid);
  std::string out;
  size_t room_for_cut = 0;  // the longest beginning that leaves room for the mark
  size_t at = 0;
  while (at < rest.size()) {
    size_t end = at + 1;
    while (end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xC0U) == 0x80U) ++end;
    const std::string piece = escaped(rest.substr(at, end - at), rest.substr(end));
    if (out.size() + piece.size() > bytes_max) {
      return out.substr(0, room_for_cut).append(kCut.substr(0, bytes_max - room_for_cut));
    }
    out += piece;
    if (out.size() + kCut.size() <= bytes_max) room_for_cut = out.size();
    at = end;
  }
  return out;
}

json::object encode_slack_message(std::string_view channel, const Alert& alert) {
  const std::string check = escape_slack_text(alert.check, kMaxCheckBytes);
  const std::string title = check.empty() ? "Health check failed" : "Health check failed: " + check;
  json::array blocks;
  if (!trim(alert.rationale).empty()) {
    blocks.push_back(
        {{"type", "section"},
         {"text", text_object(escape_slack_text(alert.rationale, kMaxRationaleBytes))}});
  }
  const std::string about =
      (check.empty() ? "" : fmt::format("Check: {}\n", check)) +
      fmt::format("Query: {}", escape_slack_text(alert.query, kMaxQueryBytes));
  blocks.push_back({{"type", "context"}, {"elements", json::array{text_object(about)}}});
  return {
      {"channel", channel},
      {"text", title},
      {"attachments", json::array{json::object{{"color", kRed}, {"blocks", std::move(blocks)}}}},
      {"unfurl_links", false},
      {"unfurl_media", false},
      {"link_names", false},
      {"mrkdwn", false},
      {"parse", "none"}};
}

Slack::Slack(Loop& loop, HttpClient& http, Logger log, SlackOptions options)
    : loop_(loop), http_(http), log_(std::move(log)), options_(std::move(options)) {
  while (options_.api_url.ends_with('/')) options_.api_url.pop_back();
}

Task<Notification> Slack::deliver(Destination destination, Alert alert, Stop stop) {
  if (std::string webhook = webhook_of(destination); !webhook.empty()) {
    co_return co_await deliver_to_webhook(std::move(webhook), std::move(alert), std::move(stop));
  }
  Notification notification;
  notification.type = type();
  notification.channel = config_text(destination, "channel");
  if (notification.channel.empty()) notification.channel = options_.channel;
  std::string token = config_text(destination, "token");
  if (!token.empty()) {
    log_.warning(
        "the check's Slack token stands in its resource; configure it at the server instead",
        {{"check", alert.check}});
  } else {
    token = options_.token;
  }
  if (token.empty()) {
    notification.error = "no Slack token: set SLACK_TOKEN at the server";
    co_return notification;
  }
  if (notification.channel.empty()) {
    notification.error = "no Slack channel: set config.channel or SLACK_CHANNEL at the server";
    co_return notification;
  }
  notification.outcome = Notification::Outcome::kFailed;
  if (!is_usable_token(token)) {
    notification.error = "the Slack token has characters that no token has";
    co_return notification;
  }

  json::object message = encode_slack_message(notification.channel, alert);
  const std::string thread = config_text(destination, "thread_ts");
  if (!thread.empty()) message["thread_ts"] = thread;
  HttpRequest request;
  request.method = "POST";
  request.target = options_.api_url + "/chat.postMessage";
  request.headers = {{"Content-Type", "application/json; charset=utf-8"},
                     {"Authorization", "Bearer " + token}};
  request.body = to_text(message);
  const Status posted = co_await post(std::move(request), std::move(stop));
  if (posted) {
    notification.outcome = Notification::Outcome::kSent;
  } else {
    notification.error = posted.error().message;
  }
  co_return notification;
}

std::string Slack::webhook_of(const Destination& destination) const {
  std::string own = config_text(destination, "webhook_url");
  if (options_.webhooks_of_checks && !own.empty()) return own;
  const bool names_channel = !config_text(destination, "channel").empty();
  return names_channel ? "" : options_.webhook_url;
}

Task<Notification> Slack::deliver_to_webhook(std::string url, Alert alert, Stop stop) {
  Notification notification{std::string(type()), "", Notification::Outcome::kFailed, ""};
  json::object message = encode_slack_message("", alert);
  message.erase("channel");  // the webhook's own
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(url);
  request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  request.body = to_text(message);
  const auto response = co_await http_.send(std::move(request), std::move(stop));
  if (!response) {
    // The error's own words name the address, which is a secret.
    notification.error =
        fmt::format("the Slack webhook cannot be reached ({})", to_string(response.error().code));
  } else if (response->status < 200 || response->status > 299) {
    const std::string words = cut(to_valid_utf8(trim(response->body)), kMaxErrorBytes);
    notification.error =
        fmt::format("the Slack webhook answered HTTP {}: {}", response->status, words);
  } else {
    notification.outcome = Notification::Outcome::kSent;
  }
  co_return notification;
}

Task<Status> Slack::post(HttpRequest request, Stop stop) {
  HOLMES_CO_TRY(const HttpResponse response, co_await http_.send(request, stop));
  if (response.status != 429) co_return check_answer(response);
  const milliseconds wait =
      retry_after(response.headers, loop_.wall_now()).value_or(kDefaultRetryAfter);
  if (wait > options_.retry_after_max) {
    co_return fail(ErrorCode::kRefused,
                   fmt::format("Slack limits messages and asks to wait for {} s",
                               std::chrono::ceil<std::chrono::seconds>(wait).count()));
  }
  const Status waited = co_await sleep_for(loop_, wait, stop);
  if (!waited) co_return fail(stop.error("waiting because Slack limits messages"));
  HOLMES_CO_TRY(const HttpResponse second,
                co_await http_.send(std::move(request), std::move(stop)));
  co_return check_answer(second);
}

}  // namespace holmes
