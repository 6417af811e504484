#include "kube/runtime/list_watch_machine.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr MonoTime kNow{std::chrono::hours(1)};

class ListWatchMachineTest : public ::testing::Test {
 protected:
  // "list", "list +token", "list all", "watch 12", "wait"
  std::string next() {
    const ListWatchStep step = machine_.next();
    if (const auto* list = std::get_if<ListStep>(&step)) {
      if (list->limit == 0) return "list all";
      return list->continue_token.empty() ? "list" : "list +" + list->continue_token;
    }
    if (const auto* watch = std::get_if<WatchStep>(&step))
      return "watch " + watch->resource_version;
    return "wait";
  }
  std::chrono::nanoseconds delay() { return std::get<WaitStep>(machine_.next()).delay; }
  void list(const std::string& version) { ASSERT_TRUE(machine_.page_arrived(version, "")); }

  SeededRandom random_{1};
  ListWatchMachine machine_{random_};
};

TEST_F(ListWatchMachineTest, ListsPageByPageAndWatchesFromTheVersionOfTheList) {
  EXPECT_EQ(next(), "list");
  EXPECT_FALSE(machine_.page_arrived("10", "t1"));
  EXPECT_FALSE(machine_.synced());
  EXPECT_EQ(next(), "list +t1");
  EXPECT_TRUE(machine_.page_arrived("10", ""));
  EXPECT_TRUE(machine_.synced());
  EXPECT_EQ(next(), "watch 10");
  EXPECT_EQ(machine_.state(), ListWatchState::kWatching);
}

TEST_F(ListWatchMachineTest, AnExpiredContinueTokenLeadsToOneWholeListAtOnce) {
  machine_.page_arrived("10", "t1");
  machine_.list_failed(Error(ErrorCode::kGone, "expired"), kNow);
  EXPECT_EQ(next(), "list all");
  list("11");
  EXPECT_EQ(next(), "watch 11");
}

TEST_F(ListWatchMachineTest, AFailedPageIsAskedForAgainAfterAWait) {
  machine_.page_arrived("10", "t1");
  machine_.list_failed(Error(ErrorCode::kUnavailable, "500"), kNow);
  EXPECT_EQ(next(), "wait");
  machine_.waited();
  EXPECT_EQ(next(), "list +t1");
}

TEST_F(ListWatchMachineTest, AClosedWatchGoesOnAtOnceFromTheLastVersion) {
  list("10");
  EXPECT_TRUE(machine_.advanced("12"));
  machine_.watch_ended({.error = {}, .lasted = minutes(4), .brought_something = true}, kNow);
  EXPECT_EQ(next(), "watch 12");
  for (int i = 0; i < 100; ++i) {  // slow watchers are cut off after a burst, again and again
    machine_.watch_ended({.error = {}, .lasted = milliseconds(20), .brought_something = true},
                         kNow);
    ASSERT_EQ(next(), "watch 12");
  }
}

TEST_F(ListWatchMachineTest, WaitsALittleFromTheThirdFruitlessWatchInARowOn) {
  list("10");
  const WatchEnd fruitless{.error = {}, .lasted = milliseconds(20), .brought_something = false};
  machine_.watch_ended(fruitless, kNow);
  EXPECT_EQ(next(), "watch 10");
  machine_.watch_ended(fruitless, kNow);
  EXPECT_EQ(next(), "watch 10");
  machine_.watch_ended(fruitless, kNow);
  EXPECT_EQ(next(), "wait");
  EXPECT_LE(delay(), milliseconds(800));
  machine_.waited();
  EXPECT_EQ(next(), "watch 10");
}

