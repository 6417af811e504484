#include <chrono>

#include <gtest/gtest.h>

#include "kube/store/apply_testing.h"

namespace holmes::kube {
namespace {

Kind config_map_kind() {
  Kind kind;
  kind.type = {"", "v1", "configmaps", "ConfigMap", true};
  return kind;
}

Kind deployment_kind() {
  Kind kind;
  kind.type = {"apps", "v1", "deployments", "Deployment", true};
  kind.has_status = true;
  return kind;
}

constexpr ApplyStep kConfigMaps[] = {
    {"new", "", "", false,
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx"},"data":{"a":"1","b":"2"}})",
     0, "", ""},
    {"apply", "a", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx"},"data":{"a":"9"}})", 409,
     "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a", ""},
    {"apply", "a", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx","labels":{"x":"y"},"finali)"
     R"(zers":["t.dev/f"],"annotations":{"q":"w"}},"data":{"a":"1","c":"3"}})",
     0, "",
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","labels":{"x":"y"},"annota)"
     R"(tions":{"q":"w"},"finalizers":["t.dev/f"],"managedFields":[{"manager":"a","operation":"A)"
     R"(pply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{},"f:c":{}})"
     R"(,"f:metadata":{"f:annotations":{"f:q":{}},"f:finalizers":{"v:\"t.dev/f\"":{}},"f:labels")"
     R"(:{"f:x":{}}}}},{"manager":"before-first-apply","operation":"Update","apiVersion":"v1","f)"
     R"(ieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{},"f:b":{}}}}]},"data":{"a":"1)"
     R"(","b":"2","c":"3"}})"},
    {"merge", "kubectl-edit", "", false, R"({"data":{"b":"5"}})", 0, "",
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","labels":{"x":"y"},"annota)"
     R"(tions":{"q":"w"},"finalizers":["t.dev/f"],"managedFields":[{"manager":"a","operation":"A)"
     R"(pply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:a":{},"f:c":{}})"
     R"(,"f:metadata":{"f:annotations":{"f:q":{}},"f:finalizers":{"v:\"t.dev/f\"":{}},"f:labels")"
     R"(:{"f:x":{}}}}},{"manager":"before-first-apply","operation":"Update","apiVersion":"v1","f)"
     R"(ieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}}}},{"manager":"kubectl-edit")"
     R"(,"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f)"
     R"(:b":{}}}}]},"data":{"a":"1","b":"5","c":"3"}})"},
    {"apply", "a", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx","labels":{"x":"y"}},"data")"
     R"(:{"a":"1","b":"6","c":"3"}})",
     409, "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .data.b", ""},
    {"apply", "a", "", true,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx","labels":{"x":"y"}},"data")"
     R"(:{"a":"1","b":"6"}})",
     0, "",
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","labels":{"x":"y"},"manage)"
     R"(dFields":[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1",")"
     R"(fieldsV1":{"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{"f:x":{}}}}},{"manager)"
     R"(":"before-first-apply","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","f)"
     R"(ieldsV1":{"f:data":{".":{},"f:a":{}}}}]},"data":{"a":"1","b":"6"}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx","finalizers":["t.dev/g"],")"
     R"(ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"n","uid":"u1"}]},"data":)"
     R"({"a":"1"}})",
     0, "",
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","labels":{"x":"y"},"ownerR)"
     R"(eferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"n","uid":"u1"}],"finalizers":[)"
     R"("t.dev/g"],"managedFields":[{"manager":"a","operation":"Apply","apiVersion":"v1","fields)"
     R"(Type":"FieldsV1","fieldsV1":{"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{"f:x)"
     R"(":{}}}}},{"manager":"b","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","f)"
     R"(ieldsV1":{"f:data":{"f:a":{}},"f:metadata":{"f:finalizers":{"v:\"t.dev/g\"":{}},"f:owner)"
     R"(References":{"k:{\"uid\":\"u1\"}":{}}}}},{"manager":"before-first-apply","operation":"Up)"
     R"(date","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}}}})"
     R"(]},"data":{"a":"1","b":"6"}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx"},"data":{}})", 0, "",
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","labels":{"x":"y"},"manage)"
     R"(dFields":[{"manager":"a","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1",")"
     R"(fieldsV1":{"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:labels":{"f:x":{}}}}},{"manager)"
     R"(":"b","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data")"
     R"(:{}}},{"manager":"before-first-apply","operation":"Update","apiVersion":"v1","fieldsType)"
     R"(":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}}}}]},"data":{"a":"1","b":"6"}})"},
};

