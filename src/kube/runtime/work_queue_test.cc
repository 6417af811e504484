#include "kube/runtime/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

const ObjectKey kA{"ns", "a"};
const ObjectKey kB{"ns", "b"};
const ObjectKey kC{"ns", "c"};

class WorkQueueTest : public ::testing::Test {
 protected:
  std::string get() {
    const Result<ObjectKey> key = loop_.run(queue_.get({}));
    return key->name;
  }
  [[nodiscard]] std::string exposed() const { return registry_.expose(); }

  VirtualLoop loop_;
  SeededRandom random_{3};
  MetricsRegistry registry_;
  RuntimeMetrics metrics_{registry_};
  WorkQueue queue_{loop_, random_, metrics_, {.name = "toys"}};
};

TEST_F(WorkQueueTest, HandsOutInTheOrderOfArrival) {
  for (const ObjectKey& key : {kB, kA, kC, kA, kB}) queue_.add(key);
  EXPECT_EQ(queue_.size(), 3U);
  EXPECT_EQ(get(), "b");
  EXPECT_EQ(get(), "a");
  EXPECT_EQ(get(), "c");
}

TEST_F(WorkQueueTest, NeverHandsOutAKeyTwiceWhileItIsWorkedOn) {
  queue_.add(kA);
  EXPECT_EQ(get(), "a");
  queue_.add(kA);
  queue_.add(kA);
  queue_.add(kB);
  EXPECT_EQ(get(), "b");
  EXPECT_EQ(queue_.size(), 0U);
  queue_.done(kA);
  EXPECT_EQ(queue_.size(), 1U);
  EXPECT_EQ(get(), "a");
  queue_.done(kA);
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_EQ(queue_.in_hand(), 1U);
}

TEST_F(WorkQueueTest, AWorkerWaitsForAKey) {
  const Timer later(loop_, loop_.mono_now() + seconds(2), [this] { queue_.add(kA); });
  const MonoTime before = loop_.mono_now();
  EXPECT_EQ(get(), "a");
  EXPECT_EQ(loop_.mono_now() - before, seconds(2));
}

TEST_F(WorkQueueTest, AStopEndsTheWaitAndAlsoRefusesWaitingKeys) {
  StopSource source({}, loop_, loop_.mono_now() + seconds(1));
  EXPECT_EQ(loop_.run(queue_.get(source.stop())).error().code, ErrorCode::kTimeout);
  queue_.add(kA);
  EXPECT_FALSE(loop_.run(queue_.get(source.stop())).has_value());
  EXPECT_EQ(queue_.size(), 1U);
}

Task<> take(WorkQueue& queue, Stop stop, std::vector<std::string>& taken) {
  const Result<ObjectKey> key = co_await queue.get(std::move(stop));
  taken.push_back(key ? key->name : "stopped");
}

TEST_F(WorkQueueTest, AKeyIsNotLostWhenTheWokenWorkerStops) {
  std::vector<std::string> taken;
  StopSource first;
  TaskScope scope(loop_);
  scope.spawn(take(queue_, first.stop(), taken));
  loop_.run_until_idle();
  scope.spawn(take(queue_, scope.stop(), taken));
  loop_.run_until_idle();
  queue_.add(kA);  // wakes the first, which is stopped before it runs
  first.request_stop();
  loop_.run_until_idle();
  EXPECT_THAT(taken, ElementsAre("stopped", "a"));
  loop_.run(scope.close());
}

TEST_F(WorkQueueTest, OfSeveralDelaysTheEarliestWins) {
  const MonoTime before = loop_.mono_now();
  queue_.add_after(kA, seconds(30));
  queue_.add_after(kA, seconds(10));
  queue_.add_after(kA, seconds(20));
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_EQ(get(), "a");
  EXPECT_EQ(loop_.mono_now() - before, seconds(10));
  queue_.done(kA);
  loop_.advance(seconds(60));
  EXPECT_EQ(queue_.size(), 0U);  // once in all
}

TEST_F(WorkQueueTest, NoDelayMeansNow) {
  queue_.add_after(kA, seconds(0));
  queue_.add_after(kB, seconds(-5));
  EXPECT_EQ(queue_.size(), 2U);
}

