#include "kube/runtime/leader_elector.h"

#include <memory>

#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "kube/client/lease_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct LeaseWorld {
  VirtualLoop loop;
  SeededRandom random{1};
  FakeLeaseStore store;

  void take_over() {
    store.edit([](Lease& lease) {
      lease.holder = "somebody";
      ++lease.transitions;
    });
  }
};

// A process that competes and leads: one term after another, as long as it lives.
class Candidate {
 public:
  Candidate(LeaseWorld& world, std::string name)
      : world_(world),
        wire(new FakeLeaseTransport(world.loop, world.store)),
        client_(world.loop, std::unique_ptr<Transport>(wire)),
        elector(world.loop, world.random, client_, Logger(), metrics_,
                {.lease = {"holmes", "holmes-operator"}, .identity = std::move(name)}),
        scope_(world.loop) {
    scope_.spawn(live(scope_.stop()));
  }
  // Without a release: a crash.
  ~Candidate() { world_.loop.run(scope_.close()); }

  // As at SIGTERM.
  void resign() {
    world_.loop.run(scope_.close());
    world_.loop.run(elector.release());
  }
  [[nodiscard]] bool shows(const std::string& line) const {
    return registry_.expose().find(line + "\n") != std::string::npos;
  }

 private:
  LeaseWorld& world_;
  MetricsRegistry registry_;
  RuntimeMetrics metrics_{registry_};

 public:
  FakeLeaseTransport* wire;

 private:
  LeaseClient client_;

 public:
  LeaderElector elector;
  std::vector<std::string> epochs;
  std::vector<MonoTime> began;
  std::vector<Error> ends;

 private:
  Task<> live(Stop stop) {
    while (co_await elector.acquire(stop)) {
      epochs.push_back(elector.epoch());
      began.push_back(world_.loop.mono_now());
      ends.push_back(co_await elector.hold(stop));
      if (stop.requested()) co_return;
    }
  }

  TaskScope scope_;
};

TEST(LeaderElector, TheFirstOneMakesTheLeaseAndLeads) {
  LeaseWorld world;
  const Candidate a(world, "a");
  EXPECT_FALSE(a.elector.leads());
  EXPECT_EQ(a.elector.epoch(), "");
  world.loop.advance(seconds(1));
  EXPECT_TRUE(a.elector.leads());
  EXPECT_EQ(a.elector.epoch(), "u1/0");
  EXPECT_EQ(world.store.stored->holder, "a");
  EXPECT_EQ(world.store.stored->duration, seconds(15));
  EXPECT_TRUE(a.shows("leader_election_master_status{name=\"holmes-operator\"} 1"));
}

TEST(LeaderElector, OneLeadsAndTheOthersStandBy) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(1));
  const Candidate b(world, "b");
  const Candidate c(world, "c");
  for (int minute = 0; minute < 10; ++minute) {
    world.loop.advance(seconds(60));
    EXPECT_TRUE(a.elector.leads());
    EXPECT_FALSE(b.elector.leads() || c.elector.leads());
  }
  EXPECT_EQ(a.elector.epoch(), "u1/0");
  EXPECT_TRUE(b.shows("leader_election_master_status{name=\"holmes-operator\"} 0"));
  // A renewal every 2 s and a look every 2 to 2.4 s, one request each.
  EXPECT_LE(a.wire->asked.size(), 302U);
  EXPECT_LE(b.wire->asked.size(), 301U);
  EXPECT_GE(b.wire->asked.size(), 250U);
}