TEST_F(ListWatchMachineTest, AVersionThatIsGoneIsListedAgainAtOnceButNotInAHotLoop) {
  list("10");
  const WatchEnd gone{
      .error = Error(ErrorCode::kGone, "too old"), .lasted = {}, .brought_something = false};
  for (int i = 0; i < 2; ++i) {
    machine_.watch_ended(gone, kNow);
    EXPECT_EQ(next(), "list");
    list("20");
  }
  machine_.watch_ended(gone, kNow);
  EXPECT_EQ(next(), "wait");
  machine_.waited();
  EXPECT_EQ(next(), "list");
}

TEST_F(ListWatchMachineTest, FailuresBackOffUpToThirtySecondsAndWatchFromTheSameVersion) {
  list("10");
  machine_.advanced("15");
  for (const ErrorCode code : {ErrorCode::kRefused, ErrorCode::kUnavailable, ErrorCode::kTimeout,
                               ErrorCode::kForbidden, ErrorCode::kUnauthenticated}) {
    machine_.watch_ended({.error = Error(code, "no"), .lasted = {}, .brought_something = false},
                         kNow);
    ASSERT_EQ(next(), "wait");
    machine_.waited();
    ASSERT_EQ(next(), "watch 15");
  }
  std::chrono::nanoseconds longest{};
  for (int i = 0; i < 10; ++i) {
    machine_.watch_ended(
        {.error = Error(ErrorCode::kRefused, "no"), .lasted = {}, .brought_something = false},
        kNow);
    longest = std::max(longest, delay());
    machine_.waited();
  }
  EXPECT_GE(longest, seconds(15));
  EXPECT_LE(longest, seconds(30));
}

TEST_F(ListWatchMachineTest, TheBackOffBeginsAnewAfterTwoMinutesWithoutAFailure) {
  MonoTime now = kNow;
  for (int i = 0; i < 8; ++i) {
    machine_.list_failed(Error(ErrorCode::kRefused, "no"), now);
    machine_.waited();
  }
  now += minutes(2);
  machine_.list_failed(Error(ErrorCode::kRefused, "no"), now);
  EXPECT_LE(delay(), milliseconds(800));
}

TEST_F(ListWatchMachineTest, WaitsAtLeastAsLongAsTheServerAsks) {
  machine_.list_failed(Error(ErrorCode::kRefused, "429", milliseconds(7000)), kNow);
  EXPECT_EQ(delay(), seconds(7));
}

TEST_F(ListWatchMachineTest, AStreamThatWasSilentForMinutesIsNotTrusted) {
  list("10");
  machine_.watch_ended({.error = {}, .lasted = minutes(4), .brought_something = false}, kNow);
  EXPECT_EQ(next(), "list");
}

TEST_F(ListWatchMachineTest, AHistoryThatWentBackIsListedAgain) {
  list("1000");
  EXPECT_FALSE(machine_.advanced("999"));
  machine_.watch_ended({.error = {}, .lasted = seconds(5), .brought_something = true}, kNow);
  EXPECT_EQ(next(), "list");
}

TEST_F(ListWatchMachineTest, AMissingTypeIsAskedForEveryFewSecondsAndBelievedTheSecondTime) {
  list("10");
  machine_.watch_ended(
      {.error = Error(ErrorCode::kNotFound, "404"), .lasted = {}, .brought_something = false},
      kNow);
  EXPECT_EQ(next(), "list");
  machine_.list_failed(Error(ErrorCode::kNotFound, "404"), kNow);
  EXPECT_EQ(machine_.state(), ListWatchState::kMissingType);
  EXPECT_TRUE(machine_.missing_type());
  EXPECT_FALSE(machine_.objects_gone());
  for (int i = 0; i < 10; ++i) {
    machine_.waited();
    EXPECT_EQ(next(), "list");
    machine_.list_failed(Error(ErrorCode::kNotFound, "404"), kNow);
    EXPECT_TRUE(machine_.objects_gone());
    EXPECT_LE(delay(), seconds(10));
  }
  machine_.waited();
  list("30");
  EXPECT_FALSE(machine_.missing_type());
  EXPECT_EQ(next(), "watch 30");
}

}  // namespace
}  // namespace holmes::kube
