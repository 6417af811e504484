#include "holmes/llm/model_queue.h"

#include <charconv>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/random.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "holmes/llm/crowded_model_testing.h"
#include "holmes/llm/providers.h"
#include "holmes/llm/retry.h"

namespace holmes {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class ModelQueueTest : public testing::Test {
 protected:
  ~ModelQueueTest() override { loop_.run(scope_.close()); }

  void make(const ModelLimits& limits) {
    queue_ = std::make_shared<ModelQueue>(loop_, "m", limits, metrics_, Logger());
    auto provider = std::make_unique<CrowdedModel>(loop_);
    provider_ = provider.get();
    model_ = std::make_unique<QueuedModel>(queue_, std::move(provider));
  }
  void make_retrying(const ModelLimits& limits) {
    make(limits);
    model_ = std::make_unique<RetryingModel>(loop_, random_, std::move(model_),
                                             ModelMetrics(registry_), Logger());
  }

  // A call that begins now; its check began then.
  void call(std::string ns, std::string question = "", MonoTime check_began = {}, Stop stop = {}) {
    ModelRequest request;
    request.messages.push_back({Role::kUser, std::move(question), {}, "", {}});
    request.caller = {std::move(ns), check_began};
    scope_.spawn(ask(std::move(request), std::move(stop)));
    loop_.run_until_idle();
  }
  Task<> ask(ModelRequest request, Stop stop) {
    ends_.push_back(co_await model_->complete(std::move(request), std::move(stop)));
  }

  // Checks of three calls, one after the other as long as the load goes on.
  Task<> load(MonoTime until) {
    while (loop_.mono_now() < until) {
      for (int i = 0; i < 3; ++i) {
        ModelRequest request;
        request.caller = {"ns", loop_.mono_now()};
        ends_.push_back(co_await model_->complete(std::move(request), {}));
      }
    }
  }
  [[nodiscard]] size_t failures() const {
    return static_cast<size_t>(std::ranges::count_if(ends_, [](const auto& end) { return !end; }));
  }

