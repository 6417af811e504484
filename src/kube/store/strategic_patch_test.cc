#include <gtest/gtest.h>

#include "kube/store/patch.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

json::object read(std::string_view text) {
  Result<json::object> value = parse_json_object(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(json::object());
}

Answer<json::object> patched(std::string_view object, std::string_view patch) {
  return apply_strategic_patch(read(object), read(patch));
}

struct Case {
  std::string_view object;
  std::string_view patch;
  std::string_view result;
};

void check(const Case& test) {
  const Answer<json::object> result = patched(test.object, test.patch);
  ASSERT_TRUE(result.has_value()) << test.patch << ": " << result.error().message;
  EXPECT_TRUE(same_json(*result, read(test.result)))
      << test.patch << "\ngives   " << to_text(*result) << "\nand not " << test.result;
}

TEST(StrategicPatch, MergesListsByTheirKeys) {
  const Case cases[] = {
      {R"({"spec":{"containers":[{"name":"c","image":"i","args":["x","y"]},{"name":"d"}]}})",
       R"({"spec":{"containers":[{"name":"d","image":"j"},{"name":"c","args":["z"]}]}})",
       R"({"spec":{"containers":[{"name":"d","image":"j"},{"name":"c","image":"i","args":["z"]}]}})"},
      // A new element comes before the ones that are only there.
      {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
       R"({"spec":{"containers":[{"name":"n","image":"new"}]}})",
       R"({"spec":{"containers":[{"name":"n","image":"new"},{"name":"c"},{"name":"d"}]}})"},
      {R"({"spec":{"containers":[{"name":"c"}]}})", R"({"spec":{"containers":[]}})",
       R"({"spec":{"containers":[{"name":"c"}]}})"},
      {R"({"spec":{"containers":[{"name":"c"}]}})",
       R"({"spec":{"containers":[{"name":"c","image":"1"},{"name":"c","image":"2"}]}})",
       R"({"spec":{"containers":[{"name":"c","image":"2"}]}})"},
      {R"({"spec":{"containers":[{"name":"c","env":[{"name":"E","value":"v"},)"
       R"({"name":"F","value":"w"}],"ports":[{"containerPort":80}]}]}})",
       R"({"spec":{"containers":[{"name":"c","env":[{"name":"F","value":null,"valueFrom":{}}],)"
       R"("ports":[{"containerPort":80,"name":"p"},{"containerPort":81}]}]}})",
       R"({"spec":{"containers":[{"name":"c","env":[{"name":"E","value":"v"},)"
       R"({"name":"F","valueFrom":{}}],)"
       R"("ports":[{"containerPort":80,"name":"p"},{"containerPort":81}]}]}})"},
      {R"({"spec":{"ports":[{"port":80,"name":"a"}]}})",
       R"({"spec":{"ports":[{"port":80,"targetPort":1}]}})",
       R"({"spec":{"ports":[{"port":80,"name":"a","targetPort":1}]}})"},
      {R"({"status":{"conditions":[{"type":"A","status":"True"},{"type":"B"}]}})",
       R"({"status":{"conditions":[{"type":"A","status":"False"}]}})",
       R"({"status":{"conditions":[{"type":"A","status":"False"},{"type":"B"}]}})"},
      {R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"1","controller":true}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a","controller":true}]}})"},
      {R"({"secrets":[{"name":"a"}]})", R"({"secrets":[{"name":"b"}]})",
       R"({"secrets":[{"name":"b"},{"name":"a"}]})"},
      // Atomic ones.
      {R"({"spec":{"tolerations":[{"key":"a"},{"key":"b"}]}})",
       R"({"spec":{"tolerations":[{"key":"c"}]}})", R"({"spec":{"tolerations":[{"key":"c"}]}})"},
      {R"({"rules":[{"verbs":["get"]}]})", R"({"rules":[{"verbs":["list"]}]})",
       R"({"rules":[{"verbs":["list"]}]})"},
      // Primitives.
      {R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["c"]}})",
       R"({"metadata":{"finalizers":["c","a","b"]}})"},
      {R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","a"]}})",
       R"({"metadata":{"finalizers":["b","a"]}})"},
      // Other types, and nothing.
      {R"({"spec":{"containers":[{"name":"c"}]}})", R"({"spec":{"containers":5}})",
       R"({"spec":{"containers":5}})"},
      {R"({"spec":{"containers":[{"name":"c"}]}})", R"({"spec":{"containers":null}})",
       R"({"spec":{}})"},
      {R"({})", R"({"spec":{"a":null,"l":[{"b":null,"c":1}],"$patch":"x"}})", R"({})"},
      {R"({})", R"({"spec":{"a":null,"l":[{"b":null,"c":1}]}})", R"({"spec":{"l":[{"c":1}]}})"},
      {R"({"a":{"b":1}})", R"({"a":{"c":2},"d":{"e":3}})", R"({"a":{"b":1,"c":2},"d":{"e":3}})"},
  };
  for (const Case& test : cases) check(test);
}

