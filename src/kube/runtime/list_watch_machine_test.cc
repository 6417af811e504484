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
  // The API server does not know how to begin a watch with all objects.
  void SetUp() override {
    machine_.watch_ended({.error = Error(ErrorCode::kInvalid, "no"), .lasted = {}}, kNow);
  }
  // "stream", "stream >=10", "list", "list >=10", "list +token", "list all", "watch 12", "wait"
  std::string next() {
    const ListWatchStep step = machine_.next();
    const auto since = [](const std::string& v) { return v.empty() ? "" : " >=" + v; };
    if (const auto* stream = std::get_if<StreamStep>(&step)) {
      return "stream" + since(stream->not_older_than);
    }
    if (const auto* list = std::get_if<ListStep>(&step)) {
      if (list->limit == 0) return "list all";
      if (!list->continue_token.empty()) return "list +" + list->continue_token;
      return "list" + since(list->not_older_than);
    }
    if (const auto* watch = std::get_if<WatchStep>(&step))
      return "watch " + watch->resource_version;
    if (std::holds_alternative<AskStep>(step)) return "ask";
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

TEST_F(ListWatchMachineTest, AWatchOfLessThanASecondWithoutAnEventIsAnError) {
  list("10");
  const WatchEnd quick{
      .error = {}, .lasted = milliseconds(20), .brought_something = false, .opened = true};
  EXPECT_EQ(quick.failure()->message, "the watch ended after 20 ms without an event");
  machine_.watch_ended(quick, kNow);
  EXPECT_EQ(next(), "wait");
  EXPECT_LE(delay(), milliseconds(800));
  machine_.waited();
  EXPECT_EQ(next(), "watch 10");
  machine_.watch_ended({.error = {}, .lasted = seconds(1), .brought_something = false}, kNow);
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
    machine_.watch_ended({.error = Error(code, "no"), .lasted = {}, .brought_something = true},
                         kNow);
    ASSERT_EQ(next(), "wait");
    machine_.waited();
    ASSERT_EQ(next(), "ask");
    ASSERT_TRUE(machine_.asked("15"));
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

TEST_F(ListWatchMachineTest, AWatchThatFailsAgainAndAgainFromOneVersionIsReplacedByAList) {
  list("10");
  for (unsigned i = 1; i <= kMaxSameFailures; ++i) {
    ASSERT_EQ(next(), "watch 10");
    machine_.watch_ended({.error = Error(ErrorCode::kUnavailable, "500"), .lasted = {}}, kNow);
    ASSERT_EQ(next(), "wait");
    machine_.waited();
    if (i < kMaxSameFailures) {
      ASSERT_EQ(next(), "ask");
      ASSERT_TRUE(machine_.asked("12"));
    }
  }
  EXPECT_EQ(next(), "list >=10");
}

// A watch from a version that a restored API server has not reached would say nothing.
TEST_F(ListWatchMachineTest,
       AfterAnApiServerWasAwayItsNewestVersionTellsWhetherTheHistoryWentBack) {
  list("10");
  machine_.watch_ended({.error = {}, .lasted = seconds(30), .opened = true, .broke = true}, kNow);
  ASSERT_EQ(next(), "ask");
  EXPECT_TRUE(machine_.asked("10"));
  EXPECT_EQ(next(), "watch 10");
  machine_.watch_ended({.error = {}, .lasted = seconds(30), .opened = true, .broke = true}, kNow);
  machine_.list_failed(Error(ErrorCode::kRefused, "connection refused"), kNow);
  ASSERT_EQ(next(), "wait");
  machine_.waited();
  ASSERT_EQ(next(), "ask");
  EXPECT_FALSE(machine_.asked("9"));
  EXPECT_EQ(next(), "list");
}

TEST_F(ListWatchMachineTest, AWatchThatItsServerEndsIsGoneOnWithWithoutAQuestion) {
  list("10");
  machine_.watch_ended({.error = {}, .lasted = seconds(30), .opened = true}, kNow);
  EXPECT_EQ(next(), "watch 10");
}

TEST_F(ListWatchMachineTest, APageThatFailsAgainAndAgainBeginsTheListAnew) {
  EXPECT_FALSE(machine_.page_arrived("10", "token"));
  for (unsigned i = 1; i <= kMaxSameFailures; ++i) {
    ASSERT_EQ(next(), "list +token");
    machine_.list_failed(Error(ErrorCode::kRefused, "429"), kNow);  // which may last
    machine_.waited();
    ASSERT_EQ(next(), "list +token");
    machine_.list_failed(Error(ErrorCode::kUnavailable, "500"), kNow);
    ASSERT_EQ(next(), "wait");
    machine_.waited();
  }
  EXPECT_EQ(next(), "list");
  EXPECT_FALSE(machine_.page_arrived("10", "other"));
  machine_.list_failed(Error(ErrorCode::kInvalid, "400: token"), kNow);
  machine_.waited();
  EXPECT_EQ(next(), "list");
}

TEST_F(ListWatchMachineTest, AListThatIsTooLargeAsAWholeIsReadInPagesAgain) {
  EXPECT_FALSE(machine_.page_arrived("10", "token"));
  machine_.list_failed(Error(ErrorCode::kGone, "410"), kNow);
  EXPECT_EQ(next(), "list all");
  machine_.list_failed(Error(ErrorCode::kTooLarge, "64 MiB"), kNow);
  EXPECT_EQ(next(), "wait");
  machine_.waited();
  EXPECT_EQ(next(), "list");
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

TEST_F(ListWatchMachineTest, AListAfterTroubleIsNotOlderThanAnythingKnown) {
  const WatchEnd unreadable{.error = Error(ErrorCode::kTooLarge, "event"),
                            .lasted = seconds(9),
                            .brought_something = true};
  list("10");
  machine_.advanced("15");
  machine_.watch_ended(unreadable, kNow);
  machine_.waited();
  EXPECT_EQ(next(), "list >=15");
  machine_.page_arrived("15", "t1");
  EXPECT_EQ(next(), "list +t1");
  list("15");
  machine_.wrote("99");
  machine_.wrote("18");
  machine_.watch_ended(unreadable, kNow);
  machine_.waited();
  EXPECT_EQ(next(), "list >=99");
}

TEST_F(ListWatchMachineTest, AVersionThatIsNotThereIsReplacedByTheMostRecentAtOnce) {
  list("10");
  machine_.watch_ended(
      {.error = Error(ErrorCode::kProtocol, "?"), .lasted = {}, .brought_something = true}, kNow);
  machine_.waited();
  EXPECT_EQ(next(), "list >=10");
  machine_.list_failed(Error(ErrorCode::kGone, "too large resource version"), kNow);
  EXPECT_EQ(next(), "list");
  machine_.list_failed(Error(ErrorCode::kGone, "again"), kNow);
  EXPECT_EQ(next(), "wait");
}

TEST_F(ListWatchMachineTest, ADoubtfulHistoryIsListedAtItsMostRecentVersion) {
  list("1000");
  machine_.wrote("1001");
  machine_.must_list();
  EXPECT_EQ(next(), "list");
  list("500");
  machine_.wrote("501");  // of the new history
  machine_.watch_ended(
      {.error = Error(ErrorCode::kProtocol, "?"), .lasted = {}, .brought_something = true}, kNow);
  machine_.waited();
  EXPECT_EQ(next(), "list >=501");
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

class StreamingMachineTest : public ListWatchMachineTest {
 protected:
  void SetUp() override {}
  void fail(ErrorCode code) {
    machine_.watch_ended({.error = Error(code, "no"), .lasted = {}, .brought_something = false},
                         kNow);
  }
};

TEST_F(StreamingMachineTest, AStreamOfAllObjectsGoesOnAsAWatch) {
  EXPECT_EQ(next(), "stream");
  EXPECT_FALSE(machine_.synced());
  machine_.initial_events_ended("10");
  EXPECT_TRUE(machine_.synced());
  EXPECT_EQ(machine_.state(), ListWatchState::kWatching);
  EXPECT_TRUE(machine_.advanced("11"));
  machine_.watch_ended({.error = {}, .lasted = minutes(4), .brought_something = true}, kNow);
  EXPECT_EQ(next(), "watch 11");
}

TEST_F(StreamingMachineTest, LaterListsAreStreamsToo) {
  machine_.initial_events_ended("10");
  fail(ErrorCode::kProtocol);
  machine_.waited();
  EXPECT_EQ(next(), "stream >=10");
  fail(ErrorCode::kGone);
  EXPECT_EQ(next(), "stream");
  machine_.initial_events_ended("5");
  EXPECT_EQ(next(), "watch 5");
}

TEST_F(StreamingMachineTest, ARefusedStreamIsReplacedByPagesForGood) {
  fail(ErrorCode::kInvalid);
  EXPECT_EQ(next(), "list");
  list("10");
  machine_.must_list();
  EXPECT_EQ(next(), "list");
}

TEST_F(StreamingMachineTest, AStreamThatBreaksOffIsReplacedByPagesThisTime) {
  machine_.watch_ended({.error = {}, .lasted = seconds(5), .brought_something = true}, kNow);
  EXPECT_EQ(next(), "list");
  list("10");
  fail(ErrorCode::kTooLarge);
  machine_.waited();
  EXPECT_EQ(next(), "stream >=10");
  fail(ErrorCode::kTooLarge);
  EXPECT_EQ(next(), "list >=10");
}

TEST_F(StreamingMachineTest, AStreamThatFellSilentTwiceInARowIsReplacedByPagesForGood) {
  const WatchEnd silent{.error = Error(ErrorCode::kTimeout, "silent"), .opened = true};
  machine_.watch_ended(silent, kNow);
  EXPECT_EQ(next(), "list");
  list("10");
  machine_.must_list();
  EXPECT_EQ(next(), "stream");
  machine_.initial_events_ended("11");
  for (unsigned i = 1; i <= kMaxSilentStreams; ++i) {
    machine_.must_list();
    ASSERT_EQ(next(), "stream");
    machine_.watch_ended(silent, kNow);
    ASSERT_EQ(next(), "list");
    list("12");
  }
  machine_.must_list();
  EXPECT_EQ(next(), "list");
}

TEST_F(StreamingMachineTest, AVersionThatIsGoneBehindItsStreamIsNoHotLoop) {
  for (unsigned i = 1; i <= kMaxGoneWatches; ++i) {
    ASSERT_EQ(next(), "stream");
    machine_.initial_events_ended("10");
    machine_.watch_ended({.error = Error(ErrorCode::kGone, "410"),
                          .lasted = seconds(3),
                          .brought_something = true,
                          .opened = true},
                         kNow + seconds(3 * i));
  }
  EXPECT_EQ(next(), "wait");
}

TEST_F(StreamingMachineTest, AStreamThatCannotBeOpenedNowIsAskedForAgain) {
  for (const ErrorCode code : {ErrorCode::kRefused, ErrorCode::kUnavailable, ErrorCode::kTimeout,
                               ErrorCode::kForbidden, ErrorCode::kUnauthenticated}) {
    fail(code);
    ASSERT_EQ(next(), "wait");
    machine_.waited();
    ASSERT_EQ(next(), "stream");
  }
}

TEST_F(StreamingMachineTest, AMissingTypeIsMissingForStreamsToo) {
  fail(ErrorCode::kNotFound);
  EXPECT_EQ(machine_.state(), ListWatchState::kMissingType);
  machine_.waited();
  fail(ErrorCode::kNotFound);
  EXPECT_TRUE(machine_.objects_gone());
  machine_.waited();
  EXPECT_EQ(next(), "stream");
  machine_.initial_events_ended("10");
  EXPECT_FALSE(machine_.missing_type());
}

}  // namespace
}  // namespace holmes::kube
