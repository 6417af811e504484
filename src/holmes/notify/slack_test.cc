#include "holmes/notify/slack.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kToken = "xoxb-made-up-token";

class FakeHttp final : public HttpClient {
 public:
  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("POST"));
    requests.push_back(std::move(request));
    if (answers.empty()) co_return HttpResponse{200, {}, R"({"ok":true})"};
    Result<HttpResponse> answer = std::move(answers.front());
    answers.pop_front();
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  std::deque<Result<HttpResponse>> answers;
  std::vector<HttpRequest> requests;
};

class SlackTest : public testing::Test {
 public:
  Notification deliver(json::object config, Stop stop = {}) {
    const Logger log(LogLevel::kDebug,
                     [this](LogLevel level, std::string_view message, const LogFields& fields) {
                       logged += format_log_text(WallTime(), level, message, fields) + "\n";
                     });
    Slack slack(loop, http, log, options);
    return loop.run(slack.deliver({"slack", "", std::move(config)}, alert, std::move(stop)));
  }

  VirtualLoop loop;
  FakeHttp http;
  SlackOptions options{"http://slack.test/api/", std::string(kToken), ""};
  Alert alert{"shop/frontend", "Is it healthy?", "1 of 3 pods is not ready."};
  std::string logged;
};

Notification sent(std::string channel) {
  return {"slack", std::move(channel), Notification::Outcome::kSent, ""};
}

TEST_F(SlackTest, PostsTheAlert) {
  EXPECT_EQ(deliver({{"channel", "#alerts"}}), sent("#alerts"));
  ASSERT_EQ(http.requests.size(), 1U);
  const HttpRequest& request = http.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "http://slack.test/api/chat.postMessage");
  EXPECT_EQ(request.headers.find("Authorization"), "Bearer xoxb-made-up-token");
  EXPECT_EQ(request.headers.find("Content-Type"), "application/json; charset=utf-8");
  EXPECT_EQ(request.body,
            R"({"channel":"#alerts","text":"Health check failed: shop/frontend",)"
            R"("attachments":[{"color":"#FF0000","blocks":[{"type":"section","text":)"
            R"({"type":"plain_text","text":"1 of 3 pods is not ready.","emoji":false}},)"
            R"({"type":"context","elements":[{"type":"plain_text","text":)"
            R"("Check: shop/frontend\nQuery: Is it healthy?","emoji":false}]}]}],)"
            R"("unfurl_links":false,"unfurl_media":false,"link_names":false,"mrkdwn":false,)"
            R"("parse":"none"})");
  EXPECT_EQ(logged, "");
}

TEST_F(SlackTest, ConfigWinsOverOptions) {
  options.channel = "#default";
  EXPECT_EQ(deliver({}), sent("#default"));
  EXPECT_EQ(deliver({{"channel", " C012 "}, {"thread_ts", "1.2"}}), sent("C012"));
  EXPECT_THAT(http.requests[1].body, HasSubstr(R"("thread_ts":"1.2")"));
  EXPECT_EQ(deliver({{"channel", 7}}), sent("#default"));
}

TEST_F(SlackTest, ATokenInTheResourceIsUsedAndWarnedAboutButNeverShown) {
  const Notification notification = deliver({{"channel", "#a"}, {"token", "xoxb-of-the-resource"}});
  EXPECT_EQ(notification, sent("#a"));
  EXPECT_EQ(http.requests[0].headers.find("Authorization"), "Bearer xoxb-of-the-resource");
  EXPECT_THAT(http.requests[0].body, Not(HasSubstr("xoxb")));
  EXPECT_THAT(logged, HasSubstr("warning"));
  EXPECT_THAT(logged, Not(HasSubstr("xoxb")));
}

