// Zone files read by other means than the code under test: RFC 9636 (TZif) and the POSIX rule in
// its footer, with civil-date arithmetic of its own. For tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holmes {

// Days since 1970-01-01, proleptic Gregorian.
int64_t days_of_date(int64_t year, int month, int day);

struct CivilDate {
  int64_t year;
  int month;
  int day;
};
CivilDate date_of_days(int64_t days);

// From `begin` (unix seconds) to the next piece's begin.
struct OffsetPiece {
  int64_t begin;
  int64_t offset;
};

class TzifZone {
 public:
  // Throws std::runtime_error when there is no such file or it has an unknown form.
  explicit TzifZone(const std::string& path);

  // The pieces that cover [from, until); the first one begins at `from`. Neighbours differ.
  [[nodiscard]] std::vector<OffsetPiece> pieces(int64_t from, int64_t until) const;

  // The changes in the file's table.
  [[nodiscard]] const std::vector<OffsetPiece>& table() const { return table_; }

 private:
  // Mm.w.d/time of a POSIX rule.
  struct RuleDay {
    int month = 0;
    int week = 0;
    int weekday = 0;
    int64_t seconds = 7200;
  };
  struct Rule {
    int64_t standard = 0;
    int64_t summer = 0;
    std::optional<std::array<RuleDay, 2>> days;  // begin and end of summer time
  };

  void read_table(const std::string& data, size_t at);
  void read_footer(std::string text);
  void add_rule_pieces(int64_t from, int64_t until, std::vector<OffsetPiece>& pieces) const;

  int64_t first_offset_ = 0;
  std::vector<OffsetPiece> table_;
  Rule rule_;
};

}  // namespace holmes
