#include "base/json_text.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(JsonText, WritesMembersInOrderAndNested) {
  const std::string text = JsonText::of([](JsonText& to) {
    to.text("a", "x");
    to.object("empty", [] {});
    to.object("b", [&to] {
      to.integer("n", -7);
      to.flag("yes", true);
    });
    to.objects("none", std::vector<int>{}, [](int) {});
    to.objects("list", std::vector{1, 2}, [&to](int item) { to.integer("i", item); });
    to.tree("tree", json::object{{"k", json::array{1, nullptr}}});
    to.flag("no", false);
  });
  EXPECT_EQ(text,
            R"({"a":"x","empty":{},"b":{"n":-7,"yes":true},"none":[],"list":[{"i":1},{"i":2}],)"
            R"("tree":{"k":[1,null]},"no":false})");
  EXPECT_EQ(JsonText::of([](JsonText&) {}), "{}");
}

TEST(JsonText, EveryTextIsReadBackAsItWas) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  for (const std::string& value :
       {all, std::string("\"\\\""), std::string("\xc3\xa4 \xf0\x9f\x94\x8d"), std::string()}) {
    const std::string text = JsonText::of([&](JsonText& to) { to.text("t", value); });
    const Result<json::object> read = parse_json_object(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(json_string(*read, {"t"}), value);
  }
}

TEST(JsonText, EveryNumberIsReadBackAsItWas) {
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.0, 0.05, -2.5, 1e-7, 1e300, Limits::max(), Limits::denorm_min()}) {
    const std::string text = JsonText::of([&](JsonText& to) { to.number("n", value); });
    EXPECT_EQ(json_number(parse_json_object(text).value(), {"n"}), value) << text;
  }
  for (const int64_t value : {int64_t{0}, INT64_MIN, INT64_MAX}) {
    const std::string text = JsonText::of([&](JsonText& to) { to.integer("n", value); });
    EXPECT_EQ(json_int(parse_json_object(text).value(), {"n"}), value) << text;
  }
  EXPECT_EQ(JsonText::of([](JsonText& to) { to.number("n", Limits::infinity()); }),
            R"({"n":null})");
}

}  // namespace
}  // namespace holmes