TEST_F(WorkQueueTest, ADelayThatEndsWhileTheKeyIsInHandIsRemembered) {
  queue_.add(kA);
  EXPECT_EQ(get(), "a");
  queue_.add_after(kA, seconds(1));
  loop_.advance(seconds(2));
  EXPECT_EQ(queue_.size(), 0U);
  queue_.done(kA);
  EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(WorkQueueTest, RetriesBackOffPerKeyUpToAMinuteAndForgetBeginsAnew) {
  const auto delay = [this](const ObjectKey& key) {
    const MonoTime before = loop_.mono_now();
    queue_.retry(key);
    const Result<ObjectKey> got = loop_.run(queue_.get({}));
    EXPECT_EQ(*got, key);
    queue_.done(key);
    return loop_.mono_now() - before;
  };
  EXPECT_LE(delay(kA), milliseconds(50));
  for (int i = 0; i < 15; ++i) delay(kA);
  const auto longest = delay(kA);
  EXPECT_GE(longest, seconds(30));
  EXPECT_LE(longest, seconds(60));
  EXPECT_EQ(queue_.retries(kA), 17U);
  EXPECT_LE(delay(kB), milliseconds(50));
  queue_.forget(kA);
  EXPECT_EQ(queue_.retries(kA), 0U);
  EXPECT_LE(delay(kA), milliseconds(50));
}

TEST_F(WorkQueueTest, TheHigherLaneGoesFirstAndWithinALaneTheOldest) {
  queue_.add({"ns", "sweep"}, Lane::kSweep);
  queue_.add({"ns", "list"}, Lane::kBackground);
  queue_.add({"ns", "change"});
  queue_.add({"ns", "due 1"}, Lane::kUrgent);
  queue_.add({"ns", "due 2"}, Lane::kUrgent);
  for (const char* name : {"due 1", "due 2", "change", "list", "sweep"}) EXPECT_EQ(get(), name);
}

TEST_F(WorkQueueTest, AKeyAddedAgainMovesToTheHigherLaneAndKeepsItsAge) {
  queue_.add(kA, Lane::kBackground);
  queue_.add(kB, Lane::kUrgent);
  loop_.advance(seconds(2));
  queue_.add(kA, Lane::kUrgent);
  queue_.add(kA, Lane::kSweep);  // never down
  EXPECT_EQ(queue_.size(), 2U);
  EXPECT_EQ(get(), "a");  // older than b
  EXPECT_EQ(get(), "b");
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(WorkQueueTest, AKeyAddedWhileInHandComesBackInTheHighestLaneItWasAddedTo) {
  queue_.add(kA, Lane::kBackground);
  EXPECT_EQ(get(), "a");
  queue_.add(kA, Lane::kBackground);
  queue_.add(kA, Lane::kUrgent);
  queue_.add(kB);
  queue_.done(kA);
  EXPECT_EQ(get(), "a");
}

TEST_F(WorkQueueTest, SeveralWishesAreOneAtTheEarliestTimeInTheHighestLane) {
  queue_.add_after(kA, seconds(10), Lane::kBackground);
  queue_.add_after(kA, seconds(60), Lane::kUrgent);
  loop_.advance(seconds(9));
  queue_.add(kB);
  queue_.add(kC);
  loop_.advance(seconds(1));
  EXPECT_EQ(get(), "a");  // at 10 s, before the others
  queue_.done(kA);
  queue_.add_after(kA, seconds(10), Lane::kUrgent);
  queue_.add(kA, Lane::kBackground);  // earlier: now, and still urgent
  EXPECT_EQ(get(), "a");
  queue_.done(kA);
  loop_.advance(seconds(60));
  EXPECT_EQ(queue_.size(), 2U);  // nothing of a is left
}

TEST_F(WorkQueueTest, ARetryStaysInItsLane) {
  queue_.add(kA, Lane::kUrgent);
  EXPECT_EQ(get(), "a");
  queue_.retry(kA);
  queue_.done(kA);
  queue_.add(kB);
  loop_.advance(seconds(1));
  EXPECT_EQ(get(), "a");
}

// Twice as many urgent keys as can be worked on, for ever: the others wait for their turn only.
TEST_F(WorkQueueTest, UrgentLoadWithoutEndNeverStarvesTheOthers) {
  const std::vector<std::string> patient{"n1", "n2", "b1", "b2", "s1", "s2"};
  for (const std::string& name : patient) {
    const Lane lane = name[0] == 'n'   ? Lane::kNormal
                      : name[0] == 'b' ? Lane::kBackground
                                       : Lane::kSweep;
    queue_.add({"ns", name}, lane);
  }
  std::vector<std::string> served;
  size_t urgent = 0;
  const auto turn = [&] {
    queue_.add({"ns", "u" + std::to_string(urgent++)}, Lane::kUrgent);
    queue_.add({"ns", "u" + std::to_string(urgent++)}, Lane::kUrgent);
    const std::string name = get();
    queue_.done({"ns", name});
    if (name[0] != 'u') served.push_back(name);
    return name;
  };
  for (int i = 0; i < 100; ++i) EXPECT_EQ(turn()[0], 'u');
  loop_.advance(kLanePatience);
  for (size_t i = 1; i <= patient.size(); ++i) {
    for (unsigned k = 0; k < kLaneTurn; ++k) turn();
    EXPECT_EQ(served.size(), i);  // one turn of kLaneTurn, neither more nor less
  }
  EXPECT_EQ(served, patient);  // the oldest first, whatever their lanes
}

TEST_F(WorkQueueTest, ASweepLeavesAloneWhatIsLookedAtAnyway) {
  queue_.add_after(kA, seconds(10));
  queue_.add(kB);
  EXPECT_EQ(get(), "b");
  for (const ObjectKey& key : {kA, kB, kC}) queue_.add(key, Lane::kSweep);
  queue_.done(kB);
  EXPECT_EQ(queue_.size(), 2U);
  EXPECT_EQ(get(), "a");
  queue_.done(kA);
  EXPECT_EQ(get(), "c");
  queue_.done(kC);
  loop_.advance(seconds(10));
  EXPECT_EQ(get(), "a");  // the sweep was no substitute for the delay
}

TEST_F(WorkQueueTest, TellsWhatOnlyASweepAskedFor) {
  queue_.add(kA, Lane::kSweep);
  queue_.add(kB, Lane::kSweep);
  queue_.add(kB);
  EXPECT_FALSE(queue_.only_swept(kA));  // not in hand
  for (const char* name : {"b", "a"}) EXPECT_EQ(get(), name);
  EXPECT_FALSE(queue_.only_swept(kB));
  EXPECT_TRUE(queue_.only_swept(kA));
  queue_.add(kA);  // what it changes is told as a change
  EXPECT_TRUE(queue_.only_swept(kA));
  queue_.done(kA);
  EXPECT_EQ(get(), "a");
  EXPECT_FALSE(queue_.only_swept(kA));
}

TEST_F(WorkQueueTest, MetricsCarryControllerRuntimeNames) {
  queue_.add(kA);
  queue_.add(kA);
  queue_.add(kB);
  queue_.add(kC, Lane::kUrgent);
  loop_.advance(seconds(5));
  EXPECT_EQ(get(), "c");
  loop_.advance(seconds(2));
  EXPECT_EQ(get(), "a");
  loop_.advance(seconds(1));
  const std::string text = exposed();
  queue_.done(kC);
  queue_.retry(kC);
  for (const char* line :
       {"workqueue_depth{controller=\"toys\",name=\"toys\",priority=\"0\"} 1\n",
        "workqueue_depth{controller=\"toys\",name=\"toys\",priority=\"100\"} 0\n",
        "workqueue_adds_total{controller=\"toys\",name=\"toys\"} 3\n",
        "workqueue_queue_duration_seconds_sum{controller=\"toys\",name=\"toys\"} 12\n",
        "workqueue_unfinished_work_seconds{controller=\"toys\",name=\"toys\"} 4\n",
        "workqueue_longest_running_processor_seconds{controller=\"toys\",name=\"toys\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  for (const char* line :
       {"workqueue_work_duration_seconds_sum{controller=\"toys\",name=\"toys\"} 3\n",
        "workqueue_unfinished_work_seconds{controller=\"toys\",name=\"toys\"} 1\n",
        "workqueue_retries_total{controller=\"toys\",name=\"toys\"} 1\n"}) {
    EXPECT_NE(exposed().find(line), std::string::npos) << line << exposed();
  }
}

// Random operations against the promise: one worker per key, and no added key is ever lost.
TEST_F(WorkQueueTest, LosesNothingUnderRandomUse) {
  SeededRandom dice(11);
  std::map<ObjectKey, bool> wanted;  // added and not handed out since
  std::vector<ObjectKey> hands;
  for (int i = 0; i < 20'000; ++i) {
    const ObjectKey key{"ns", std::to_string(dice.next() % 20)};
    if (dice.next() % 2 == 0) {
      const auto lane = static_cast<Lane>(dice.next() % kLanes);
      // A sweep may be ignored for what is in hand.
      if (lane == Lane::kSweep && std::ranges::find(hands, key) != hands.end()) continue;
      queue_.add(key, lane);
      wanted[key] = true;
    } else if (queue_.size() > 0) {
      const ObjectKey got = *loop_.run(queue_.get({}));
      ASSERT_THAT(hands, ::testing::Not(::testing::Contains(got)));
      ASSERT_TRUE(wanted[got]);
      wanted[got] = false;
      hands.push_back(got);
    }
    if (hands.size() > 5) {
      const size_t at = dice.next() % hands.size();
      queue_.done(hands[at]);
      hands.erase(hands.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  for (const ObjectKey& key : hands) queue_.done(key);
  while (queue_.size() > 0) {
    const ObjectKey got = *loop_.run(queue_.get({}));
    wanted[got] = false;
    queue_.done(got);
  }
  for (const auto& [key, waits] : wanted) EXPECT_FALSE(waits) << key.name;
}

}  // namespace
}  // namespace holmes::kube