constexpr ApplyStep kClientSide[] = {
    {"new", "", "", false,
     R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"rx","annotations":{"kubectl.ku)"
     R"(bernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\)"
     R"("metadata\":{\"name\":\"rx\"},\"data\":{\"a\":\"1\",\"b\":\"2\"}}"}},"data":{"a":"1","b")"
     R"(:"2","c":"3"}})",
     0, "", ""},
    {"apply", "kubectl", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx"},"data":{"a":"5","c":"5"}})",
     409, "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.c",
     ""},
    {"apply", "other", "", false,
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"rx"},"data":{"a":"5"}})", 409,
     "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a", ""},
};

TEST(Apply, DoesToBuiltInKindsWhatTheApiServerDoes) {
  play(config_map_kind(), kConfigMaps);
}

TEST(Apply, TakesOverFromClientSideApplyWhatTheApiServerTakesOver) {
  play(config_map_kind(), kClientSide);
}

// The owner of a Deployment's fields, and whom its other writer then conflicts with; as recorded.
TEST(Apply, OwnsTheFieldsOfAPodTemplate) {
  const json::object deployment = read_object(R"({
      "apiVersion":"apps/v1","kind":"Deployment",
      "metadata":{"name":"d","creationTimestamp":null},
      "spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},
        "template":{"metadata":{"labels":{"a":"b"}},
          "spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],
              "env":[{"name":"E","value":"v"}],"args":["x","y"],
              "resources":{"limits":{"cpu":"1"}}}],
            "volumes":[{"name":"v","emptyDir":{}}],"tolerations":[{"key":"a"}]}}},
      "status":{}})");
  const Kind kind = deployment_kind();
  const Answer<json::object> applied = apply_object(kind, nullptr, deployment, owner("a"), false);
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  EXPECT_FALSE(applied->contains("status"));
  ASSERT_EQ(owners(*applied).size(), 1U);
  EXPECT_EQ(owners(*applied)[0].fields, FieldSet::parse(read_object(R"({
      "f:spec":{"f:replicas":{},"f:selector":{},"f:template":{
        "f:metadata":{"f:labels":{"f:a":{}}},
        "f:spec":{
          "f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:args":{},
            "f:env":{"k:{\"name\":\"E\"}":{".":{},"f:name":{},"f:value":{}}},
            "f:image":{},"f:name":{},
            "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}},
            "f:resources":{"f:limits":{"f:cpu":{}}}}},
          "f:tolerations":{},
          "f:volumes":{"k:{\"name\":\"v\"}":{".":{},"f:emptyDir":{},"f:name":{}}}}}}})")));

  json::object scaled = *apply_strategic_patch(*applied, read_object(R"({"spec":{"replicas":3,
                                "template":{"spec":{"containers":[{"name":"c","image":"j"}]}}}})"));
  note_owner(kind, *applied, scaled, owner("s"));
  const Answer<json::object> again = apply_object(kind, &scaled, deployment, owner("a"), false);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().message,
            "Apply failed with 2 conflicts: conflicts with \"s\" using apps/v1:\n"
            "- .spec.replicas\n"
            "- .spec.template.spec.containers[name=\"c\"].image");
}

// What was stored must be readable again.
TEST(Apply, KeepsTheOwnersOfDeepObjectsWithinTheDepthOfJson) {
  json::object deep{{"leaf", 1}};
  for (size_t i = 0; i + 2 < kMaxJsonDepth; ++i) deep = json::object{{"a", std::move(deep)}};
  const json::object applied{
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "c"}}}, {"data", deep}};
  ASSERT_TRUE(json_depth_within(json::value(applied)));
  const Kind kind = config_map_kind();
  const Answer<json::object> result = apply_object(kind, nullptr, applied, owner("a"), false);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(json_depth_within(json::value(*result)));
  json::object changed = *result;
  changed["data"] = json::object{{"b", deep.at("a")}};
  note_owner(kind, *result, changed, owner("b"));
  EXPECT_TRUE(json_depth_within(json::value(changed)));
  ASSERT_EQ(owners(changed).size(), 1U);
  EXPECT_EQ(owners(changed)[0].manager, "b");
}

// What happens to the annotation afterwards is not the API server's word for word.
TEST(Apply, KeepsTheAnnotationOfClientSideApplyUpToDate) {
  const json::object live = read_object(R"({
      "apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":
          "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":\"1\"}}"}},
      "data":{"a":"1","b":"2"}})");
  const json::object applied = read_object(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"5"}})");
  const Kind kind = config_map_kind();
  const Answer<json::object> result = apply_object(kind, &live, applied, owner("kubectl"), false);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(json_string_or(*result, {"data", "a"}), "5");
  const auto last = json_string(
      *result, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"});
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(same_json(read_object(*last), applied)) << *last;
  // Other managers do not take over.
  EXPECT_FALSE(apply_object(kind, &live, applied, owner("other"), false).has_value());
}
}  // namespace
}  // namespace holmes::kube
