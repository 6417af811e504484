#include "demo/demo_kubelet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "demo/demo_container.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const WallTime kStart = parse_rfc3339("2026-01-01T00:00:00Z").value();

class DemoKubeletTest : public testing::Test {
 protected:
  static json::object pod(std::string_view image, std::string_view policy = "Always",
                          std::string_view memory = "64Mi") {
    json::object container{
        {"name", "main"},
        {"image", image},
        {"resources", json::object{{"requests", json::object{{"memory", memory}}}}}};
    return {{"metadata", json::object{{"name", "p"}, {"namespace", "n"}, {"uid", "u"}}},
            {"spec", json::object{{"restartPolicy", policy},
                                  {"containers", json::array{std::move(container)}}}},
            {"status", json::object{{"phase", "Pending"}}}};
  }

  // Second by second.
  std::vector<std::string> live(json::object& pod, seconds from, seconds to) {
    std::vector<std::string> reasons;
    for (seconds at = from; at < to; at += seconds(1)) {
      const DemoPodStep step = step_demo_pod(pod, around_, kStart + at);
      for (const DemoPodEvent& event : step.events) reasons.emplace_back(event.reason);
    }
    return reasons;
  }

  static int64_t restarts(const json::object& pod) {
    const json::array* statuses = json_array(pod, {"status", "containerStatuses"});
    return statuses == nullptr ? -1 : json_int((*statuses)[0], {"restartCount"}).value_or(-1);
  }
  static std::string phase(const json::object& pod) {
    return json_string_or(pod, {"status", "phase"});
  }

  std::vector<json::object> nodes_{
      {{"metadata", json::object{{"name", "node"}}},
       {"status", json::object{{"allocatable", json::object{{"memory", "1Gi"}}}}}}};
  std::vector<json::object> pods_;
  bool service_there_ = false;
  DemoSurroundings around_{nodes_, pods_, [this](std::string_view) { return service_there_; }};
};

TEST_F(DemoKubeletTest, AnUnknownImageIsScheduledStartedAndReadyWithinSeconds) {
  json::object one = pod("nginx:1");
  EXPECT_THAT(live(one, seconds(0), seconds(4)),
              testing::ElementsAre("Scheduled", "Pulled", "Created", "Started"));
  EXPECT_TRUE(is_ready_demo_pod(one));
  EXPECT_EQ(phase(one), "Running");
  const json::object before = one;
  live(one, seconds(4), seconds(400));
  EXPECT_EQ(one, before);  // nothing moves without a reason
}

TEST_F(DemoKubeletTest, ACrashingContainerBacksOffAsTheKubeletDoes) {
  json::object one = pod("demo/payments:9");
  live(one, seconds(0), seconds(6));
  EXPECT_EQ(restarts(one), 0);
  EXPECT_FALSE(is_ready_demo_pod(one));
  const json::value& status = (*json_array(one, {"status", "containerStatuses"}))[0];
  EXPECT_EQ(json_string(status, {"state", "waiting", "reason"}), "CrashLoopBackOff");
  EXPECT_THAT(json_string_or(status, {"state", "waiting", "message"}),
              HasSubstr("back-off 10s restarting failed container=main pod=p_n(u)"));
  // 3 s of life and 10, 20, 40, 80, 160, 300, 300 s of waiting.
  int64_t at = 6;
  for (const auto& [until, count] : std::vector<std::pair<int64_t, int64_t>>{
           {16, 1}, {40, 2}, {90, 3}, {170, 4}, {340, 5}, {640, 6}, {945, 7}}) {
    live(one, seconds(at), seconds(until));
    EXPECT_EQ(restarts(one), count) << until;
    at = until;
  }
}

TEST_F(DemoKubeletTest, ItRecoversWhenWhatItNeedsIsThere) {
  json::object one = pod("demo/payments:9");
  live(one, seconds(0), seconds(10));
  service_there_ = true;
  live(one, seconds(10), seconds(30));
  EXPECT_TRUE(is_ready_demo_pod(one));
  EXPECT_EQ(restarts(one), 1);
}

