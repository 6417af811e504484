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

TEST(Json, RefusesDeepNestingInsteadOfExhaustingTheStack) {
  EXPECT_FALSE(parse_json(std::string(100000, '[')).has_value());
}

TEST(Json, DoesNotTurnFractionsOrHugeNumbersIntoIntegers) {
  EXPECT_EQ(to_int(json::value(1.5)), std::nullopt);
  EXPECT_EQ(to_int(json::value(1e300)), std::nullopt);
  EXPECT_EQ(to_int(json::value(UINT64_MAX)), std::nullopt);
}

TEST(Json, DepthIsJudgedWithoutFollowingItToTheEnd) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_FALSE(parse_json(deep).has_value());
  const Result<json::value> value = parse_json(deep, 10'000);
  ASSERT_TRUE(value.has_value());
  EXPECT_FALSE(json_depth_within(*value));
  EXPECT_TRUE(json_depth_within(*parse_json(R"({"a":[{"b":1}]})"), 3));
  EXPECT_FALSE(json_depth_within(*parse_json(R"({"a":[{"b":1}]})"), 2));
}

}  // namespace
}  // namespace holmes