  [[nodiscard]] double metric(const std::string& name) const {
    const std::string text = registry_.expose();
    const std::string series = "\n" + name + "{model=\"m\"} ";
    const size_t at = text.find(series);
    EXPECT_NE(at, std::string::npos) << text;
    double value = -1;
    std::from_chars(text.data() + at + series.size(), text.data() + text.size(), value);
    return value;
  }
  std::vector<std::string> questions() const {
    std::vector<std::string> all;
    for (const auto& asked : provider_->asked) all.push_back(asked.question);
    return all;
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  MetricsRegistry registry_;
  ModelQueueMetrics metrics_{registry_};
  std::shared_ptr<ModelQueue> queue_;
  std::unique_ptr<Model> model_;
  CrowdedModel* provider_ = nullptr;
  std::vector<ModelResult> ends_;
  TaskScope scope_{loop_};
};

TEST_F(ModelQueueTest, AskNoMoreAtOnceThanTheLimit) {
  make({.calls_max = 3});
  for (int i = 0; i < 10; ++i) call("a");
  EXPECT_EQ(provider_->busy, 3);
  EXPECT_EQ(metric("holmes_model_queue_depth"), 7);
  EXPECT_EQ(metric("holmes_model_calls_in_flight"), 3);
  EXPECT_EQ(metric("holmes_model_concurrency_limit"), 3);
  loop_.advance(4s);
  EXPECT_EQ(provider_->answered, 10);
  EXPECT_EQ(provider_->most_busy, 3);
  EXPECT_EQ(metric("holmes_model_queue_depth"), 0);
  EXPECT_EQ(metric("holmes_model_calls_in_flight"), 0);
  EXPECT_EQ(metric("holmes_model_queue_wait_seconds_count"), 10);
  EXPECT_EQ(metric("holmes_model_queue_wait_seconds_sum"), 3 * 1 + 3 * 2 + 3);
}

TEST_F(ModelQueueTest, AHundredCallsOfOneNamespaceDoNotHoldUpOneOfAnother) {
  make({.calls_max = 1});
  for (int i = 0; i < 100; ++i) call("busy");
  call("quiet");
  call("also-quiet");
  loop_.advance(3s);
  ASSERT_GE(provider_->asked.size(), 3U);
  EXPECT_EQ(provider_->asked[1].ns, "quiet");
  EXPECT_EQ(provider_->asked[2].ns, "also-quiet");
  loop_.advance(100s);
  EXPECT_EQ(provider_->answered, 102);
}

TEST_F(ModelQueueTest, NamespacesTakeTurnsWhateverTheyHave) {
  make({.calls_max = 1});
  for (int i = 0; i < 30; ++i) call("a");
  for (int i = 0; i < 20; ++i) call("b");
  for (int i = 0; i < 10; ++i) call("c");
  loop_.advance(31s);
  std::map<std::string, int> answered;
  for (size_t i = 0; i < 31; ++i) ++answered[provider_->asked[i].ns];
  EXPECT_THAT(answered,
              ElementsAre(testing::Pair("a", 11), testing::Pair("b", 10), testing::Pair("c", 10)));
  loop_.advance(60s);
  EXPECT_EQ(provider_->answered, 60);
}

TEST_F(ModelQueueTest, WithinANamespaceTheCheckThatBeganFirstGoesFirst) {
  make({.calls_max = 1});
  call("a", "under way");
  call("a", "new 1", MonoTime(9s));
  call("a", "new 2", MonoTime(9s));
  call("a", "old", MonoTime(3s));
  call("a", "newest", MonoTime(10s));
  loop_.advance(5s);
  EXPECT_THAT(questions(), ElementsAre("under way", "old", "new 1", "new 2", "newest"));
}

TEST_F(ModelQueueTest, WhoIsStoppedLeavesAtOnceAndSaysHowLongItWaited) {
  make({.calls_max = 1});
  call("a", "first");
  const StopSource deadline({}, loop_, loop_.mono_now() + 400ms);
  StopSource cancel;
  call("a", "late", {}, deadline.stop());
  call("b", "cancelled", {}, cancel.stop());
  call("b", "last");
  loop_.advance(300ms);
  cancel.request_stop();
  loop_.run_until_idle();
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].error().kind, ModelErrorKind::kCancelled);
  EXPECT_EQ(ends_[0].error().message, "waiting for room at the model 'm': cancelled after 0.3 s");
  loop_.advance(200ms);
  ASSERT_EQ(ends_.size(), 2U);
  EXPECT_EQ(ends_[1].error().kind, ModelErrorKind::kTimeout);
  EXPECT_EQ(ends_[1].error().code, ErrorCode::kTimeout);
  EXPECT_EQ(ends_[1].error().message,
            "waiting for room at the model 'm': the deadline passed after 0.4 s");
  EXPECT_EQ(ends_[1].error().waited, 400ms);
  EXPECT_EQ(metric("holmes_model_queue_depth"), 1);
  loop_.advance(2s);
  EXPECT_THAT(questions(), ElementsAre("first", "last"));
  EXPECT_EQ(ends_[3]->waited, 1s);
}

TEST_F(ModelQueueTest, RoomThatComesWithTheStopGoesToTheNext) {
  make({.calls_max = 1});
  const auto place = loop_.run(queue_->enter({}, 0, {}));
  ASSERT_TRUE(place);
  StopSource cancel;
  call("a", "cancelled", {}, cancel.stop());
  call("a", "next");
  cancel.request_stop();
  queue_->leave(*place, {});  // in the same turn
  loop_.run_until_idle();
  EXPECT_THAT(questions(), ElementsAre("next"));
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].error().kind, ModelErrorKind::kCancelled);
}

TEST_F(ModelQueueTest, WhoIsStoppedBeforeItComesIsNotTaken) {
  make({});
  StopSource cancel;
  cancel.request_stop();
  call("a", "", {}, cancel.stop());
  ASSERT_EQ(ends_.size(), 1U);
  EXPECT_EQ(ends_[0].error().kind, ModelErrorKind::kCancelled);
  EXPECT_TRUE(provider_->asked.empty());
}

