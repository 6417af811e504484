#include "kube/client/lease_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "kube/client/lease_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class LeaseClientTest : public ::testing::Test {
 protected:
  static Lease lease() {
    Lease lease;
    lease.meta.name = "holmes-operator";
    lease.meta.ns = "holmes";
    lease.holder = "pod-1";
    lease.duration = seconds(15);
    lease.acquired = lease.renewed = WallTime(seconds(1000));
    return lease;
  }
  Lease created() {
    Lease made = *loop_.run(client_.create(lease(), {}));
    server_->asked.clear();
    return made;
  }
  static Lease renewed(Lease lease) {
    *lease.renewed += seconds(2);
    return lease;
  }
  // Another candidate takes the lease.
  void take_over() {
    store_.edit([](Lease& lease) { lease.holder = "pod-2"; });
  }

  VirtualLoop loop_;
  FakeLeaseStore store_;
  FakeLeaseTransport* server_ = new FakeLeaseTransport(loop_, store_);
  LeaseClient client_{loop_, std::unique_ptr<Transport>(server_)};
};

TEST_F(LeaseClientTest, CreatesReadsAndRenews) {
  EXPECT_EQ(loop_.run(client_.get(lease().meta.key(), {})).error().code, ErrorCode::kNotFound);
  const Lease made = created();
  EXPECT_EQ(made.meta.resource_version, "11");
  const Lease written = *loop_.run(client_.update(renewed(made), {}));
  EXPECT_EQ(written.meta.resource_version, "12");
  const Lease read = *loop_.run(client_.get(made.meta.key(), {}));
  EXPECT_EQ(read.renewed, WallTime(seconds(1002)));
  EXPECT_EQ(read.meta.resource_version, "12");
}

TEST_F(LeaseClientTest, OnlyTheNewestVersionMayBeUpdated) {
  const Lease made = created();
  take_over();
  EXPECT_EQ(loop_.run(client_.update(renewed(made), {})).error().code, ErrorCode::kConflict);
  EXPECT_EQ(loop_.run(client_.create(lease(), {})).error().code, ErrorCode::kAlreadyExists);
  EXPECT_THAT(server_->asked, ElementsAre("PUT", "POST"));
  EXPECT_EQ(store_.stored->holder, "pod-2");
}

TEST_F(LeaseClientTest, AWriteWhoseAnswerWasLostIsReadInsteadOfSentAgain) {
  server_->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.create(lease(), {}))->meta.resource_version, "11");
  EXPECT_THAT(server_->asked, ElementsAre("POST", "GET"));
  server_->asked.clear();
  server_->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.update(renewed(*store_.stored), {}))->meta.resource_version, "12");
  EXPECT_THAT(server_->asked, ElementsAre("PUT", "GET"));
}

TEST_F(LeaseClientTest, ARequestThatHangsEndsInTime) {
  const Lease made = created();
  const MonoTime before = loop_.mono_now();
  server_->hang = true;
  EXPECT_TRUE(loop_.run(client_.update(renewed(made), {})).has_value());
  EXPECT_EQ(loop_.mono_now() - before, seconds(5));
  EXPECT_THAT(server_->asked, ElementsAre("PUT", "GET"));
}

TEST_F(LeaseClientTest, AWriteThatDidNotHappenStaysUnknown) {
  const Lease made = created();
  server_->fail_before = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.update(renewed(made), {})).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(server_->asked, ElementsAre("PUT", "GET"));
  EXPECT_EQ(store_.stored->renewed, made.renewed);
  store_.stored.reset();
  server_->fail_before = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.create(lease(), {})).error().code, ErrorCode::kUnavailable);
}

TEST_F(LeaseClientTest, AfterALostAnswerSomebodyElsesLeaseIsAConflict) {
  const Lease made = created();
  take_over();
  server_->fail_before = Error(ErrorCode::kTimeout, "late");
  EXPECT_EQ(loop_.run(client_.update(renewed(made), {})).error().code, ErrorCode::kConflict);
  server_->fail_before = Error(ErrorCode::kTimeout, "late");
  EXPECT_EQ(loop_.run(client_.create(lease(), {})).error().code, ErrorCode::kAlreadyExists);
  store_.stored.reset();
  server_->fail_before = Error(ErrorCode::kTimeout, "late");
  EXPECT_EQ(loop_.run(client_.update(renewed(made), {})).error().code, ErrorCode::kNotFound);
}

TEST_F(LeaseClientTest, WhatWasRefusedIsNotAskedAbout) {
  const Lease made = created();
  server_->fail_before = Error(ErrorCode::kRefused, "too many requests");
  EXPECT_EQ(loop_.run(client_.update(renewed(made), {})).error().code, ErrorCode::kRefused);
  EXPECT_THAT(server_->asked, ElementsAre("PUT"));
}

TEST_F(LeaseClientTest, AStopEndsItAtOnce) {
  const Lease made = created();
  StopSource source;
  const Timer timer(loop_, loop_.mono_now() + milliseconds(100), [&] { source.request_stop(); });
  const MonoTime before = loop_.mono_now();
  server_->hang = true;
  EXPECT_EQ(loop_.run(client_.update(renewed(made), source.stop())).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(loop_.mono_now() - before, milliseconds(100));
  EXPECT_THAT(server_->asked, ElementsAre("PUT"));
}

TEST(LeaseRequestTimeout, IsHalfOfTheRenewDeadlineAndAtLeastASecond) {
  EXPECT_EQ(lease_request_timeout(seconds(10)), seconds(5));
  EXPECT_EQ(lease_request_timeout(seconds(1)), seconds(1));
}

}  // namespace
}  // namespace holmes::kube
