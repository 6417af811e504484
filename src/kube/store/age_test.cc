#include "kube/store/age.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Age, IsShortAndGetsCoarserWithTime) {
  const struct {
    WallTime::duration duration;
    std::string text;
  } cases[] = {
      {seconds(-3), "<invalid>"},
      {milliseconds(-1999), "0s"},
      {seconds(-1), "0s"},
      {milliseconds(-500), "0s"},
      {seconds(0), "0s"},
      {seconds(119), "119s"},
      {seconds(120), "2m"},
      {seconds(150), "2m30s"},
      {minutes(10) - milliseconds(1), "9m59s"},
      {minutes(10) + seconds(30), "10m"},
      {hours(3) - seconds(1), "179m"},
      {hours(3), "3h"},
      {hours(3) + minutes(5), "3h5m"},
      {hours(8) + minutes(5), "8h"},
      {hours(47), "47h"},
      {hours(48), "2d"},
      {hours(52), "2d4h"},
      {hours(24 * 8 + 4), "8d"},
      {hours(24 * 729), "729d"},
      {hours(24 * 730), "2y"},
      {hours(24 * 750), "2y20d"},
      {hours(24 * 365 * 8 + 24), "8y"},
  };
  for (const auto& c : cases) EXPECT_EQ(human_duration(c.duration), c.text) << c.text;
}

TEST(Age, IsUnknownWithoutATime) {
  const WallTime now = parse_rfc3339("2026-01-01T00:00:10Z").value();
  const json::value time("2026-01-01T00:00:00Z");
  const json::value no_time("yesterday");
  EXPECT_EQ(age_text(&time, now), "10s");
  EXPECT_EQ(age_text(&no_time, now), "<unknown>");
  EXPECT_EQ(age_text(nullptr, now), "<unknown>");
}

}  // namespace
}  // namespace holmes::kube
