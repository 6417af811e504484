#include "kube/client/retry_transport.h"

#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ResourceType kPods{"", "v1", "pods", "Pod", true};

Error refused(std::optional<milliseconds> hint) {
  return {ErrorCode::kRefused, "too many requests", hint};
}
Error unavailable(std::optional<milliseconds> hint = std::nullopt) {
  return {ErrorCode::kUnavailable, "connection reset", hint};
}
Request read() {
  return get_request(kPods, {"default", "a"});
}
Request write() {
  return create_request(kPods, "default", {});
}

// Answers with `errors` one after another, then well.
struct RetryTransportTest : testing::Test {
  Result<Response> answer(const Request& /*request*/) {
    sent_at.push_back(std::chrono::duration_cast<milliseconds>(loop.mono_now() - began));
    if (errors.empty()) return Response{200, "ok"};
    Error error = errors.front();
    errors.pop_front();
    return fail(std::move(error));
  }
  Result<Response> send(Request request, Stop stop = {}) {
    return loop.run(transport.send(std::move(request), std::move(stop)));
  }
  VirtualLoop loop;
  const MonoTime began = loop.mono_now();
  std::deque<Error> errors;
  std::vector<milliseconds> sent_at;
  MetricsRegistry registry;
  RequestMetrics metrics{registry};
  FakeTransport inner{[this](const Request& request) { return answer(request); }};
  RetryTransport transport{loop, inner, Logger(), &metrics};
};

using Times = std::vector<milliseconds>;

TEST_F(RetryTransportTest, ComesAgainWhenTheServerSaidAndCountsIt) {
  errors = {refused(seconds(2)), refused(seconds(1))};
  EXPECT_TRUE(send(write()));
  EXPECT_EQ(sent_at, (Times{seconds(0), seconds(2), seconds(3)}));
  EXPECT_NE(registry.expose().find(
                R"(holmes_api_request_retries_total{reason="refused",verb="create"} 2)"),
            std::string::npos)
      << registry.expose();
}

TEST_F(RetryTransportTest, GivesUpAfterTenSends) {
  errors.assign(20, refused(seconds(1)));
  const Result<Response> answer = send(write());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), refused(seconds(1)));
  EXPECT_EQ(sent_at.size(), kMaxSends);
}

TEST_F(RetryTransportTest, NeverSendsAWriteAgainThatMayHaveHappened) {
  for (const Error& error :
       {unavailable(), unavailable(seconds(1)), Error(ErrorCode::kTimeout, "late", seconds(1)),
        Error(ErrorCode::kProtocol, "odd", seconds(1))}) {
    sent_at.clear();
    errors = {error};
    EXPECT_FALSE(send(write()));
    EXPECT_EQ(sent_at.size(), 1U) << error.message;
    EXPECT_TRUE(errors.empty());
  }
}

TEST_F(RetryTransportTest, ReturnsARefusalWithoutAHintAtOnce) {
  errors = {refused(std::nullopt)};
  EXPECT_FALSE(send(write()));
  errors = {refused(std::nullopt)};
  EXPECT_FALSE(send(read()));
  EXPECT_EQ(sent_at.size(), 2U);
}

TEST_F(RetryTransportTest, ReadsABrokenAnswerOnceMore) {
  errors = {unavailable()};
  EXPECT_TRUE(send(read()));
  EXPECT_EQ(sent_at, (Times{milliseconds(0), kReadRetryPause}));
  errors.assign(9, unavailable());
  EXPECT_FALSE(send(read()));
  EXPECT_EQ(sent_at.size(), 2 + kMaxReadSends);
}

TEST_F(RetryTransportTest, ReadsAgainWhenAServerErrorCarriesAHint) {
  errors = {unavailable(seconds(3))};
  EXPECT_TRUE(send(read()));
  EXPECT_EQ(sent_at, (Times{seconds(0), seconds(3)}));
}

TEST_F(RetryTransportTest, DoesNotWaitForAServerThatWantsMoreThanTheLimit) {
  errors = {refused(kMaxRetryPause + milliseconds(1))};
  const Result<Response> answer = send(write());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry_after, kMaxRetryPause + milliseconds(1));
  EXPECT_EQ(loop.mono_now(), began);
  EXPECT_TRUE(send(write()));  // and does not hold back the others
  EXPECT_EQ(loop.mono_now(), began);
}

TEST_F(RetryTransportTest, ARefusalHoldsBackTheOtherRequests) {
  errors = {refused(seconds(5))};
  TaskScope scope(loop);
  std::vector<bool> answers;
  const auto one = [](RetryTransport* transport, Request request,
                      std::vector<bool>* answers) -> Task<> {
    const bool well = (co_await transport->send(std::move(request), {})).has_value();
    answers->push_back(well);
  };
  scope.spawn(one(&transport, write(), &answers));
  loop.run_until_idle();
  scope.spawn(one(&transport, read(), &answers));
  loop.advance(seconds(4));
  EXPECT_EQ(sent_at.size(), 1U);
  loop.advance(seconds(1));
  EXPECT_EQ(sent_at, (Times{seconds(0), seconds(5), seconds(5)}));
  EXPECT_EQ(answers, (std::vector<bool>{true, true}));
  EXPECT_TRUE(loop.run(scope.drain({})));
}

TEST_F(RetryTransportTest, ADeadlineLeavesTheRefusalAsTheError) {
  errors = {refused(seconds(30))};
  const StopSource limit({}, loop, loop.mono_now() + seconds(10));
  const Result<Response> first = send(write(), limit.stop());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error(), refused(seconds(30)));
  EXPECT_EQ(loop.mono_now(), began + seconds(10));
  const StopSource other({}, loop, loop.mono_now() + seconds(1));
  const Result<Response> second = send(write(), other.stop());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kRefused);
  EXPECT_EQ(second.error().retry_after, seconds(19));
  EXPECT_EQ(sent_at.size(), 1U);
}

TEST_F(RetryTransportTest, ACancelledRequestSaysSo) {
  errors = {refused(seconds(30))};
  StopSource stop;
  const Timer cancel(loop, loop.mono_now() + seconds(1), [&stop] { stop.request_stop(); });
  const Result<Response> answer = send(write(), stop.stop());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kCancelled);
}

// A transport whose requests end only when they are stopped.
class SilentTransport final : public Transport {
 public:
  explicit SilentTransport(Loop& loop) : never_(loop) {}
  Task<Result<Response>> send(Request /*request*/, Stop stop) override {
    HOLMES_CO_CHECK(co_await never_.wait(std::move(stop)));
    co_return Response{};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request /*request*/, Stop stop) override {
    HOLMES_CO_CHECK(co_await never_.wait(std::move(stop)));
    co_return nullptr;
  }

 private:
  Event never_;
};

TEST_F(RetryTransportTest, LimitsARequestThatNobodyLimited) {
  SilentTransport silent(loop);
  RetryTransport limited(loop, silent, Logger(), nullptr);
  const Result<Response> answer = loop.run(limited.send(write(), {}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(loop.mono_now(), began + kMaxRequestTime);
}

}  // namespace
}  // namespace holmes::kube
