#include "base/strings.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Strings, CutNeverSplitsACharacterAndStaysWithinTheLimit) {
  EXPECT_EQ(cut("abcdef", 6), "abcdef");
  EXPECT_EQ(cut("abcdefg", 6), "abc...");
  EXPECT_EQ(cut("ab\xC3\xA4\xC3\xA4zz", 6), "ab...");
  EXPECT_EQ(cut("\xC3\xA4\xC3\xA4", 3), "\xC3\xA4");
}

TEST(Strings, CountsCodePointsNotBytes) {
  EXPECT_EQ(code_point_count("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), 4U);
  EXPECT_EQ(code_point_count("\xFF\xFE"), 2U);
}

TEST(Strings, ReplacesInvalidUtf8) {
  EXPECT_EQ(to_valid_utf8("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(to_valid_utf8("\xC3\xA4"), "\xC3\xA4");
}

TEST(Strings, TrimsAndComparesWithoutCase) {
  EXPECT_EQ(trim(" \n a b\t"), "a b");
  EXPECT_TRUE(equals_ignoring_case("Retry-After", "retry-after"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
}

}  // namespace
}  // namespace holmes