constexpr Case kDirectives[] = {
    // $patch in lists.
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"containers":[{"name":"d","$patch":"delete"},{"name":"x","$patch":"delete"}]}})",
     R"({"spec":{"containers":[{"name":"c"}]}})"},
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"containers":[{"$patch":"replace"},{"name":"z","image":"z"}]}})",
     R"({"spec":{"containers":[{"name":"z","image":"z"}]}})"},
    {R"({})", R"({"spec":{"containers":[{"name":"z"},{"name":"y","$patch":"delete"}]}})",
     R"({"spec":{"containers":[{"name":"z"}]}})"},
    // $patch in objects.
    {R"({"spec":{"strategy":{"type":"R","rollingUpdate":{}}}})",
     R"({"spec":{"strategy":{"$patch":"replace","type":"Recreate"}}})",
     R"({"spec":{"strategy":{"type":"Recreate"}}})"},
    {R"({"spec":{"strategy":{"type":"R","rollingUpdate":{}}}})",
     R"({"spec":{"strategy":{"$patch":"delete"}}})", R"({"spec":{"strategy":{}}})"},
    {R"({"spec":{}})", R"({"spec":{"strategy":{"$patch":"delete"}}})", R"({"spec":{}})"},
    {R"({"a":1})", R"({"$patch":"replace","b":{"c":null,"d":2}})", R"({"b":{"d":2}})"},
    {R"({"a":1})", R"({"$patch":"delete"})", R"({})"},
    // $retainKeys.
    {R"({"spec":{"strategy":{"type":"R","rollingUpdate":{}}}})",
     R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})",
     R"({"spec":{"strategy":{"type":"Recreate"}}})"},
    {R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
     R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}})",
     R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}})"},
    {R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}]}})",
     R"({"spec":{"volumes":[{"name":"n","$retainKeys":["name","emptyDir"],"emptyDir":{}}]}})",
     R"({"spec":{"volumes":[{"name":"n","emptyDir":{}},{"name":"v","emptyDir":{}}]}})"},
    // $deleteFromPrimitiveList.
    {R"({"metadata":{"finalizers":["a","b"]}})",
     R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a","x"]}})",
     R"({"metadata":{"finalizers":["b"]}})"},
    {R"({"metadata":{"finalizers":["a","b"]}})",
     R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}})",
     R"({"metadata":{"finalizers":["c","b"]}})"},
    {R"({"metadata":{"finalizers":["a"]}})",
     R"({"metadata":{"$deleteFromPrimitiveList/finalizers":"a",)"
     R"("$deleteFromPrimitiveList/nope":["a"]}})",
     R"({"metadata":{"finalizers":["a"]}})"},
    // $setElementOrder.
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"$setElementOrder/containers":[{"name":"d"},{"name":"c"}]}})",
     R"({"spec":{"containers":[{"name":"d"},{"name":"c"}]}})"},
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"$setElementOrder/containers":[{"name":"d"},{"name":"n"},{"name":"c"}],)"
     R"("containers":[{"name":"n","image":"q"}]}})",
     R"({"spec":{"containers":[{"name":"d"},{"name":"n","image":"q"},{"name":"c"}]}})"},
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"$setElementOrder/containers":[{"name":"d"}]}})",
     R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})"},
    {R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]}})",
     R"({"spec":{"$setElementOrder/containers":[{"name":"d"},{"name":"c"}],)"
     R"("containers":[{"name":"d","$patch":"delete"}]}})",
     R"({"spec":{"containers":[{"name":"c"}]}})"},
    {R"({"metadata":{"finalizers":["a","b"]}})",
     R"({"metadata":{"$setElementOrder/finalizers":["b","a"]}})",
     R"({"metadata":{"finalizers":["b","a"]}})"},
    {R"({"metadata":{"finalizers":["a","b"]}})",
     R"({"metadata":{"$setElementOrder/finalizers":["b","c"],"finalizers":["c"],)"
     R"("$deleteFromPrimitiveList/finalizers":["a"]}})",
     R"({"metadata":{"finalizers":["b","c"]}})"},
    {R"({"metadata":{}})", R"({"metadata":{"$setElementOrder/finalizers":["b","a"]}})",
     R"({"metadata":{}})"},
    {R"({"metadata":{"finalizers":["a"]}})",
     R"({"metadata":{"$setElementOrder/finalizers":["a"],"finalizers":null}})",
     R"({"metadata":{}})"},
};