TEST_F(SlackTest, WithoutTokenOrChannelIsSkippedAndSaysWhatToSet) {
  EXPECT_EQ(deliver({}).error,
            "no Slack channel: set config.channel or SLACK_CHANNEL at the server");
  options.token = "";
  const Notification notification = deliver({{"channel", "#a"}});
  EXPECT_EQ(notification, (Notification{"slack", "#a", Notification::Outcome::kSkipped,
                                        "no Slack token: set SLACK_TOKEN at the server"}));
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(SlackTest, WhatSlackRefusesIsAFailure) {
  struct Case {
    Result<HttpResponse> answer;
    std::string_view error;
  };
  const Case cases[] = {
      {HttpResponse{200, {}, R"({"ok":false,"error":"channel_not_found"})"},
       "Slack refused the message: channel_not_found"},
      {HttpResponse{200, {}, R"({"ok":false,"error":"missing_scope","needed":"chat:write"})"},
       "Slack refused the message: missing_scope (needs chat:write)"},
      {HttpResponse{200, {}, "{}"}, "Slack refused the message: unknown_error"},
      {HttpResponse{200, {}, "<html>"}, "Slack's answer is no JSON object"},
      {HttpResponse{503, {}, "down"}, "Slack answered HTTP 503"},
      {HttpResponse{500, {}, R"({"ok":false,"error":"internal"})"},
       "Slack answered HTTP 500: internal"},
      {HttpResponse{302, {}, ""}, "Slack answered HTTP 302"},
      {fail(ErrorCode::kRefused, "no connection"), "no connection"},
  };
  for (const Case& c : cases) {
    http.answers.push_back(c.answer);
    EXPECT_EQ(deliver({{"channel", "#a"}}),
              (Notification{"slack", "#a", Notification::Outcome::kFailed, std::string(c.error)}));
  }
}

TEST_F(SlackTest, WaitsOnceWhenSlackLimitsMessages) {
  const MonoTime began = loop.mono_now();
  http.answers.push_back(HttpResponse{429, {{"Retry-After", "3"}}, ""});
  EXPECT_EQ(deliver({{"channel", "#a"}}), sent("#a"));
  EXPECT_EQ(loop.mono_now() - began, seconds(3));
  EXPECT_EQ(http.requests[0].body, http.requests[1].body);

  http.answers.push_back(HttpResponse{429, {}, ""});
  http.answers.push_back(HttpResponse{429, {}, ""});
  EXPECT_EQ(deliver({{"channel", "#a"}}).error, "Slack answered HTTP 429");
  EXPECT_EQ(http.requests.size(), 4U);
}

TEST_F(SlackTest, DoesNotWaitLongerThanItMay) {
  const MonoTime began = loop.mono_now();
  http.answers.push_back(HttpResponse{429, {{"Retry-After", "30"}}, ""});
  EXPECT_EQ(deliver({{"channel", "#a"}}).error, "Slack limits messages and asks to wait for 30 s");
  EXPECT_EQ(loop.mono_now(), began);

  http.answers.push_back(HttpResponse{429, {{"Retry-After", "5"}}, ""});
  const StopSource source({}, loop, loop.mono_now() + seconds(2));
  const Notification late = deliver({{"channel", "#a"}}, source.stop());
  EXPECT_EQ(late.outcome, Notification::Outcome::kFailed);
  EXPECT_THAT(late.error, HasSubstr("waiting because Slack limits messages"));
  EXPECT_EQ(loop.mono_now() - began, seconds(2));
}

TEST_F(SlackTest, ATokenThatCouldSplitTheHeaderIsNotSent) {
  const Notification notification = deliver({{"channel", "#a"}, {"token", "a\r\nX-Evil: 1"}});
  EXPECT_EQ(notification.outcome, Notification::Outcome::kFailed);
  EXPECT_THAT(notification.error, Not(HasSubstr("Evil")));
  EXPECT_TRUE(http.requests.empty());
}

TEST(SlackText, ShowsAsItIs) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a & b", "a &amp; b"},
      {"<!channel> <@U123> <http://evil|click>",
       "&lt;!channel&gt; &lt;@\u200BU123&gt; &lt;http:\u200B//evil|click&gt;"},
      {"@here a@b https://x nginx:1.25", "@\u200Bhere a@\u200Bb https:\u200B//x nginx:1.25"},
      {"caf\u00e9 \xff", "caf\u00e9 \uFFFD"},
      {"", ""},
  };
  for (const auto& [text, escaped] : cases) EXPECT_EQ(escape_slack_text(text, 1000), escaped);
}