TEST_F(ModelQueueTest, ConvergesToWhatTheProviderHasRoomForAndClimbsAgain) {
  make_retrying({.calls_max = 64});
  provider_->room = 6;
  const MonoTime begin = loop_.mono_now();
  for (int i = 0; i < 64; ++i) scope_.spawn(load(begin + 600s));
  loop_.advance(20s);
  const int64_t refused_at_first = provider_->refused;
  const int64_t answered_at_first = provider_->answered;
  for (int i = 0; i < 280; ++i) {
    loop_.advance(1s);
    ASSERT_GE(metric("holmes_model_concurrency_limit"), 3) << i;
    ASSERT_LE(metric("holmes_model_concurrency_limit"), 7) << i;
  }
  // Room for 6 calls of a second each, over 280 s; the search for more takes its part.
  EXPECT_GE(provider_->answered - answered_at_first, 280 * 6 * 7 / 10);
  EXPECT_LE(provider_->refused - refused_at_first, 100);
  EXPECT_LE(refused_at_first, 150);

  provider_->room = 30;
  loop_.advance(60s);
  EXPECT_GE(metric("holmes_model_concurrency_limit"), 15);
  loop_.advance(60s);
  EXPECT_LE(metric("holmes_model_concurrency_limit"), 31);
  EXPECT_GE(provider_->most_busy, 29);
  loop_.advance(600s);
  EXPECT_EQ(failures(), 0U);
}

TEST_F(ModelQueueTest, OverloadCountsAsARefusalOtherErrorsDoNot) {
  make({.calls_max = 8});
  provider_->fails_next = ModelErrorKind::kServerError;
  call("a");
  EXPECT_EQ(metric("holmes_model_concurrency_limit"), 8);
  for (int i = 0; i < 5; ++i) call("a");
  provider_->fails_next = ModelErrorKind::kOverloaded;
  call("a");
  EXPECT_EQ(metric("holmes_model_concurrency_limit"), 3);
}

TEST_F(ModelQueueTest, WhatTheProviderAsksOfOneCallHoldsBackTheOthers) {
  make({.calls_max = 8});
  provider_->fails_next = ModelErrorKind::kRateLimited;
  provider_->retry_after = 20s;
  call("a", "refused");
  loop_.advance(1s);
  call("b", "held");
  loop_.advance(18s);
  EXPECT_THAT(questions(), ElementsAre("refused"));
  loop_.advance(1s);
  EXPECT_THAT(questions(), ElementsAre("refused", "held"));
}

TEST_F(ModelQueueTest, ACallThatWaitsToBeTriedAgainHoldsNoPlace) {
  make_retrying({.calls_max = 1});
  provider_->fails_next = ModelErrorKind::kServerError;
  provider_->takes = 100ms;
  call("a", "fails once");
  call("a", "other");
  EXPECT_THAT(questions(), ElementsAre("fails once", "other"));
  loop_.advance(3s);
  EXPECT_THAT(questions(), ElementsAre("fails once", "other", "fails once"));
  EXPECT_EQ(failures(), 0U);
}

TEST_F(ModelQueueTest, WaitingIsToldAsASumOverTheTries) {
  make_retrying({.calls_max = 1});
  call("a");
  provider_->takes = 5s;
  call("a");  // waits for a second, then for what comes before its second try
  loop_.advance(500ms);
  provider_->fails_next = ModelErrorKind::kServerError;
  loop_.advance(500ms);
  call("b");
  loop_.advance(60s);
  ASSERT_EQ(ends_.size(), 3U);
  EXPECT_EQ(failures(), 0U);
  EXPECT_GT(ends_[2]->waited, 4s);
  EXPECT_LE(ends_[2]->waited, 6s);
}

TEST_F(ModelQueueTest, KeepsToRequestsPerMinuteAndLosesNone) {
  make({.requests_per_minute = 30});
  for (int i = 0; i < 100; ++i) call("a");
  loop_.advance(240s);
  ASSERT_EQ(provider_->asked.size(), 100U);
  for (size_t i = 30; i < 100; ++i) {
    EXPECT_GE(provider_->asked[i].at - provider_->asked[i - 30].at, 60s) << i;
  }
}

TEST_F(ModelQueueTest, RequestsThatACallTookBesidesItsOwnCount) {
  make({.requests_per_minute = 30});  // three at once
  provider_->takes = 0ms;
  provider_->usage.model_calls = 3;
  call("a");
  call("a");
  EXPECT_EQ(provider_->asked.size(), 1U);
  loop_.advance(3s);
  EXPECT_EQ(provider_->asked.size(), 2U);
}