TEST_F(DemoKubeletTest, APodThatFitsNowhereSaysWhy) {
  json::object one = pod("nginx", "Always", "2Gi");
  EXPECT_THAT(live(one, seconds(0), seconds(1)), testing::ElementsAre("FailedScheduling"));
  EXPECT_EQ(phase(one), "Pending");
  EXPECT_THAT(to_text(one), HasSubstr("0/1 nodes are available: 1 Insufficient memory."));
  nodes_[0]["spec"] = json::object{{"unschedulable", true}};
  json::object two = pod("nginx");
  EXPECT_EQ(step_demo_pod(two, around_, kStart).events.at(0).message,
            "0/1 nodes are available: 1 node(s) were unschedulable.");
  nodes_.clear();
  EXPECT_EQ(step_demo_pod(two, around_, kStart).events.at(0).message,
            "no nodes available to schedule pods");
}

TEST_F(DemoKubeletTest, TasksEndWellOrNot) {
  json::object good = pod("busybox", "Never");
  live(good, seconds(0), seconds(10));
  EXPECT_EQ(phase(good), "Succeeded");
  json::object bad = pod("demo/nightly-export:1", "Never");
  live(bad, seconds(0), seconds(10));
  EXPECT_EQ(phase(bad), "Failed");
  EXPECT_THAT(demo_container_log(bad, "main", false).value(), HasSubstr("no space left on device"));
}

TEST_F(DemoKubeletTest, LogsAreThoseOfTheInstanceThatIsAskedFor) {
  json::object one = pod("demo/payments:9");
  EXPECT_FALSE(demo_container_log(one, "main", false));  // it never ran
  live(one, seconds(0), seconds(3));
  EXPECT_FALSE(demo_container_log(one, "main", true));
  EXPECT_THAT(demo_container_log(one, "main", false).value(), Not(HasSubstr("fatal")));
  live(one, seconds(3), seconds(6));
  EXPECT_THAT(demo_container_log(one, "main", false).value(),
              HasSubstr("cannot connect to database payments-db:5432"));
  EXPECT_FALSE(demo_container_log(one, "other", false));
}

// Anybody may write anything into the status of a pod.
TEST_F(DemoKubeletTest, PodsOfAnyShapeAreNoTrouble) {
  for (const std::string_view text : {
           R"({"metadata":{},"spec":{"containers":["x", 7, {}]},"status":"s"})",
           R"({"metadata":{},"spec":{"nodeName":"n","containers":[{}]},
               "status":{"containerStatuses":["x"],"conditions":{}}})",
           R"({"metadata":{},"spec":{"nodeName":"n","containers":[{"image":7}]},
               "status":{"containerStatuses":[{"state":{"waiting":{}},"restartCount":"many"}]}})",
           R"({"metadata":{},"spec":{"nodeName":"n","containers":[{}]},
               "status":{"containerStatuses":[{"state":{"running":{"startedAt":7}}}]}})",
           R"({"metadata":{},"spec":[]})",
           R"({"metadata":{}})",
       }) {
    json::object one = parse_json_object(text).value();
    live(one, seconds(0), seconds(30));
    (void)demo_container_log(one, "", true);
  }
}

TEST(DemoBytes, ReadsMemoryQuantities) {
  EXPECT_EQ(demo_bytes("64Mi"), 64 << 20);
  EXPECT_EQ(demo_bytes("1000"), 1000);
  for (const char* text : {"", "x", "-1Gi", "1.5Gi", "1Ei"}) EXPECT_EQ(demo_bytes(text), 0);
  EXPECT_EQ(demo_bytes("9223372036854775807Gi"), int64_t{1} << 45);
}

}  // namespace
}  // namespace holmes
