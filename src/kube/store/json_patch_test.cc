#include <gtest/gtest.h>

#include "kube/store/patch.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

json::value read(std::string_view text) {
  Result<json::value> value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(json::value());
}

Answer<json::object> patched(std::string_view object, std::string_view patch) {
  return apply_json_patch(read(object).as_object(), read(patch));
}

struct Case {
  std::string_view object;
  std::string_view patch;
  std::string_view result;  // "": refused with 422
};

void check(const Case& test) {
  const Answer<json::object> result = patched(test.object, test.patch);
  if (test.result.empty()) {
    ASSERT_FALSE(result.has_value()) << test.object << test.patch << to_text(*result);
    EXPECT_EQ(to_text(to_json(result.error())),
              R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
              R"("message":"the server rejected our request due to an error in our request",)"
              R"("reason":"Invalid","details":{},"code":422})");
    return;
  }
  ASSERT_TRUE(result.has_value()) << test.object << test.patch;
  EXPECT_TRUE(same_json(*result, read(test.result).as_object()))
      << test.patch << " gives " << to_text(*result) << ", not " << test.result;
}

TEST(JsonPatch, DoesTheExamplesOfTheRfc) {
  // RFC 6902, appendix A, but A.13, which has a member twice.
  const Case cases[] = {
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
       R"({"baz":"qux","foo":"bar"})"},
      {R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
       R"({"foo":["bar","baz"]})"},
      {R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
       R"({"baz":"boo","foo":"bar"})"},
      {R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {R"({"foo":["all","grass","cows","eat"]})",
       R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", ""},
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
       R"({"foo":"bar","child":{"grandchild":{}}})"},
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
       R"({"foo":"bar","baz":"qux"})"},
      {R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", ""},
      {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", ""},
      {R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
       R"({"foo":["bar",["abc","def"]]})"},
  };
  for (const Case& test : cases) check(test);
}

constexpr std::string_view kObject =
    R"({"n":1,"f":1.0,"l":[1,2,3],"o":{"a":null,"b":{"c":1}},"nul":null,"s":"x","e":[],)"
    R"("a/b":1,"m~n":2,"":{"":3}})";

// On this object.
struct Operation {
  std::string_view operation;
  std::string_view then;  // a patch that passes afterwards; "": the operation is refused
};
constexpr Operation kOperations[] = {
    // Numbers.
    {R"("test","path":"/n","value":1)", "[]"},
    {R"("test","path":"/n","value":1.0)", "[]"},
    {R"("test","path":"/n","value":1e0)", "[]"},
    {R"("test","path":"/f","value":1)", "[]"},
    {R"("test","path":"/n","value":1.5)", ""},
    {R"("test","path":"/n","value":"1")", ""},
    {R"("test","path":"/n","value":true)", ""},
    // Whole values.
    {R"("test","path":"/o","value":{"b":{"c":1.0},"a":null})", "[]"},
    {R"("test","path":"/o","value":{"b":{"c":1}})", ""},
    {R"("test","path":"/l","value":[1,2])", ""},
    {R"("test","path":"/e","value":{})", ""},
    {R"("test","path":"/a~1b","value":1)", "[]"},
    {R"("test","path":"/m~0n","value":2)", "[]"},
    {R"("test","path":"//","value":3)", "[]"},
    {R"("test","path":"/a~2b","value":1)", ""},
    {R"("test","path":"/a~","value":1)", ""},
    {R"("test","path":"n","value":1)", ""},
    // Null and nothing.
    {R"("test","path":"/nul","value":null)", "[]"},
    {R"("test","path":"/nul")", "[]"},
    {R"("test","path":"/gone","value":null)", "[]"},
    {R"("test","path":"/gone/x","value":null)", ""},
    {R"("test","path":"/nul/x","value":null)", ""},
    {R"("test","path":"/l/9","value":null)", ""},
    {R"("test","path":"/s","value":null)", ""},
    {R"("add","path":"/z")", R"([{"op":"remove","path":"/z"}])"},
    {R"("replace","path":"/gone","value":5)", R"([{"op":"test","path":"/gone","value":5}])"},
    {R"("replace","path":"/gone/x","value":5)", ""},
    {R"("remove","path":"/gone")", ""},
    {R"("remove","path":"/nul")", R"([{"op":"test","path":"/nul","value":null}])"},
    {R"("copy","path":"/z","from":"/gone")", ""},
    {R"("copy","path":"/z","from":"/nul")", R"([{"op":"remove","path":"/z"}])"},
    {R"("move","path":"/z","from":"/gone")", ""},
    {R"("move","path":"/z")", ""},
    // Arrays.
    {R"("test","path":"/l/-1","value":3)", "[]"},
    {R"("test","path":"/l/-","value":3)", ""},
    {R"("test","path":"/l/01","value":2)", ""},
    {R"("test","path":"/l/+1","value":2)", ""},
    {R"("test","path":"/l/1e0","value":2)", ""},
    {R"("test","path":"/l/3","value":2)", ""},
    {R"("test","path":"/l/0/x","value":2)", ""},
    {R"("add","path":"/l/-","value":4)", R"([{"op":"test","path":"/l","value":[1,2,3,4]}])"},
    {R"("add","path":"/l/0","value":4)", R"([{"op":"test","path":"/l","value":[4,1,2,3]}])"},
    {R"("add","path":"/l/3","value":4)", R"([{"op":"test","path":"/l","value":[1,2,3,4]}])"},
    {R"("add","path":"/l/-1","value":4)", R"([{"op":"test","path":"/l","value":[1,2,3,4]}])"},
    {R"("add","path":"/l/-3","value":4)", R"([{"op":"test","path":"/l","value":[1,4,2,3]}])"},
    {R"("add","path":"/l/-5","value":4)", ""},
    {R"("add","path":"/l/4","value":4)", ""},
    {R"("add","path":"/l/x","value":4)", ""},
    {R"("add","path":"/l/","value":4)", ""},
    {R"("add","path":"/l/99999999999999999999","value":4)", ""},
    {R"("add","path":"/e/-","value":4)", R"([{"op":"test","path":"/e","value":[4]}])"},
    {R"("remove","path":"/l/-1")", R"([{"op":"test","path":"/l","value":[1,2]}])"},
    {R"("remove","path":"/l/-")", ""},
    {R"("remove","path":"/l/3")", ""},
    {R"("remove","path":"/e/0")", ""},
    {R"("replace","path":"/l/1","value":9)", R"([{"op":"test","path":"/l","value":[1,9,3]}])"},
    {R"("replace","path":"/l/3","value":9)", ""},
    {R"("replace","path":"/l/-","value":9)", ""},
    {R"("move","path":"/l/0","from":"/l/2")", R"([{"op":"test","path":"/l","value":[3,1,2]}])"},
    {R"("move","path":"/l/9","from":"/l/2")", ""},
    {R"("copy","path":"/l/-","from":"/l/0")", R"([{"op":"test","path":"/l","value":[1,2,3,1]}])"},
    // Parents and children.
    {R"("add","path":"/s/x","value":1)", ""},
    {R"("add","path":"/x/y","value":1)", ""},
    {R"("add","path":"/","value":1)", R"([{"op":"test","path":"/","value":1}])"},
    {R"("move","path":"/o/b/z","from":"/o")", ""},
    {R"("move","path":"/s","from":"/s")", R"([{"op":"test","path":"/s","value":"x"}])"},
    {R"("copy","path":"/o/z","from":"/o")",
     R"([{"op":"test","path":"/o/z","value":{"a":null,"b":{"c":1}}}])"},
    // The whole document.
    {R"("replace","path":"","value":{"k":1})", R"([{"op":"test","path":"","value":{"k":1}}])"},
    {R"("add","path":"","value":{"k":1})", R"([{"op":"test","path":"","value":{"k":1}}])"},
    {R"("move","path":"","from":"/o")",
     R"([{"op":"test","path":"","value":{"a":null,"b":{"c":1}}}])"},
    {R"("copy","path":"","from":"/o")",
     R"([{"op":"test","path":"","value":{"a":null,"b":{"c":1}}}])"},
    {R"("test","path":"","value":{})", ""},
    {R"("replace","path":"","value":[])", ""},
    {R"("replace","path":"","value":null)", ""},
    {R"("remove","path":"")", ""},
    {R"("move","path":"/z","from":"")", ""},
    {R"("copy","path":"/z","from":"")", R"([{"op":"test","path":"/z/n","value":1}])"},
    // No operations.
    {R"("nope","path":"/n")", ""},
    {R"("Add","path":"/n","value":1)", ""},
    {R"("add","value":1)", ""},
    {R"("add","path":null,"value":1)", ""},
};

TEST(JsonPatch, FindsAndChangesWhatPathsName) {
  for (const auto& [operation, then] : kOperations) {
    const std::string patch = std::string(R"([{"op":)").append(operation).append("}]");
    const Answer<json::object> result = patched(kObject, patch);
    ASSERT_EQ(result.has_value(), !then.empty()) << patch;
    if (then.empty()) {
      EXPECT_EQ(result.error().code, 422) << patch;
      continue;
    }
    EXPECT_TRUE(apply_json_patch(*result, read(then)).has_value())
        << patch << " gives " << to_text(*result);
  }
}

TEST(JsonPatch, ChangesNothingWhenALaterOperationFails) {
  const json::object object{{"a", 1}};
  EXPECT_FALSE(apply_json_patch(object, read(R"([{"op":"remove","path":"/a"},
                                                 {"op":"test","path":"/a","value":1}])"))
                   .has_value());
  EXPECT_EQ(to_text(object), R"({"a":1})");
}

TEST(JsonPatch, WithoutOperationsChangesNothing) {
  for (const std::string_view patch : {"[]", "null"}) check({R"({"a":1})", patch, R"({"a":1})"});
}

TEST(JsonPatch, ThatCannotBeReadIsRefusedWith400) {
  // Said by kube-apiserver 1.35.
  const struct {
    std::string_view patch;
    std::string_view message;
  } cases[] = {
      {"{}", "object into Go value of type []handlers.jsonPatchOp"},
      {"[1]", "number into Go value of type handlers.jsonPatchOp"},
      {"[[]]", "array into Go value of type handlers.jsonPatchOp"},
      {R"([{"op":1,"path":"/a"}])", "number into Go struct field jsonPatchOp.op of type string"},
      {R"([{"op":"add","path":true}])",
       "bool into Go struct field jsonPatchOp.path of type string"},
      {R"([{"op":"copy","path":"/a","from":1}])",
       "number into Go struct field jsonPatchOp.from of type string"},
  };
  for (const auto& [patch, message] : cases) {
    const Answer<json::object> result = patched("{}", patch);
    ASSERT_FALSE(result.has_value()) << patch;
    EXPECT_EQ(result.error().code, 400);
    EXPECT_EQ(result.error().reason, "BadRequest");
    EXPECT_EQ(result.error().message,
              "error decoding patch: json: cannot unmarshal " + std::string(message));
  }
}

TEST(JsonPatch, IsLimited) {
  json::array patch;
  for (size_t i = 0; i <= kMaxJsonPatchOperations; ++i) {
    patch.push_back(read(R"({"op":"add","path":"/a","value":1})"));
  }
  const Answer<json::object> many = apply_json_patch({}, patch);
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, 413);
  EXPECT_EQ(many.error().reason, "RequestEntityTooLarge");
  EXPECT_EQ(many.error().message,
            "Request entity too large: The allowed maximum operations in a JSON patch is 10000, "
            "got 10001");
  patch.pop_back();
  EXPECT_TRUE(apply_json_patch({}, patch).has_value());

  // Each copy doubles the object.
  json::array doubling;
  for (int i = 0; i < 12; ++i) {
    const std::string name = std::to_string(i);
    doubling.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/b"}});
    doubling.push_back({{"op", "move"}, {"from", "/b"}, {"path", "/a/" + name}});
  }
  const Answer<json::object> doubled =
      apply_json_patch(json::object{{"a", {{"x", std::string(1000, 'x')}}}}, doubling);
  ASSERT_FALSE(doubled.has_value());
  EXPECT_EQ(doubled.error().code, 422);

  // Each move makes it deeper.
  json::array deepening;
  for (size_t i = 0; i < kMaxJsonDepth; ++i) {
    deepening.push_back(read(R"({"op":"add","path":"/b","value":{}})"));
    deepening.push_back(read(R"({"op":"move","from":"/a","path":"/b/a"})"));
    deepening.push_back(read(R"({"op":"move","from":"/b","path":"/a"})"));
  }
  const json::object flat{{"a", json::object()}};
  EXPECT_FALSE(apply_json_patch(flat, deepening).has_value());
  deepening.resize(3 * (kMaxJsonDepth - 3));
  const Answer<json::object> deep = apply_json_patch(flat, deepening);
  ASSERT_TRUE(deep.has_value());
  EXPECT_TRUE(json_depth_within(*deep));
}

}  // namespace
}  // namespace holmes::kube