TEST(StrategicPatch, ObeysDirectives) {
  for (const Case& test : kDirectives) check(test);
}

TEST(StrategicPatch, RefusesWithTheCodesAndWordsOfTheApiServer) {
  // Said by kube-apiserver 1.35.
  constexpr std::string_view kObject =
      R"({"metadata":{"finalizers":["a","b"]},)"
      R"("spec":{"containers":[{"name":"c","image":"i"}],"volumes":[{"name":"v"}],"s":{}}})";
  const struct {
    std::string_view patch;
    int code;
    std::string_view message;
  } cases[] = {
      {R"({"spec":{"containers":[{"image":"new"}]}})", 500,
       "map: map[image:new] does not contain declared merge key: name"},
      {R"({"spec":{"containers":[{"$patch":"delete"}]}})", 500,
       "map: map[$patch:delete] does not contain declared merge key: name"},
      {R"({"spec":{"containers":[{"name":"c","$patch":"merge"}]}})", 500,
       "merging lists cannot yet be specified in the patch"},
      {R"({"spec":{"containers":[{"name":"c","$patch":"bogus","image":"z"}]}})", 500,
       "unknown patch type: bogus in map: map[$patch:bogus image:z name:c]"},
      {R"({"spec":{"s":{"$patch":"merge","type":"R"}}})", 500,
       "unknown patch type: merge in map: map[$patch:merge type:R]"},
      {R"({"spec":{"containers":[5]}})", 500,
       "list element types are not identical: [[map[image:i name:c]] [5]]"},
      {R"({"spec":{"containers":[null]}})", 500,
       "list element types are not identical: [[map[image:i name:c]] [<nil>]]"},
      {R"({"spec":{"containers":[{"name":"c","image":"1"},5]}})", 500,
       "list element types are not identical: [[map[image:i name:c]] [map[image:1 name:c] 5]]"},
      {R"({"metadata":{"finalizers":[{"a":1}]}})", 500,
       "list element types are not identical: [[a b] [map[a:1]]]"},
      {R"({"spec":{"$setElementOrder/containers":[{"name":"d"}],"containers":[{"name":"c"}]}})",
       500,
       "The order in patch list:\n[map[name:c]]\n doesn't match $setElementOrder "
       "list:\n[map[name:d]]\n"},
      {R"({"spec":{"$setElementOrder/containers":[{"x":"c"}],"containers":[{"name":"c"}]}})", 500,
       "map: map[x:c] does not contain declared merge key: name"},
      {R"({"spec":{"$setElementOrder/containers":5}})", 500,
       "expected a []interface {}, but received a int64"},
      {R"({"spec":{"$setElementOrder":[{"name":"c"}]}})", 400,
       "invalid patch format of setElementOrder list"},
      // Here the API server drops the connection.
      {R"({"spec":{"$setElementOrder/tolerations":[{"key":"b"}]}})", 400,
       "invalid patch format of setElementOrder list"},
      {R"({"metadata":{"$deleteFromPrimitiveList":["a"]}})", 400,
       "invalid patch format of primitive list"},
      {R"({"spec":{"volumes":[{"name":"v","$retainKeys":["name"],"hostPath":{}}]}})", 400,
       "invalid patch format of retainKeys"},
      {R"({"spec":{"volumes":[{"name":"v","$retainKeys":"x"}]}})", 400,
       "invalid patch format of retainKeys"},
  };
  for (const auto& [patch, code, message] : cases) {
    const Answer<json::object> result = patched(kObject, patch);
    ASSERT_FALSE(result.has_value()) << patch << " gives " << to_text(*result);
    EXPECT_EQ(result.error().code, code) << patch;
    EXPECT_EQ(result.error().reason, code == 400 ? "BadRequest" : "") << patch;
    EXPECT_EQ(result.error().message, message) << patch;
  }
  const Answer<json::object> lists =
      patched(R"({"metadata":{"finalizers":[]}})", R"({"metadata":{"finalizers":[[1]]}})");
  ASSERT_FALSE(lists.has_value());
  EXPECT_EQ(lists.error().code, 422);
}

TEST(StrategicPatch, CutsLongMessages) {
  json::array containers;
  for (int i = 0; i < 1000; ++i) containers.push_back({{"name", std::to_string(i)}});
  const json::object object{{"spec", {{"containers", containers}}}};
  const Answer<json::object> result =
      apply_strategic_patch(object, read(R"({"spec":{"containers":[5]}})"));
  ASSERT_FALSE(result.has_value());
  EXPECT_LE(result.error().message.size(), 4096U);
}

}  // namespace
}  // namespace holmes::kube
