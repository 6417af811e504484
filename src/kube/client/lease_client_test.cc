#include "kube/client/lease_client.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// A Lease on a server whose answers may get lost.
class LeaseServer final : public Transport {
 public:
  explicit LeaseServer(Loop& loop) : loop_(loop) {}

  Task<Result<Response>> send(Request request, Stop stop) override {
    asked.push_back(request.method);
    if (stop.requested()) co_return fail(stop.error("send"));
    if (fail_before) co_return fail(*std::exchange(fail_before, std::nullopt));
    Result<Response> answer = serve(request);
    if (hang) {
      hang = false;
      static_cast<void>(co_await sleep_for(loop_, seconds(3600), stop));
      co_return fail(stop.error("send"));
    }
    if (fail_after) co_return fail(*std::exchange(fail_after, std::nullopt));
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  std::optional<Lease> stored;
  std::vector<std::string> asked;
  std::optional<Error> fail_before;
  std::optional<Error> fail_after;  // it was done all the same
  bool hang = false;                // likewise

 private:
  Result<Response> serve(const Request& request) {
    if (request.method == "POST" && stored) return fail(ErrorCode::kAlreadyExists, "exists");
    if (request.method != "POST" && !stored) return fail(ErrorCode::kNotFound, "none");
    if (request.method != "GET") {
      Lease lease = *Lease::from_json(*parse_json_object(request.body));
      if (stored && lease.meta.resource_version != stored->meta.resource_version) {
        return fail(ErrorCode::kConflict, "changed");
      }
      lease.meta.resource_version = std::to_string(++version_);
      lease.as_read["metadata"].as_object()["uid"] = "u1";
      stored = *Lease::from_json(lease.to_json());
    }
    return Response{200, to_text(stored->to_json())};
  }

  Loop& loop_;
  int version_ = 10;
};

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
    Lease& stored = *server_->stored;
    stored.holder = "pod-2";
    stored.meta.resource_version = "99";
    stored = *Lease::from_json(stored.to_json());
  }

  VirtualLoop loop_;
  LeaseServer* server_ = new LeaseServer(loop_);
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
  EXPECT_EQ(server_->stored->holder, "pod-2");
}

TEST_F(LeaseClientTest, AWriteWhoseAnswerWasLostIsReadInsteadOfSentAgain) {
  server_->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.create(lease(), {}))->meta.resource_version, "11");
  EXPECT_THAT(server_->asked, ElementsAre("POST", "GET"));
  server_->asked.clear();
  server_->fail_after = Error(ErrorCode::kUnavailable, "connection reset");
  EXPECT_EQ(loop_.run(client_.update(renewed(*server_->stored), {}))->meta.resource_version, "12");
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
  EXPECT_EQ(server_->stored->renewed, made.renewed);
  server_->stored.reset();
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
  server_->stored.reset();
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
