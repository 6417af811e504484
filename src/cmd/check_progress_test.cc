#include "cmd/check_progress.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace holmes {
namespace {

using std::chrono::seconds;

TEST(CheckProgress, ALineTellsCallsAndTime) {
  EXPECT_EQ(progress_line({"shop/a", {3, 5}, seconds(12)}), "shop/a: model call 3, tools 5, 12 s");
  EXPECT_EQ(progress_line({"shop/a", {}, seconds(0)}), "shop/a: 0 s");
}

TEST(CheckProgress, AScreenReplacesWhatItDrew) {
  ProgressScreen screen;
  EXPECT_EQ(screen.clear(), "");
  EXPECT_EQ(screen.draw({{"a", {1, 0}, seconds(1)}}, 2, 0),
            "a: model call 1, tools 0, 1 s\nand 0 more running, 2 waiting\n");
  EXPECT_EQ(screen.draw({{"a", {}, seconds(2)}}, 0, 0), "\x1b[2F\x1b[Ja: 2 s\n");
  EXPECT_EQ(screen.clear(), "\x1b[1F\x1b[J");
  EXPECT_EQ(screen.clear(), "");
}

TEST(CheckProgress, NoLineIsLongerThanTheTerminalAndNoScreenHigherThanItsLimit) {
  ProgressScreen screen;
  const std::vector<ProgressRow> rows(kMaxProgressRows + 3, {"a long name", {1, 0}, seconds(1)});
  const std::string text = screen.draw(rows, 0, 20);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), kMaxProgressRows + 1);
  EXPECT_EQ(text.substr(0, text.find('\n')), "a long name: mode...");
  EXPECT_NE(text.find("and 3 more runnin..."), std::string::npos);
}

}  // namespace
}  // namespace holmes
