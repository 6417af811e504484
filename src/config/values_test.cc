#include "config/values.h"

#include <optional>

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Values, IntegersAreWholeWordsWithinTheirRange) {
  EXPECT_EQ(parse_integer("1", 1, 300).value(), 1);
  EXPECT_EQ(parse_integer("300", 1, 300).value(), 300);
  for (const char* text : {"", "0", "301", "1x", "1.0", " 1", "many", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text, 1, 300)) << text;
  }
  EXPECT_EQ(parse_integer("x", 1, 300).error().message, "must be an integer from 1 to 300");
}

TEST(Values, BooleansInTheUsualSpellings) {
  for (const char* text : {"true", "TRUE", "yes", "on", "1"}) EXPECT_TRUE(*parse_boolean(text));
  for (const char* text : {"false", "No", "off", "0"}) EXPECT_FALSE(*parse_boolean(text));
  for (const char* text : {"", "2", "maybe"}) EXPECT_FALSE(parse_boolean(text).has_value());
}

TEST(Values, HostAndPort) {
  const struct {
    const char* text;
    std::optional<HostPort> expected;
    const char* written = "";
  } cases[] = {
      {":8080", HostPort{"0.0.0.0", 8080}, "0.0.0.0:8080"},
      {"127.0.0.1:0", HostPort{"127.0.0.1", 0}, "127.0.0.1:0"},
      {"[::1]:9090", HostPort{"::1", 9090}, "[::1]:9090"},
      {"localhost:65535", HostPort{"localhost", 65535}, "localhost:65535"},
      {"8080", std::nullopt},
      {"", std::nullopt},
      {"nowhere:http", std::nullopt},
      {"a:65536", std::nullopt},
      {"::1:80", std::nullopt},
      {"[a]:80", std::nullopt},
      {"http://a:80", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_host_port(c.text);
    ASSERT_EQ(parsed.has_value(), c.expected.has_value()) << c.text;
    if (!parsed) continue;
    EXPECT_EQ(*parsed, *c.expected) << c.text;
    EXPECT_EQ(parsed->to_text(), c.written);
  }
}

TEST(Values, ListsDropEmptyParts) {
  EXPECT_EQ(parse_list(" a, b ,,c,"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(parse_list(" , ").empty());
}

}  // namespace
}  // namespace holmes
