#include "holmes/notify/notifier.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// Takes as many seconds as its config says.
class SlowAdapter final : public DestinationAdapter {
 public:
  explicit SlowAdapter(Loop& loop) : loop_(loop) {}
  [[nodiscard]] std::string_view type() const override { return "slow"; }
  Task<Notification> deliver(Destination destination, Alert alert, Stop stop) override {
    const seconds takes(json_int(destination.config, {"seconds"}).value_or(0));
    Notification notification{"slow", alert.check, Notification::Outcome::kSent, ""};
    if (!(co_await sleep_for(loop_, takes, stop))) {
      notification.outcome = Notification::Outcome::kFailed;
      notification.error = "late";
    }
    co_return notification;
  }

 private:
  Loop& loop_;
};

class NotifierTest : public testing::Test {
 public:
  NotifierTest() {
    std::vector<std::unique_ptr<DestinationAdapter>> adapters;
    adapters.push_back(std::make_unique<SlowAdapter>(loop));
    notifier.emplace(loop, Logger(), std::move(adapters));
  }
  std::vector<Notification> send(std::vector<Destination> destinations, Stop stop = {}) {
    return loop.run(notifier->send({"shop/a", "q", "r"}, std::move(destinations), std::move(stop)));
  }
  static Destination slow(int seconds) { return {"slow", "", {{"seconds", seconds}}}; }

  VirtualLoop loop;
  std::optional<Notifier> notifier;
};

TEST_F(NotifierTest, SendsAtOnceAndAnswersInOrder) {
  const MonoTime began = loop.mono_now();
  const auto notifications = send({slow(5), {"pager", "", {}}, slow(1)});
  EXPECT_EQ(loop.mono_now() - began, seconds(5));
  ASSERT_EQ(notifications.size(), 3U);
  EXPECT_EQ(notifications[0], (Notification{"slow", "shop/a", Notification::Outcome::kSent, ""}));
  EXPECT_EQ(notifications[1], (Notification{"pager", "", Notification::Outcome::kSkipped,
                                            "unknown destination type 'pager'; known: slow"}));
  EXPECT_EQ(notifications[2].outcome, Notification::Outcome::kSent);
}

TEST_F(NotifierTest, TheStopEndsWhatIsSlowAndKeepsTheRest) {
  const StopSource source({}, loop, loop.mono_now() + seconds(10));
  const auto notifications = send({slow(60), slow(1)}, source.stop());
  EXPECT_EQ(notifications[0].error, "late");
  EXPECT_EQ(notifications[1].outcome, Notification::Outcome::kSent);
}

TEST_F(NotifierTest, ServesNoMoreThanItsLimit) {
  const auto notifications = send(std::vector<Destination>(kMaxDestinations + 1, slow(0)));
  ASSERT_EQ(notifications.size(), kMaxDestinations + 1);
  EXPECT_EQ(notifications[kMaxDestinations - 1].outcome, Notification::Outcome::kSent);
  EXPECT_EQ(notifications[kMaxDestinations].outcome, Notification::Outcome::kSkipped);
}

TEST_F(NotifierTest, ANameThatTheServerDoesNotKnowIsSkipped) {
  const auto notifications = send({{"slow", "oncall", {}}});
  EXPECT_EQ(notifications[0].outcome, Notification::Outcome::kSkipped);
  EXPECT_THAT(notifications[0].error, HasSubstr("no destination named 'oncall'"));
}

TEST_F(NotifierTest, NothingToSendIsNothingSent) {
  EXPECT_TRUE(send({}).empty());
}

class NoHttp final : public HttpClient {
 public:
  Task<Result<HttpResponse>> send(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kRefused, "no connection");
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kRefused, "no connection");
  }
};

TEST_F(NotifierTest, KnowsSlack) {
  NoHttp http;
  Notifier real(loop, http, Logger(), {.slack = {.token = "t", .channel = "#a"}});
  const auto notifications = loop.run(real.send({}, {{"slack", "", {}}, {"?", "", {}}}, {}));
  EXPECT_EQ(notifications[0].error, "no connection");
  EXPECT_THAT(notifications[1].error, HasSubstr("known: slack"));
}

}  // namespace
}  // namespace holmes
