#include "holmes/tools/projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/tools/redact.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::Not;

json::object parsed(std::string_view text) {
  return parse_json_object(text).value();
}

std::string projected(std::string_view text) {
  json::object object = parsed(text);
  redact_json(object);
  return to_text(project_object(object));
}

constexpr std::string_view kDeployment = R"({
  "apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"frontend","namespace":"shop","uid":"7f9c24e8","resourceVersion":"812",
    "generation":4,"creationTimestamp":"2024-01-01T00:00:00Z","labels":{"app":"frontend"},
    "annotations":{"deployment.kubernetes.io/revision":"4",
      "kubectl.kubernetes.io/last-applied-configuration":"{\"password\":\"x\"}"},
    "managedFields":[{"manager":"kubectl"}]},
  "spec":{"replicas":3,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,
    "selector":{"matchLabels":{"app":"frontend"}},
    "strategy":{"type":"RollingUpdate"},
    "template":{"metadata":{"creationTimestamp":null,"labels":{"app":"frontend"}},
      "spec":{"containers":[{"name":"app","image":"nginx:1.25","imagePullPolicy":"IfNotPresent",
          "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",
          "env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"COLOUR","value":"blue"}],
          "resources":{}}],
        "restartPolicy":"Always","dnsPolicy":"ClusterFirst","securityContext":{},
        "schedulerName":"default-scheduler"}}},
  "status":{"observedGeneration":4,"replicas":3,"updatedReplicas":3,"readyReplicas":2,
    "availableReplicas":2,"unavailableReplicas":1,
    "conditions":[{"type":"Available","status":"False","reason":"MinimumReplicasUnavailable",
      "message":"Deployment does not have minimum availability."}]}})";

TEST(Projection, OfADeploymentIsWhatMattersUnderItsOwnNames) {
  EXPECT_EQ(
      projected(kDeployment),
      R"({"apiVersion":"apps/v1","kind":"Deployment",)"
      R"("metadata":{"name":"frontend","namespace":"shop","labels":{"app":"frontend"},)"
      R"("annotations":{"deployment.kubernetes.io/revision":"4"},)"
      R"("creationTimestamp":"2024-01-01T00:00:00Z","generation":4},)"
      R"("spec":{"replicas":3,"progressDeadlineSeconds":600,)"
      R"("selector":{"matchLabels":{"app":"frontend"}},"strategy":{"type":"RollingUpdate"},)"
      R"("template":{"metadata":{"labels":{"app":"frontend"}},)"
      R"("spec":{"containers":[{"name":"app","image":"nginx:1.25",)"
      R"("env":[{"name":"DB_PASSWORD","value":"[redacted]"},{"name":"COLOUR","value":"blue"}]}],)"
      R"("restartPolicy":"Always"}}},)"
      R"("status":{"observedGeneration":4,"replicas":3,"updatedReplicas":3,"readyReplicas":2,)"
      R"("availableReplicas":2,"unavailableReplicas":1,"conditions":[{"type":"Available",)"
      R"("status":"False","reason":"MinimumReplicasUnavailable",)"
      R"("message":"Deployment does not have minimum availability."}]}})");
}

constexpr std::string_view kCrashingPod = R"({
  "apiVersion":"v1","kind":"Pod",
  "metadata":{"name":"web-1","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1",
    "kind":"ReplicaSet","name":"web","uid":"1","controller":true}]},
  "spec":{"nodeName":"node-1","containers":[{"name":"app","image":"web:2",
      "volumeMounts":[{"name":"kube-api-access-x","mountPath":"/var/run"}]},{"name":"log"}],
    "volumes":[{"name":"kube-api-access-x","projected":{}},{"name":"data","emptyDir":{}}],
    "tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists"}]},
  "status":{"phase":"Running","podIPs":[{"ip":"10.0.0.1"}],
    "conditions":[{"type":"Ready","status":"False","lastProbeTime":null}],
    "containerStatuses":[
      {"name":"app","ready":false,"restartCount":5,"image":"web:2","imageID":"sha256:1",
       "containerID":"containerd://1",
       "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 2m40s"}},
       "lastState":{"terminated":{"exitCode":1,"reason":"Error","finishedAt":"2024-01-01T00:00:00Z",
         "containerID":"containerd://0"}}},
      {"name":"log","ready":true,"restartCount":1,"state":{"running":{}},"lastState":{}}]}})";

