#include "cmd/terminal_text.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(TerminalText, OneLineHasNoControlCharacters) {
  EXPECT_EQ(one_line("  a\r\n\tb  c\x1b[31m\x7f "), "a b c [31m");
  EXPECT_EQ(one_line("a\xC2\x9B"
                     "31mb\xC3\x9F"),
            "a 31mb\xC3\x9F");
  EXPECT_EQ(one_line("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(one_line(""), "");
}

TEST(TerminalText, LinesStayLines) {
  EXPECT_EQ(printable_lines("a\nb\x1b"), "a\nb ");
  EXPECT_EQ(indent_lines("a\n b\n", "  "), "  a\n   b\n");
}

TEST(TerminalText, WidthsCountCharacters) {
  EXPECT_EQ(fit("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F"
                "end",
                7),
            "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F"
            "end");
  EXPECT_EQ(fit("abcdefgh", 5), "ab...");
  EXPECT_EQ(fit("abcdefgh", 0), "abcdefgh");
  EXPECT_EQ(pad("\xC3\xA4", 3), "\xC3\xA4  ");
  EXPECT_EQ(pad("abc", 2), "abc");
}

TEST(TerminalText, ColoursEnd) {
  EXPECT_EQ(colored("a", Color::kRed), "\x1b[31ma\x1b[0m");
  EXPECT_EQ(colored("a", Color::kNone), "a");
}

}  // namespace
}  // namespace holmes
