#include "base/time.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Time, ReadsEveryFormThatRfc3339Allows) {
  const struct {
    std::string_view text;
    std::string_view utc;
  } rows[] = {
      {"2024-01-01T00:00:02Z", "2024-01-01T00:00:02.000000Z"},
      {"2024-01-01T00:00:02.5Z", "2024-01-01T00:00:02.500000Z"},
      {"2024-01-01T01:30:00.123456789+01:30", "2024-01-01T00:00:00.123456Z"},
      {"2023-12-31t23:00:00-01:00", "2024-01-01T00:00:00.000000Z"},
      {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000000Z"},
  };
  for (const auto& row : rows) {
    const auto time = parse_rfc3339(row.text);
    ASSERT_TRUE(time.has_value()) << row.text;
    EXPECT_EQ(format_rfc3339_micros(*time), row.utc);
  }
}

TEST(Time, RefusesWhatIsNotATime) {
  for (const std::string_view text :
       {"", "2024-01-01", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+1:00",
        "2024-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Time, WritesSecondsAsKubernetesDoes) {
  EXPECT_EQ(format_rfc3339(parse_rfc3339("2024-02-29T12:00:00.9Z").value()),
            "2024-02-29T12:00:00Z");
}

TEST(Time, WritesYearsThatHaveNotFourDigits) {
  const auto new_year = [](int year) {
    return WallTime(std::chrono::sys_days(std::chrono::year(year) / 1 / 1)) -
           std::chrono::microseconds(1);
  };
  EXPECT_EQ(format_rfc3339_micros(new_year(10000)), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339_micros(new_year(10001)), "10000-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339_micros(new_year(1)), "0000-12-31T23:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(new_year(0)), "-001-12-31T23:59:59Z");
}

}  // namespace
}  // namespace holmes
