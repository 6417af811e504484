#include "cmd/live_table.h"

#include <algorithm>
#include <charconv>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"

namespace holmes {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

LiveCheck check(std::string name, std::optional<CheckStatus> result, std::string message = "") {
  return {.ns = "shop",
          .name = std::move(name),
          .phase = result ? "Completed" : "Running",
          .result = result,
          .duration_seconds = result ? std::optional(1.25) : std::nullopt,
          .message = std::move(message)};
}

LiveCheck child(std::string name, CheckStatus result) {
  LiveCheck live = check(std::move(name), result);
  live.schedule = "search";
  return live;
}

constexpr LiveTableOptions kPlain{.width = 80, .height = 24, .colour = false, .children_max = 3};

TEST(LiveTable, SortsByNameAndAlignsColumns) {
  const LiveState state{{check("payments", CheckStatus::kFail, "Check failed. 0 of 1 ready."),
                         check("frontend", std::nullopt)},
                        {}};
  EXPECT_EQ(render_live_table(state, kPlain),
            "NAME           PHASE      RESULT  DURATION  MESSAGE\n"
            "shop/frontend  Running\n"
            "shop/payments  Completed  fail    1.2s      Check failed. 0 of 1 ready.\n");
}

TEST(LiveTable, AScheduleHasItsLastChildrenBelowIt) {
  LiveState state;
  for (const char* name : {"search-1", "search-3", "search-2", "search-4"}) {
    state.checks.push_back(child(name, CheckStatus::kPass));
  }
  state.checks.push_back(check("zebra", CheckStatus::kPass));
  state.checks.push_back(check("alpha", CheckStatus::kPass));
  state.schedules.push_back({"shop", "search", "@every 1m", true, CheckStatus::kPass});
  EXPECT_EQ(render_live_table(state, kPlain),
            "NAME         PHASE      RESULT  DURATION  MESSAGE\n"
            "shop/alpha   Completed  pass    1.2s\n"
            "shop/search  Scheduled  pass              @every 1m\n"
            "  search-4   Completed  pass    1.2s\n"
            "  search-3   Completed  pass    1.2s\n"
            "  search-2   Completed  pass    1.2s\n"
            "shop/zebra   Completed  pass    1.2s\n");
}

TEST(LiveTable, ChildrenOfADeletedScheduleStandAlone) {
  LiveState state{{child("search-1", CheckStatus::kPass)}, {}};
  EXPECT_THAT(render_live_table(state, kPlain), HasSubstr("  search-1  Completed"));
}

// A line that wraps would break the redrawing.
TEST(LiveTable, NoLineIsWiderThanTheTerminalNorTheTableHigher) {
  LiveState state;
  for (int i = 0; i < 50; ++i) {
    state.checks.push_back(check("a-rather-long-name-" + std::to_string(i), CheckStatus::kFail,
                                 "Überaus lange Nachricht, mit 漢字漢字漢字漢字漢字漢字漢字漢字"));
  }
  for (size_t width = 0; width < 120; ++width) {
    const std::string text =
        render_live_table(state, {.width = width, .height = 10, .colour = false});
    size_t lines = 0;
    for (const std::string_view line : split(trim(text), '\n')) {
      EXPECT_LE(code_point_count(line), width);
      ++lines;
    }
    EXPECT_LE(lines, 9U);
  }
  EXPECT_THAT(render_live_table(state, {.width = 80, .height = 10}), HasSubstr("... and 43 more"));
}

TEST(LiveTable, ColoursTheResultUnlessToldNotTo) {
  const LiveState state{{check("a", CheckStatus::kPass), check("b", CheckStatus::kFail),
                         check("c", CheckStatus::kError)},
                        {}};
  const std::string text = render_live_table(state, {});
  EXPECT_THAT(text, HasSubstr("\x1b[32mpass\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mfail\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[33merror\x1b[0m"));
  EXPECT_THAT(render_live_table(state, kPlain), Not(HasSubstr("\x1b")));
}

TEST(LiveTable, ColoursTheResultOfAMessageThatIsCut) {
  LiveState state{{check("a", CheckStatus::kFail)}, {}};
  state.checks[0].message = std::string(200, 'x');
  EXPECT_THAT(render_live_table(state, {}), HasSubstr("\x1b[31mfail\x1b[0m"));
}

TEST(LiveTable, NothingOfAMessageReachesTheTerminalButItsText) {
  const LiveState state{{check("a", CheckStatus::kFail,
                               "x\x1b[2Jy\nz\r\xc2\x9b"
                               "1m\xff \xe2\x80\xaetail")},
                        {}};
  const std::string text = render_live_table(state, kPlain);
  EXPECT_THAT(text, HasSubstr("x [2Jy z 1m"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
}

// What a terminal shows after these writes: cursor up, clear to the end of the line or screen.
std::vector<std::string> screen_after(const std::string& written) {
  std::vector<std::string> lines{""};
  size_t row = 0;
  size_t column = 0;
  for (size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\n') {
      ++row;
      column = 0;
      if (row == lines.size()) lines.emplace_back();
    } else if (written[i] == '\x1b') {
      const size_t end = written.find_first_of("AKJ", i);
      size_t up = 0;
      std::from_chars(written.data() + i + 2, written.data() + end, up);
      row -= up;
      if (written[end] != 'A') lines[row].resize(std::min(column, lines[row].size()));
      if (written[end] == 'J') lines.resize(row + 1);
      i = end;
    } else {
      lines[row].resize(std::max(lines[row].size(), column + 1), ' ');
      lines[row][column++] = written[i];
    }
  }
  return lines;
}

TEST(LiveTable, RedrawsInPlace) {
  LiveTable table;
  LiveState state{{check("a", std::nullopt), check("b", std::nullopt)}, {}};
  std::string written = table.draw(state, kPlain);
  EXPECT_THAT(table.draw(state, kPlain), IsEmpty());
  state.checks[0] = check("a", CheckStatus::kPass);
  const std::string second = table.draw(state, kPlain);
  EXPECT_THAT(second, StartsWith("\x1b[3A"));
  written += second;
  state.checks.pop_back();
  written += table.draw(state, kPlain);
  const std::vector<std::string> lines = screen_after(written);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], StartsWith("NAME"));
  EXPECT_EQ(lines[1], "shop/a  Completed  pass    1.2s");
  EXPECT_EQ(lines[2], "");
}

