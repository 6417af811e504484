#include "kube/runtime/run_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/runtime/toy_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class RunControllerTest : public ::testing::Test, protected World {
 protected:
  Task<Outcome> reconcile(ObjectKey key) {
    calls_.push_back(key.name + (cache_.get(key) == nullptr ? " gone" : ""));
    co_return Done{};
  }
  std::vector<std::string> calls() { return std::exchange(calls_, {}); }

  std::vector<std::string> calls_;
  Informer<Toy> cache_{loop, random, api, logger, metrics};
  WorkQueue queue_{loop, random, metrics, {.name = "toys"}};
  Controller controller_{
      loop,   queue_,  [this](ObjectKey key, Stop) { return reconcile(std::move(key)); },
      logger, metrics, {.name = "toys"}};
};

TEST_F(RunControllerTest, LooksAtEachObjectAtFirstThenAtWhatChangesAndNowAndThenAtAll) {
  StopSource stop;
  tasks.spawn(run_controller(loop, random, cache_, queue_, controller_, stop.stop()));
  loop.run_until_idle();
  EXPECT_THAT(calls(), ElementsAre());
  api.answer(page("10", {{.name = "a"}, {.name = "b"}}));
  const auto watch = api.stream();
  loop.run_until_idle();
  EXPECT_THAT(calls(), UnorderedElementsAre("a", "b"));
  watch->send(event_text("MODIFIED", {.name = "a", .version = "11"}));
  watch->send(event_text("DELETED", {.name = "b", .version = "12"}));
  loop.run_until_idle();
  EXPECT_THAT(calls(), ElementsAre("a", "b gone"));
  loop.advance(minutes(12));
  EXPECT_THAT(calls(), ElementsAre("a"));
  stop.request_stop();
  loop.run_until_idle();
  EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(RunControllerTest, EndsWhenItIsStoppedBeforeTheFirstList) {
  tasks.spawn(run_controller(loop, random, cache_, queue_, controller_, tasks.stop()));
  loop.run_until_idle();
  close();
  EXPECT_THAT(calls(), ElementsAre());
}

}  // namespace
}  // namespace holmes::kube
