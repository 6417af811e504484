// Leases and events, as a leader election and an operator write them.
#include "async/task_scope.h"
#include "contract_testing.h"
#include "kube/client/lease_client.h"
#include "kube/runtime/event_recorder.h"
#include "metrics/registry.h"

namespace holmes::kube {
namespace {

class LeaseContract : public Contract {
 protected:
  void SetUp() override {
    Contract::SetUp();
    leases_ = std::make_unique<LeaseClient>(loop, transport_of(config));
  }
  void TearDown() override {
    leases_ = nullptr;
    Contract::TearDown();
  }
  Lease new_lease() {
    Lease lease;
    lease.meta.name = "holmes-operator";
    lease.meta.ns = ns;
    lease.holder = "pod-1";
    lease.duration = std::chrono::seconds(15);
    lease.acquired = lease.renewed = loop.wall_now();
    return lease;
  }

  std::unique_ptr<LeaseClient> leases_;
};

TEST_F(LeaseContract, IsCreatedRenewedAndGivenUp) {
  EXPECT_EQ(run(leases_->get(key("holmes-operator"), limit())).error().code, ErrorCode::kNotFound);
  const Lease wanted = new_lease();
  const Result<Lease> made = run(leases_->create(wanted, limit()));
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_TRUE(made->same_record(wanted));  // MicroTime keeps the microseconds
  EXPECT_EQ(run(leases_->create(wanted, limit())).error().code, ErrorCode::kAlreadyExists);

  Lease renewed = *made;
  renewed.renewed = loop.wall_now();
  const Result<Lease> written = run(leases_->update(renewed, limit()));
  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_TRUE(written->same_record(renewed));
  EXPECT_EQ(run(leases_->update(renewed, limit())).error().code, ErrorCode::kConflict);

  Lease given_up = *written;
  given_up.holder.clear();
  given_up.duration = std::chrono::seconds(1);
  ASSERT_TRUE(run(leases_->update(given_up, limit())).has_value());
  EXPECT_EQ(run(leases_->get(key("holmes-operator"), limit()))->holder, "");
}

TEST_F(LeaseContract, AnUpdateKeepsWhatItDoesNotKnow) {
  const Lease made = run(leases_->create(new_lease(), limit())).value();
  must(
      patch_request(Lease::resource(), made.meta.key(), PatchType::kMerge,
                    {{"metadata", {{"finalizers", {"toys.dev/keep"}}, {"labels", {{"a", "b"}}}}}}));
  Lease lease = run(leases_->get(made.meta.key(), limit())).value();
  ++lease.transitions;
  ASSERT_TRUE(run(leases_->update(lease, limit())).has_value());
  const json::object live = must(get_request(Lease::resource(), made.meta.key()));
  EXPECT_EQ(json_int(live, {"spec", "leaseTransitions"}), 1);
  EXPECT_EQ(json_string_or(live, {"metadata", "labels", "a"}), "b");
  ASSERT_NE(json_find(live, {"metadata", "finalizers"}), nullptr);
  must(patch_request(Lease::resource(), made.meta.key(), PatchType::kMerge,
                     {{"metadata", {{"finalizers", nullptr}}}}));
}

Task<Status> record_and_flush(Loop& loop, EventRecorder& events, EventSpec spec, Stop stop) {
  TaskScope scope(loop);
  scope.spawn(events.run(scope.stop()));
  for (int i = 0; i < 2; ++i) events.record(spec);
  const Status flushed = co_await events.flush(std::move(stop));
  co_await scope.close();
  co_return flushed;
}

TEST_F(Contract, AnEventThatRepeatsIsOneThatCounts) {
  MetricsRegistry registry;
  RuntimeMetrics metrics(registry);
  EventRecorder events(loop, random, *transport, Logger(), metrics,
                       {.source = {.controller = "toys.dev/contract", .instance = "contract"}});
  const Toy toy = make("told");
  const EventSpec spec{.regarding = reference_to(Toy::resource(), toy.meta),
                       .type = EventType::kWarning,
                       .reason = "Told",
                       .action = "Tell",
                       .note = "twice"};
  ASSERT_TRUE(run(record_and_flush(loop, events, spec, limit())).has_value());
  const json::object list = must(list_request(event_resource(), {.ns = ns}));
  const json::array& items = list.at("items").as_array();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(json_int(items[0], {"series", "count"}), 2);
  EXPECT_EQ(json_string_or(items[0], {"regarding", "name"}), "told");
}

}  // namespace
}  // namespace holmes::kube
