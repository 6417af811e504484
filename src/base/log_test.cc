#include "base/log.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/json.h"

namespace holmes {
namespace {

const WallTime kTime = parse_rfc3339("2024-01-01T00:00:00Z").value();

TEST(Log, DropsRecordsBelowTheLevelAndAddsContext) {
  std::vector<std::string> lines;
  const Logger log(LogLevel::kInfo,
                   [&](LogLevel level, std::string_view message, const LogFields& f) {
                     lines.push_back(format_log_text(kTime, level, message, f));
                   });
  log.debug("hidden");
  log.with({{"check", "default/a"}}).warning("slow", {{"seconds", 1.5}, {"attempt", 2}});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "2024-01-01T00:00:00.000000Z warning slow check=default/a seconds=1.5 attempt=2");
}

TEST(Log, NumbersAreShort) {
  const LogFields fields{{"a", 0.1 + 0.2}, {"b", 1e-7},
                         {"c", 1234567.0}, {"d", -0.0},
                         {"e", 100.0},     {"f", std::numeric_limits<double>::infinity()},
                         {"g", INT64_MIN}, {"h", true}};
  EXPECT_EQ(format_log_text(kTime, LogLevel::kInfo, "m", fields),
            "2024-01-01T00:00:00.000000Z info    m a=0.3 b=1e-07 c=1.23457e+06 d=-0 e=100 f=inf "
            "g=-9223372036854775808 h=true");
}

TEST(Log, AValueCannotForgeARecord) {
  const LogFields evil = {{"query", "a\n2024-01-01T00:00:00Z error forged x=\"1\""}};
  const std::string text = format_log_text(kTime, LogLevel::kInfo, "line\nbreak", evil);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const std::string line = format_log_json(kTime, LogLevel::kInfo, "line\nbreak", evil);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(json_string(parse_json(line).value(), {"query"}), std::get<std::string>(evil[0].value));
}

TEST(Log, JsonStaysReadableWhenAValueIsNotUtf8) {
  const std::string line = format_log_json(kTime, LogLevel::kError, "m", {{"k", "\xFF"}});
  EXPECT_TRUE(parse_json(line).has_value());
}

TEST(Log, LevelsAreReadInAnyCase) {
  EXPECT_EQ(parse_log_level("Warn").value(), LogLevel::kWarning);
  EXPECT_FALSE(parse_log_level("loud").has_value());
}

}  // namespace
}  // namespace holmes
