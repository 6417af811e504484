#include "operator/operator.h"

#include <gtest/gtest.h>

#include "operator/operator_world_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;

TEST(Operator, IsReadyWhenTheFirstListIsRead) {
  World world;
  world.cluster.before = [](const kube::Request&) -> Status {
    return fail(ErrorCode::kRefused, "connection refused");
  };
  Process process(world);
  world.loop.advance(seconds(1));
  EXPECT_EQ(process.ready(), "waiting for the first list of HealthChecks\n");
  world.cluster.before = nullptr;
  world.loop.advance(seconds(60));
  EXPECT_EQ(process.ready(), "ok\n");
}

}  // namespace
}  // namespace holmes
