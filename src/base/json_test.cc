#include "base/json.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Json, ReadsByPathWithoutThrowingOnAnyShape) {
  const json::value v = parse_json(R"({"a":{"b":"x","n":3,"d":2.0,"t":true,"l":[1]}})").value();
  EXPECT_EQ(json_string(v, {"a", "b"}), "x");
  EXPECT_EQ(json_int(v, {"a", "n"}), 3);
  EXPECT_EQ(json_int(v, {"a", "d"}), 2);
  EXPECT_EQ(json_bool(v, {"a", "t"}), true);
  EXPECT_EQ(json_array(v, {"a", "l"})->size(), 1U);
  EXPECT_EQ(json_string(v, {"a", "n"}), std::nullopt);
  EXPECT_EQ(json_string(v, {"a", "b", "c"}), std::nullopt);
  EXPECT_EQ(json_object(v, {"z"}), nullptr);
  EXPECT_EQ(json_string_or(v, {"z"}, "none"), "none");
}

TEST(Json, RefusesWhatIsNotOneDocument) {
  for (const std::string_view text : {"", "{", "{} {}", "nul", "[1,]", "{\"a\":1,}"}) {
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_json(" {} \n").has_value());
  EXPECT_FALSE(parse_json_object("[]").has_value());
}

TEST(Json, LeavesOutTheMembersNobodyReads) {
  const JsonReading reading{.drop_in = "metadata", .drop = "managedFields"};
  const std::pair<std::string_view, std::string_view> cases[]{
      {R"({"metadata":{"a":1,"managedFields":[{"x":{"y":[1,{}]}},[]],"b":2}})",
       R"({"metadata":{"a":1,"b":2}})"},
      {R"({"metadata":{"managedFields":"text"},"x":[{"metadata":{"managedFields":null}}]})",
       R"({"metadata":{},"x":[{"metadata":{}}]})"},
      {R"({"metadata":{"managedFields":{"metadata":{"managedFields":1}},"managedFields":1.5}})",
       R"({"metadata":{}})"},
      // Only there: elsewhere the name is somebody's own.
      {R"({"managedFields":1,"spec":{"managedFields":[2]}})",
       R"({"managedFields":1,"spec":{"managedFields":[2]}})"},
      {R"({"metadata":[{"managedFields":1}],"y":{"managedFields":2}})",
       R"({"metadata":[{"managedFields":1}],"y":{"managedFields":2}})"},
      {R"({"metadata":1,"y":{"managedFields":2}})", R"({"metadata":1,"y":{"managedFields":2}})"},
      {R"({"metadata":{"deeper":{"managedFields":true}}})",
       R"({"metadata":{"deeper":{"managedFields":true}}})"},
      {R"({"m\u0065tadata":{"managed\u0046ields":[1],"k":"v\u00e9"}})",
       R"({"metadata":{"k":"vé"}})"},
  };
  for (const auto& [text, kept] : cases) {
    EXPECT_EQ(*parse_json(text, reading), *parse_json(kept)) << text;
  }
  EXPECT_FALSE(parse_json(R"({"metadata":{"managedFields":[1,]}})", reading).has_value());
}

TEST(Json, RefusesDeepNestingInsteadOfExhaustingTheStack) {
  EXPECT_FALSE(parse_json(std::string(100000, '[')).has_value());
}

TEST(Json, RefusesNumbersThatItCouldNotWriteAgain) {
  EXPECT_FALSE(parse_json("[1e400]").has_value());
  EXPECT_FALSE(parse_json("[-1e400]").has_value());
  EXPECT_TRUE(parse_json("[1e308,1e-400]").has_value());
}

TEST(Json, DoesNotTurnFractionsOrHugeNumbersIntoIntegers) {
  EXPECT_EQ(to_int(json::value(1.5)), std::nullopt);
  EXPECT_EQ(to_int(json::value(1e300)), std::nullopt);
  EXPECT_EQ(to_int(json::value(UINT64_MAX)), std::nullopt);
}

TEST(Json, DepthIsJudgedWithoutFollowingItToTheEnd) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_FALSE(parse_json(deep).has_value());
  const Result<json::value> value = parse_json(deep, {.max_depth = 10'000});
  ASSERT_TRUE(value.has_value());
  EXPECT_FALSE(json_depth_within(*value));
  EXPECT_TRUE(json_depth_within(*parse_json(R"({"a":[{"b":1}]})"), 3));
  EXPECT_FALSE(json_depth_within(*parse_json(R"({"a":[{"b":1}]})"), 2));
}

}  // namespace
}  // namespace holmes