TEST(Projection, OfAPodShowsEachContainersState) {
  EXPECT_EQ(projected(kCrashingPod),
            R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop",)"
            R"("ownerReferences":[{"kind":"ReplicaSet","name":"web"}]},)"
            R"("spec":{"nodeName":"node-1","containers":[{"name":"app","image":"web:2"},)"
            R"({"name":"log"}],"volumes":[{"name":"data","emptyDir":{}}]},)"
            R"("status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],)"
            R"("containerStatuses":[{"name":"app","ready":false,"restartCount":5,"image":"web:2",)"
            R"("state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 2m40s"}},)"
            R"("lastState":{"terminated":{"exitCode":1,"reason":"Error",)"
            R"("finishedAt":"2024-01-01T00:00:00Z"}}},)"
            R"({"name":"log","ready":true,"restartCount":1,"state":{"running":{}}}]}})");
}

TEST(Projection, OfAConfigMapKeepsItsKeysAndRedactsItsValues) {
  EXPECT_EQ(
      projected(R"({"kind":"ConfigMap","metadata":{"name":"settings"},
      "data":{"app.properties":"password=x\ncolour=blue","PASSWORD":"a b","serviceAccount":"kept"},
      "binaryData":{"logo":"AAAA"}})"),
      R"({"kind":"ConfigMap","metadata":{"name":"settings"},)"
      R"("data":{"app.properties":"password=[redacted]\ncolour=blue","PASSWORD":"[redacted]",)"
      R"("serviceAccount":"kept"},"binaryData":{"logo":"<4 base64 characters>"}})");
}

TEST(Projection, NeverShowsTheDataOfASecret) {
  EXPECT_EQ(projected(R"({"kind":"Secret","metadata":{"name":"db"},"data":{"a":"Yg=="},
      "stringData":{"a":"b"},"type":"Opaque"})"),
            R"({"kind":"Secret","metadata":{"name":"db"},"type":"Opaque"})");
}

TEST(Projection, KeepsMeaningfulEmptyObjects) {
  EXPECT_THAT(projected(R"({"kind":"NetworkPolicy","spec":{"podSelector":{},"ingress":[]}})"),
              HasSubstr(R"("spec":{"podSelector":{},"ingress":[]})"));
}

TEST(Projection, KeepsKindsWithoutSpec) {
  EXPECT_EQ(projected(R"({"kind":"Event","metadata":{"name":"e"},"reason":"Failed","count":3,
      "involvedObject":{"kind":"Pod","name":"web"},"message":"no"})"),
            R"({"kind":"Event","metadata":{"name":"e"},"reason":"Failed","count":3,)"
            R"("involvedObject":{"kind":"Pod","name":"web"},"message":"no"})");
}

TEST(Projection, LeavesOutANodesImagesAndFinalizersOfTheLiving) {
  EXPECT_EQ(projected(R"({"kind":"Node","metadata":{"name":"n","finalizers":["f"]},
      "status":{"images":[{"names":["a"]}],"capacity":{"cpu":"4"}}})"),
            R"({"kind":"Node","metadata":{"name":"n"},"status":{"capacity":{"cpu":"4"}}})");
  EXPECT_THAT(projected(R"({"metadata":{"name":"n","finalizers":["f"],"deletionTimestamp":"t"}})"),
              HasSubstr(R"("deletionTimestamp":"t","finalizers":["f"])"));
}

TEST(Projection, CutsWhatIsLong) {
  json::array list;
  for (int i = 0; i < 60; ++i) list.push_back(i);
  const json::object out =
      project_object({{"spec", {{"list", list}, {"text", std::string(3000, 'x')}}}});
  EXPECT_EQ(json_array(out, {"spec", "list"})->size(), 51U);
  EXPECT_EQ(json_array(out, {"spec", "list"})->back(), "... 10 more");
  EXPECT_EQ(json_string(out, {"spec", "text"})->size(), 2000U);
}