// Whenever it dies between two renewals, and however the looks of the other fall.
TEST(LeaderElector, AfterACrashTheNextOneLeadsWithinSeventeenAndAHalfSeconds) {
  for (int i = 0; i < 50; ++i) {
    LeaseWorld world;
    auto a = std::make_unique<Candidate>(world, "a");
    world.loop.advance(seconds(1));
    const Candidate b(world, "b");
    world.loop.advance(seconds(60) + i * milliseconds(40));
    a = nullptr;
    const MonoTime died = world.loop.mono_now();
    world.loop.advance(seconds(20));
    ASSERT_TRUE(b.elector.leads());
    EXPECT_EQ(b.elector.epoch(), "u1/1");
    EXPECT_LE(b.began.front() - died, milliseconds(17'500));
    EXPECT_GE(b.began.front() - died, seconds(13));
  }
}

TEST(LeaderElector, AReleasedLeaseIsTakenAtTheNextLook) {
  LeaseWorld world;
  Candidate a(world, "a");
  world.loop.advance(seconds(1));
  const Candidate b(world, "b");
  world.loop.advance(seconds(60));
  a.resign();
  EXPECT_FALSE(a.elector.leads());
  EXPECT_EQ(world.store.stored->holder, "");
  EXPECT_EQ(world.store.stored->duration, seconds(1));
  world.loop.advance(milliseconds(2400));
  EXPECT_TRUE(b.elector.leads());
  EXPECT_EQ(b.elector.epoch(), "u1/1");
}

TEST(LeaderElector, LeadsNoMoreFromTheRenewDeadlineOnCountedFromBeforeTheRenewalWasSent) {
  LeaseWorld world;
  const Candidate a(world, "a");
  a.wire->latency = seconds(1);  // of each answer
  world.loop.advance(seconds(30));
  ASSERT_TRUE(a.elector.leads());
  // Renewals leave every 2 s and are answered 1 s later; the next one is not answered any more.
  while (world.store.stored->renewed != world.loop.wall_now()) world.loop.advance(milliseconds(10));
  const MonoTime sent = world.loop.mono_now();
  world.loop.advance(milliseconds(1500));
  a.wire->cut = true;
  world.loop.advance(sent + milliseconds(9990) - world.loop.mono_now());
  EXPECT_TRUE(a.elector.leads());
  EXPECT_TRUE(a.ends.empty());
  world.loop.advance(milliseconds(10));
  EXPECT_FALSE(a.elector.leads());
  ASSERT_EQ(a.ends.size(), 1U);
  EXPECT_EQ(a.ends[0].code, ErrorCode::kTimeout);
}

// The clock goes on while no turn of the process runs: as after SIGSTOP or a suspend.
TEST(LeaderElector, AProcessThatStoodStillDoesNotLeadInItsFirstTurnAfterwards) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  ASSERT_TRUE(a.elector.leads());
  bool led = true;
  size_t asked = 0;
  // Whatever was ready runs before any timer, the elector's too.
  world.loop.stand_still(seconds(11));
  world.loop.post([&] {
    led = a.elector.leads();
    asked = a.wire->asked.size();
  });
  world.loop.run_until_idle();
  EXPECT_FALSE(led);
  ASSERT_EQ(a.ends.size(), 1U);
  EXPECT_EQ(a.ends[0].code, ErrorCode::kTimeout);
  // The next term is another one, although nobody else led meanwhile.
  world.loop.advance(seconds(1));
  EXPECT_TRUE(a.elector.leads());
  EXPECT_EQ(a.epochs, (std::vector<std::string>{"u1/0", "u1/1"}));
}

TEST(LeaderElector, AnAnswerThatComesAfterTheDeadlineDoesNotBringTheTermBack) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  a.wire->latency = milliseconds(100);
  while (world.store.stored->renewed != world.loop.wall_now()) world.loop.advance(milliseconds(10));
  world.loop.stand_still(seconds(20));  // with the answer on its way
  EXPECT_FALSE(a.elector.leads());
  world.loop.run_until_idle();
  EXPECT_EQ(a.ends.size(), 1U);
}

TEST(LeaderElector, APauseShorterThanTheDeadlineIsNoReasonToStop) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  world.loop.stand_still(seconds(7));
  EXPECT_TRUE(a.elector.leads());
  world.loop.advance(seconds(60));
  EXPECT_TRUE(a.elector.leads());
  EXPECT_TRUE(a.ends.empty());
}

// Two at once must not lead at any moment, cut off or paused, on a clock that both share.
TEST(LeaderElector, WhoeverIsCutOffStopsBeforeTheNextOneBegins) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(1));
  const Candidate b(world, "b");
  for (int round = 0; round < 20; ++round) {
    const Candidate& leader = a.elector.leads() ? a : b;
    world.loop.advance(seconds(30) + round * milliseconds(170));
    leader.wire->cut = true;
    for (int i = 0; i < 250; ++i) {
      world.loop.advance(milliseconds(100));
      EXPECT_FALSE(a.elector.leads() && b.elector.leads());
    }
    leader.wire->cut = false;
    EXPECT_TRUE(a.elector.leads() || b.elector.leads());
  }
  EXPECT_EQ(world.store.stored->transitions, 20);
}

TEST(LeaderElector, ALeaseThatWasDeletedEndsTheTermAndItsSuccessorHasAnotherEpoch) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  world.store.stored.reset();
  world.loop.advance(seconds(2));
  ASSERT_EQ(a.ends.size(), 1U);
  EXPECT_EQ(a.ends[0].code, ErrorCode::kNotFound);
  world.loop.advance(seconds(5));
  EXPECT_EQ(a.epochs, (std::vector<std::string>{"u1/0", "u2/0"}));
}

TEST(LeaderElector, ALeaseThatSomebodyElseTookEndsTheTermAtTheNextRenewal) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  world.take_over();
  world.loop.advance(seconds(2));
  EXPECT_FALSE(a.elector.leads());
  ASSERT_EQ(a.ends.size(), 1U);
  EXPECT_EQ(a.ends[0].code, ErrorCode::kConflict);
  EXPECT_TRUE(a.shows("leader_election_slowpath_total{name=\"holmes-operator\"} 1"));
}

