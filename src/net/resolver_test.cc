#include "net/resolver.h"

#include <gmock/gmock.h>

#include "async/task_scope.h"
#include "net/net_testing.h"

namespace holmes {
namespace {

using testing::Contains;
using testing::ElementsAre;

class ResolverTest : public testing::Test {
 protected:
  Result<std::vector<std::string>> resolve(std::string host, Stop stop = {}) {
    return loop_.run(resolver_->resolve(std::move(host), 5050, std::move(stop)));
  }

  AsioLoop loop_;
  Timer watchdog_ = watchdog(loop_);
  std::unique_ptr<Resolver> resolver_ = make_resolver(loop_);
};

TEST_F(ResolverTest, TakesAnAddressAsItIs) {
  EXPECT_THAT(resolve("10.0.0.1").value(), ElementsAre("10.0.0.1:5050"));
  EXPECT_THAT(resolve("::1").value(), ElementsAre("[::1]:5050"));
}

TEST_F(ResolverTest, FindsEachAddressOnce) {
  const auto found = resolve("localhost").value();
  EXPECT_THAT(found, Contains("127.0.0.1:5050").Times(1));
}

TEST_F(ResolverTest, ANameWithoutAddressIsRefused) {
  const auto found = resolve("no such name");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kRefused);
  EXPECT_TRUE(found.error().message.starts_with("resolve no such name: "));
}

// They wait for one answer of the system; who stops does not take it from the others.
TEST_F(ResolverTest, QuestionsForOneNameAtOnceAreAllAnswered) {
  const StopSource stop({}, loop_, loop_.mono_now());  // it is over before the answer
  std::vector<Task<Result<std::vector<std::string>>>> questions;
  for (const Stop& its : {stop.stop(), Stop(), Stop()}) {
    questions.push_back(resolver_->resolve("localhost", 5050, its));
  }
  const auto answers = loop_.run(when_all(loop_, std::move(questions)));
  EXPECT_EQ(answers[0].error().code, ErrorCode::kTimeout);
  EXPECT_THAT(answers[1].value(), Contains("127.0.0.1:5050"));
  EXPECT_EQ(answers[1].value(), answers[2].value());
  EXPECT_EQ(resolve("localhost").value(), answers[1].value());
}

TEST_F(ResolverTest, TheStopEndsTheWait) {
  StopSource stop;
  stop.request_stop();
  const auto found = resolve("localhost", stop.stop());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace holmes