TEST(Projection, FitsAnySizeAsJson) {
  json::object data;
  for (int i = 0; i < 300; ++i) data["key" + std::to_string(i)] = std::string(5000, 'x');
  const json::object object{{"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}, {"data", data}};
  const auto build = [&](const ProjectionLimits& limits) { return project_object(object, limits); };
  for (const size_t bytes_max : {size_t{24} << 10U, size_t{2000}}) {
    const std::string text = fitting_text(bytes_max, build);
    EXPECT_LE(text.size(), bytes_max);
    EXPECT_TRUE(parse_json_object(text)) << text;
  }
  EXPECT_EQ(fitting_text(50, build).size(), 50U);
}

TEST(Projection, ToleratesAnyShape) {
  for (
      const std::string_view text :
      {R"({})", R"({"metadata":7,"spec":[],"status":"x"})",
       R"({"kind":"Node","status":[1],"metadata":{"labels":[],"ownerReferences":[3]}})",
       R"({"kind":"Pod","spec":{"containers":{},"volumes":[7]},"status":{"containerStatuses":[1]}})"}) {
    const json::object object = parsed(text);
    EXPECT_NE(to_text(project_object(object)), "");
    EXPECT_NE(to_text(summarize_pod(object)), "");
    EXPECT_TRUE(summarize_events(object, 5).empty());
  }
}

TEST(PodSummary, SaysWhyAPodDoesNotRun) {
  EXPECT_EQ(to_text(summarize_pod(parsed(kCrashingPod))),
            R"({"name":"web-1","phase":"Running","reason":"CrashLoopBackOff",)"
            R"("message":"back-off 2m40s","lastTermination":{"reason":"Error","exitCode":1,)"
            R"("finishedAt":"2024-01-01T00:00:00Z"},"ready":"1/2","restarts":6,"node":"node-1"})");
  EXPECT_EQ(to_text(summarize_pod(parsed(
                R"({"metadata":{"name":"a"},"status":{"phase":"Failed","reason":"Evicted"}})"))),
            R"({"name":"a","phase":"Failed","ready":"0/0","restarts":0,"reason":"Evicted"})");
}

TEST(EventSummary, HoldsTheNewestLast) {
  const json::object list = parsed(R"({"items":[
      {"type":"Warning","reason":"BackOff","count":9,"lastTimestamp":"2024-01-01T00:09:00Z",
       "message":"Back-off with password=x","source":{"component":"kubelet"}},
      {"type":"Normal","reason":"Scheduled","eventTime":"2024-01-01T00:01:00.000000Z",
       "lastTimestamp":null,"message":"ok","reportingComponent":"scheduler"},
      {"type":"Warning","reason":"Unhealthy","eventTime":"2024-01-01T00:01:00.000000Z",
       "series":{"count":4,"lastObservedTime":"2024-01-01T00:05:00.000000Z"},"message":"m"}]})");
  EXPECT_EQ(to_text(summarize_events(list, 2)),
            R"([{"type":"Warning","reason":"Unhealthy","count":4,)"
            R"("lastSeen":"2024-01-01T00:05:00.000000Z","message":"m"},)"
            R"({"type":"Warning","reason":"BackOff","count":9,"lastSeen":"2024-01-01T00:09:00Z",)"
            R"("message":"Back-off with password=[redacted]","source":"kubelet"}])");
  EXPECT_EQ(summarize_events(list, 9).size(), 3U);
  EXPECT_THAT(to_text(summarize_events(list, 2)), Not(HasSubstr("Scheduled")));
}

// A message in which the limit falls into the credential.
std::string message_with_credential_at(size_t limit) {
  return std::string(limit - 15, 'x') + " ghp_16C7e42F292c6912E7710c838347Ae178B4a";
}

TEST(EventSummary, RedactsBeforeItCuts) {
  const json::object list{
      {"items", json::array{json::object{{"message", message_with_credential_at(500)}}}}};
  EXPECT_THAT(to_text(summarize_events(list, 5)), Not(HasSubstr("ghp_")));
}

TEST(PodSummary, RedactsBeforeItCuts) {
  const json::object waiting{{"reason", "Error"}, {"message", message_with_credential_at(300)}};
  const json::object container{{"state", json::object{{"waiting", waiting}}}};
  const json::object pod{{"status", json::object{{"containerStatuses", json::array{container}}}}};
  EXPECT_THAT(to_text(summarize_pod(pod)), Not(HasSubstr("ghp_")));
}

}  // namespace
}  // namespace holmes