TEST(LeaderElector, ForeignFieldsAndAnnotationsNeitherEndATermNorGetLost) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  world.store.edit([](Lease& lease) {
    lease.as_read["metadata"].as_object()["annotations"] = json::object{{"who", "me"}};
    lease.as_read["spec"].as_object()["strategy"] = "OldestEmulationVersion";
  });
  world.loop.advance(seconds(60));
  EXPECT_TRUE(a.elector.leads());
  EXPECT_TRUE(a.ends.empty());
  EXPECT_EQ(json_string_or(world.store.stored->as_read, {"metadata", "annotations", "who"}), "me");
  EXPECT_EQ(json_string_or(world.store.stored->as_read, {"spec", "strategy"}),
            "OldestEmulationVersion");
}

// Else whoever annotates the lease all the time keeps a dead holder alive.
TEST(LeaderElector, AChangeThatIsNoneOfTheRecordDoesNotProlongAnothersTerm) {
  LeaseWorld world;
  auto a = std::make_unique<Candidate>(world, "a");
  world.loop.advance(seconds(1));
  const Candidate b(world, "b");
  world.loop.advance(seconds(60));
  a = nullptr;
  for (int i = 0; i < 20; ++i) {
    world.loop.advance(seconds(1));
    if (b.elector.leads()) break;
    world.store.edit([i](Lease& lease) {
      lease.as_read["metadata"].as_object()["annotations"] = json::object{{"n", std::to_string(i)}};
    });
  }
  EXPECT_TRUE(b.elector.leads());
}

// The holder's clock may be hours off; what counts is when it was seen to renew.
TEST(LeaderElector, TheTimesInTheLeaseAreNotBelieved) {
  for (const auto off : {std::chrono::hours(-24), std::chrono::hours(24)}) {
    LeaseWorld world;
    const Candidate a(world, "a");
    world.loop.advance(seconds(1));
    const Candidate b(world, "b");
    for (int i = 0; i < 60; ++i) {
      world.loop.advance(seconds(1));
      world.loop.jump_wall(i % 2 == 0 ? off : -off);
      EXPECT_TRUE(a.elector.leads());
      EXPECT_FALSE(b.elector.leads());
    }
  }
}

TEST(LeaderElector, ARenewalWhoseAnswerWasLostCounts) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(60));
  for (int i = 0; i < 10; ++i) {
    a.wire->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
    world.loop.advance(seconds(2));
  }
  EXPECT_TRUE(a.elector.leads());
  EXPECT_TRUE(a.ends.empty());
}

TEST(LeaderElector, TakingAndReleasingGoThroughLostAnswersToo) {
  LeaseWorld world;
  Candidate a(world, "a");
  a.wire->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  world.loop.advance(seconds(1));
  EXPECT_TRUE(a.elector.leads());
  a.wire->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  a.resign();
  EXPECT_EQ(world.store.stored->holder, "");
}

// The renewal has been carried out, or will be: the release goes by what is there.
TEST(LeaderElector, AReleaseInTheMiddleOfARenewalIsWrittenAllTheSame) {
  LeaseWorld world;
  Candidate a(world, "a");
  world.loop.advance(seconds(60));
  a.wire->latency = seconds(1);
  while (world.store.stored->renewed != world.loop.wall_now()) world.loop.advance(milliseconds(10));
  a.resign();
  EXPECT_EQ(world.store.stored->holder, "");
  EXPECT_FALSE(a.elector.leads());
}

TEST(LeaderElector, AReleaseLosesAgainstWhoeverHasTheLease) {
  LeaseWorld world;
  Candidate a(world, "a");
  world.loop.advance(seconds(1));
  world.take_over();
  a.resign();
  EXPECT_EQ(world.store.stored->holder, "somebody");
}

TEST(LeaderElector, TheSameHolderTakingItAgainHasAnotherEpoch) {
  LeaseWorld world;
  {
    Candidate a(world, "a");
    world.loop.advance(seconds(1));
    a.resign();
  }
  const Candidate again(world, "a");
  world.loop.advance(seconds(1));
  EXPECT_EQ(again.elector.epoch(), "u1/1");
}

TEST(LeaderElector, ServersThatFailAreAskedAgainUntilTheyDoNot) {
  LeaseWorld world;
  const Candidate a(world, "a");
  a.wire->cut = true;
  world.loop.advance(seconds(60));
  EXPECT_FALSE(a.elector.leads());
  a.wire->cut = false;
  world.loop.advance(seconds(8));
  EXPECT_TRUE(a.elector.leads());
}

TEST(LeaderElector, AStopEndsAStandbyAtOnce) {
  LeaseWorld world;
  const Candidate a(world, "a");
  world.loop.advance(seconds(1));
  auto b = std::make_unique<Candidate>(world, "b");
  world.loop.advance(seconds(60));
  const MonoTime before = world.loop.mono_now();
  b = nullptr;
  EXPECT_EQ(world.loop.mono_now(), before);
  EXPECT_EQ(world.store.stored->holder, "a");
}

TEST(LeaderIdentity, IsTheHostAndSomethingUnique) {
  SeededRandom random(1);
  const std::string one = leader_identity("pod", random);
  const std::string other = leader_identity("pod", random);
  EXPECT_TRUE(one.starts_with("pod_"));
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace holmes::kube