TEST(LiveLines, SayEachChangeOnce) {
  LiveLines lines;
  const WallTime now = parse_rfc3339("2026-01-01T00:00:05Z").value();
  LiveState state{{check("a", std::nullopt)}, {}};
  EXPECT_EQ(lines.changes(state, now), "2026-01-01T00:00:05Z shop/a Running\n");
  EXPECT_EQ(lines.changes(state, now), "");
  state.checks[0] = check("a", CheckStatus::kFail, "Check\nfailed.");
  EXPECT_EQ(lines.changes(state, now),
            "2026-01-01T00:00:05Z shop/a Completed fail 1.2s Check failed.\n");
  EXPECT_EQ(lines.changes({}, now), "");
  EXPECT_THAT(lines.changes(state, now), HasSubstr("shop/a Completed fail"));  // made anew
}

TEST(LiveCheck, IsReadFromTheObjects) {
  HealthCheck check;
  check.meta.ns = "shop";
  check.meta.name = "search-1";
  check.meta.owner_references.push_back(
      {"holmesgpt.dev/v1alpha1", "ScheduledHealthCheck", "search", "uid", true});
  EXPECT_EQ(live_check(check).phase, "Pending");
  check.status.phase = Phase::kFailed;
  check.status.error = "no answer";
  EXPECT_EQ(live_check(check).schedule, "search");
  EXPECT_EQ(live_check(check).message, "no answer");
  ScheduledHealthCheck schedule;
  schedule.spec.schedule = "@every 1m";
  schedule.spec.enabled = false;
  EXPECT_EQ(live_schedule(schedule).schedule, "@every 1m");
  EXPECT_FALSE(live_schedule(schedule).enabled);
}

}  // namespace
}  // namespace holmes
