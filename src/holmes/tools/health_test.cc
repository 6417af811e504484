#include "holmes/tools/health.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

json::object parsed(std::string_view text) {
  return parse_json_object(text).value();
}

TEST(HealthLine, SaysHowAnObjectIsInNumbersThatBelongTogether) {
  struct Case {
    std::string_view object;
    std::string_view line;
  };
  const Case cases[] = {
      // What is zero is absent.
      {R"({"kind":"Deployment","metadata":{"generation":2},"spec":{"replicas":2},
           "status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2}})",
       "0 of 2 replicas ready, 0 available, 2 updated"},
      {R"({"kind":"Deployment","metadata":{"generation":3},"spec":{"replicas":3},
           "status":{"observedGeneration":2,"readyReplicas":3,"availableReplicas":3,
           "updatedReplicas":1,"conditions":[{"type":"Progressing","status":"False",
           "reason":"ProgressDeadlineExceeded"}]}})",
       "3 of 3 replicas ready, 3 available, 1 updated, its last change is not yet worked on, "
       "Progressing=False (ProgressDeadlineExceeded)"},
      {R"({"kind":"ReplicaSet","spec":{"replicas":1},"status":{"readyReplicas":1}})",
       "1 of 1 replicas ready, 0 available"},
      {R"({"kind":"DaemonSet","status":{"desiredNumberScheduled":3,"numberReady":2,
           "numberMisscheduled":1}})",
       "2 of 3 nodes have a ready pod, 1 where none should be"},
      {R"({"kind":"Job","status":{"failed":4,"conditions":[{"type":"Failed","status":"True",
           "reason":"BackoffLimitExceeded"}]}})",
       "failed (BackoffLimitExceeded), 0 of 1 completions, 0 pods active, 4 pods failed"},
      {R"({"kind":"Job","spec":{"completions":5},"status":{"succeeded":5,"failed":1,
           "conditions":[{"type":"Complete","status":"True"}]}})",
       "complete, 5 of 5 completions, 0 pods active, 1 pods failed"},
      {R"({"kind":"Job","status":{"active":1}})",
       "not finished, 0 of 1 completions, 1 pods active, 0 pods failed"},
      {R"({"kind":"CronJob","spec":{"suspend":true},"status":{"lastScheduleTime":"t"}})",
       "suspended, last scheduled t, last successful never"},
      {R"({"kind":"Pod","spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running",
           "containerStatuses":[{"name":"a","ready":false,"restartCount":17,
           "state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})",
       "Running, 0 of 1 containers ready, 17 restarts, CrashLoopBackOff"},
      {R"({"kind":"Pod","spec":{"containers":[{"name":"a"}]},"status":{"phase":"Pending",
           "conditions":[{"type":"PodScheduled","status":"False","message":"no node fits"}]}})",
       "Pending, 0 of 1 containers ready, 0 restarts, not scheduled: no node fits"},
      {R"({"kind":"Node","spec":{"unschedulable":true},"status":{"conditions":[
           {"type":"DiskPressure","status":"False"},{"type":"Ready","status":"True"}]}})",
       "Ready, DiskPressure=False, cordoned"},
      {R"({"kind":"Node","status":{"conditions":[
           {"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"}]}})",
       "not ready: Ready=Unknown (NodeStatusUnknown)"},
      {R"({"kind":"PersistentVolumeClaim","status":{"phase":"Pending"}})", "Pending"},
      {R"({"kind":"PersistentVolumeClaim","status":{"phase":"Bound",
           "capacity":{"storage":"40Gi"}}})",
       "Bound, capacity 40Gi"},
      {R"({"kind":"Certificate","status":{"conditions":[
           {"type":"Ready","status":"False","reason":"Expired"}]}})",
       "Ready=False (Expired)"},
      {R"({"kind":"ConfigMap","data":{}})", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(health_line(parsed(c.object)), c.line) << c.object;
}

TEST(HealthLine, OfPodsCountsStatesAndTellsTheMostRestarts) {
  const auto line = [](std::string_view pods) { return pods_line(parse_json(pods)->as_array()); };
  EXPECT_EQ(line("[]"), "");
  EXPECT_EQ(line(R"([{"name":"a","phase":"Running","restarts":0}])"), "1 pods: 1 Running");
  EXPECT_EQ(line(R"([{"name":"a","phase":"Running","restarts":2},
                     {"name":"b","phase":"Running","reason":"CrashLoopBackOff","restarts":17},
                     {"name":"c","phase":"Running","restarts":3},{"name":"d"}])"),
            "4 pods: 1 CrashLoopBackOff, 2 Running, 1 Unknown; b has restarted 17 times");
}

TEST(HealthLine, ComesBeforeWhatIsShown) {
  EXPECT_EQ(to_text(with_health(parsed(R"({"kind":"PersistentVolumeClaim",
                                           "status":{"phase":"Bound"}})"),
                                {{"a", 1}})),
            R"({"health":"Bound","a":1})");
  EXPECT_EQ(to_text(with_health({}, {{"a", 1}})), R"({"a":1})");
}

}  // namespace
}  // namespace holmes