TEST_F(ModelQueueTest, KeepsToTokensPerMinuteAsEstimatedAndThenAsTold) {
  make({.tokens_per_minute = 60'000});  // 6,000 at once, then 900 in a second
  const std::string question(16'000, 'x');
  provider_->usage = {.model_calls = 1, .input_tokens = 2'000, .output_tokens = 1'000};
  for (int i = 0; i < 21; ++i) call("a", question);
  EXPECT_EQ(provider_->asked.size(), 1U);  // of 4,000 tokens, as far as is known
  loop_.advance(60s);
  // They took 3,000 each. More than 60,000 were not read within the minute.
  EXPECT_GE(provider_->asked.size(), 18U);
  EXPECT_LE(provider_->asked.size(), 20U);
}

TEST_F(ModelQueueTest, TokensThatTheProviderDoesNotTellAreEstimated) {
  make({.tokens_per_minute = 60'000});
  provider_->takes = 0ms;
  const std::string question(24'000, 'x');
  call("a", question);
  call("a", question);
  EXPECT_EQ(provider_->asked.size(), 1U);
  loop_.advance(6s);
  EXPECT_EQ(provider_->asked.size(), 1U);
  loop_.advance(1s);
  EXPECT_EQ(provider_->asked.size(), 2U);
}

TEST_F(ModelQueueTest, ACallOfManyTokensIsNotOvertaken) {
  make({.tokens_per_minute = 60'000});
  call("a", std::string(20'000, 'x'));
  call("b", std::string(40'000, 'x'));
  call("c", "small");
  call("a", "small");
  ASSERT_EQ(provider_->asked.size(), 1U);
  loop_.advance(60s);
  ASSERT_EQ(provider_->asked.size(), 4U);
  EXPECT_EQ(provider_->asked[1].ns, "b");
}

// Deadlines, cancellations and refusals at random: every call ends once, is asked at most once, and
// leaves no place behind it.
TEST_F(ModelQueueTest, LosesAndDoublesNoCall) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SeededRandom dice(seed);
    const auto upto = [&](int64_t most) {
      return static_cast<int64_t>(dice.unit() * static_cast<double>(most));
    };
    make({.calls_max = 1 + upto(8), .requests_per_minute = seed % 3 == 0 ? 200 : 0});
    provider_->room = 1 + upto(8);
    provider_->takes = milliseconds(upto(500));
    ends_.clear();
    std::vector<std::unique_ptr<StopSource>> stops;
    constexpr int kCalls = 200;
    for (int i = 0; i < kCalls; ++i) {
      const MonoTime deadline = loop_.mono_now() + milliseconds(upto(20'000));
      stops.push_back(std::make_unique<StopSource>(Stop(), loop_, deadline));
      call("ns" + std::to_string(upto(5)), std::to_string(i), loop_.mono_now(),
           stops.back()->stop());
      if (upto(10) == 0) stops[static_cast<size_t>(upto(i))]->request_stop();
      loop_.advance(milliseconds(upto(60)));
    }
    loop_.advance(30s);
    EXPECT_EQ(ends_.size(), static_cast<size_t>(kCalls)) << seed;
    std::vector<std::string> asked = questions();
    std::ranges::sort(asked);
    EXPECT_TRUE(std::ranges::adjacent_find(asked) == asked.end()) << seed;
    EXPECT_EQ(provider_->busy, 0) << seed;
    EXPECT_GT(provider_->answered, 0) << seed;
    EXPECT_EQ(metric("holmes_model_queue_depth"), 0) << seed;
    EXPECT_EQ(metric("holmes_model_calls_in_flight"), 0) << seed;
    call("late", "late");
    EXPECT_EQ(questions().back(), "late") << seed;
    loop_.advance(1s);
    EXPECT_TRUE(ends_.back()) << seed;
  }
}

class SilentHttp final : public HttpClient {
 public:
  Task<Result<HttpResponse>> send(HttpRequest /*request*/, Stop /*stop*/) override {
    ++asked;
    co_return HttpResponse{200, {}, R"({"choices":[{"message":{"content":"ok"}}]})"};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }
  int asked = 0;
};

TEST(ModelQueues, TwoNamesOfOneModelAtOneAddressShareAQueueAndTheStricterLimits) {
  VirtualLoop loop;
  SilentHttp http;
  MetricsRegistry registry;
  ModelQueues queues(loop, registry, Logger());
  const auto make = [&](const std::string& name, const std::string& id, const std::string& address,
                        ModelLimits limits) {
    const ModelSettings settings{{"OPENAI_API_BASE", address}};
    const auto choice = choose_provider(id, settings).value();
    auto wire = choice.provider->make(choice.id, settings).value();
    return queues.put_before(
        std::make_unique<HttpModel>(loop, http, std::move(wire), name, Logger()), limits);
  };
  // One request in a minute, then.
  const auto fast = make("fast", "gpt-x", "http://a/v1", {.requests_per_minute = 1});
  const auto slow = make("slow", "gpt-x", "http://a/v1", {.requests_per_minute = 500});
  const auto other_id = make("other-id", "gpt-y", "http://a/v1", {.requests_per_minute = 1});
  const auto elsewhere = make("elsewhere", "gpt-x", "http://b/v1", {.requests_per_minute = 1});
  const MonoTime begin = loop.mono_now();
  EXPECT_TRUE(loop.run(fast->complete({}, {})));
  EXPECT_TRUE(loop.run(other_id->complete({}, {})));
  EXPECT_TRUE(loop.run(elsewhere->complete({}, {})));
  EXPECT_EQ(loop.mono_now(), begin);
  EXPECT_TRUE(loop.run(slow->complete({}, {})));
  EXPECT_EQ(loop.mono_now(), begin + 60s);
  EXPECT_EQ(http.asked, 4);
  const std::string text = registry.expose();
  EXPECT_THAT(text, HasSubstr(R"(holmes_model_queue_wait_seconds_count{model="fast"} 2)"));
  EXPECT_THAT(text, testing::Not(HasSubstr(R"({model="slow"})")));
}

TEST_F(ModelQueueTest, HasRoomUntilAsManyWaitAsMayAndForWhoHasLessThanItsShare) {
  make({.calls_max = 1, .waiting_max = 4});
  const auto room = [&](const std::string& ns) { return queue_->room_for(ns, 300s); };
  for (int i = 0; i < 4; ++i) call("a");
  EXPECT_TRUE(room("a"));
  call("a");  // the fourth that waits
  const Status full = room("a");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kRefused);
  EXPECT_EQ(full.error().retry_after, 5s);
  EXPECT_THAT(full.error().message, HasSubstr("the model 'm' has no room: 4 calls wait for it"));
  EXPECT_TRUE(room("b"));
  call("b");
  EXPECT_TRUE(room("b"));
  call("b");
  EXPECT_FALSE(room("b"));
  EXPECT_TRUE(room("c"));
  loop_.advance(10s);
  EXPECT_TRUE(room("a"));
}

TEST_F(ModelQueueTest, HasNoRoomForChecksThatCouldNotEndInTime) {
  make({.calls_max = 2});
  provider_->takes = 4s;
  const auto refused_for = [&](const std::string& ns, std::chrono::seconds patience) {
    const Status room = queue_->room_for(ns, patience);
    return room ? 0s : std::chrono::ceil<std::chrono::seconds>(*room.error().retry_after);
  };
  call("a");
  loop_.advance(4s);  // how long a call takes is known
  for (int i = 0; i < 12; ++i) call("a");
  // Ten wait and need three calls each: 31 more are to end, two in four seconds.
  EXPECT_EQ(refused_for("a", 63s), 0s);
  EXPECT_EQ(refused_for("a", 62s), 31s);
  EXPECT_EQ(refused_for("a", 1s), 31s);
  EXPECT_EQ(refused_for("b", 9s), 0s);
  EXPECT_EQ(refused_for("b", 8s), 5s);
  provider_->fails_next = ModelErrorKind::kRateLimited;
  provider_->retry_after = 1h;
  loop_.advance(4s);
  EXPECT_GE(refused_for("new", 60s), 30s);  // held for a minute
}

}  // namespace
}  // namespace holmes