TEST(SlackText, IsCutWithoutBreakingAnEscape) {
  EXPECT_EQ(escape_slack_text("abcdef", 6), "abcdef");
  EXPECT_EQ(escape_slack_text("abcdefg", 6), "abc...");
  EXPECT_EQ(escape_slack_text("ab&&&&", 12), "ab&amp;...");
  EXPECT_EQ(escape_slack_text("\u00e9\u00e9\u00e9\u00e9", 6), "\u00e9...");
  EXPECT_EQ(escape_slack_text("abc", 2), "..");
  EXPECT_LE(escape_slack_text(std::string(100'000, '&'), 2900).size(), 2900U);
}

TEST(SlackText, AMessageStaysWithinSlacksLimits) {
  const Alert alert{std::string(900, '&'), std::string(5000, '<'), std::string(9000, '@')};
  const std::string body = to_text(encode_slack_message("#a", alert));
  EXPECT_LT(body.size(), 6000U);
  const json::object empty = encode_slack_message("#a", {});
  EXPECT_EQ(json_string(empty, {"text"}), "Health check failed");
  EXPECT_EQ(json_array(empty, {"attachments"})->at(0).at("blocks").as_array().size(), 1U);
}

constexpr std::string_view kWebhook = "https://hooks.slack.test/services/T/B/secret";

TEST_F(SlackTest, AWebhookGetsAlertsThatNameNoChannel) {
  options.webhook_url = kWebhook;
  options.token.clear();
  http.answers.push_back(HttpResponse{200, {}, "ok"});
  EXPECT_EQ(deliver({}), sent(""));
  ASSERT_EQ(http.requests.size(), 1U);
  EXPECT_EQ(http.requests[0].target, kWebhook);
  EXPECT_FALSE(http.requests[0].headers.find("Authorization"));
  EXPECT_THAT(http.requests[0].body, HasSubstr("1 of 3 pods is not ready."));
  EXPECT_THAT(http.requests[0].body, Not(HasSubstr("channel")));
  options.token = kToken;
  EXPECT_EQ(deliver({{"channel", "#alerts"}}), sent("#alerts"));
  EXPECT_EQ(http.requests[1].target, "http://slack.test/api/chat.postMessage");
}

TEST_F(SlackTest, AChecksOwnWebhookIsUsedOnlyWhereChecksAreTrusted) {
  const json::object config{{"webhook_url", kWebhook}, {"channel", "#alerts"}};
  deliver(config);
  EXPECT_EQ(http.requests[0].target, "http://slack.test/api/chat.postMessage");
  options.webhooks_of_checks = true;
  deliver(config);
  EXPECT_EQ(http.requests[1].target, kWebhook);
}

TEST_F(SlackTest, NoErrorNamesTheWebhook) {
  options.webhook_url = kWebhook;
  http.answers.push_back(HttpResponse{404, {}, "no_service"});
  http.answers.push_back(fail(ErrorCode::kRefused, "POST " + std::string(kWebhook) + ": refused"));
  const Notification unknown = deliver({});
  EXPECT_EQ(unknown.outcome, Notification::Outcome::kFailed);
  EXPECT_EQ(unknown.error, "the Slack webhook answered HTTP 404: no_service");
  const Notification away = deliver({});
  EXPECT_EQ(away.outcome, Notification::Outcome::kFailed);
  EXPECT_EQ(away.error, "the Slack webhook cannot be reached (refused)");
  EXPECT_THAT(logged, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace holmes
