#include "cron/tzif_testing.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace holmes {
namespace {

constexpr size_t kHeaderBytes = 44;

bool is_leap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int64_t year, int month) {
  constexpr std::array kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[static_cast<size_t>(month - 1)];
}

// Leap days before the year, from year 1.
int64_t leap_days_before(int64_t year) {
  const int64_t y = year - 1;
  return y / 4 - y / 100 + y / 400;
}

int64_t big_endian(const std::string& data, size_t at, size_t bytes) {
  uint64_t value = (static_cast<unsigned char>(data.at(at)) & 0x80U) != 0 ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < bytes; ++i)
    value = value << 8U | static_cast<unsigned char>(data.at(at + i));
  return static_cast<int64_t>(value);
}

// Takes a number with a sign; throws where there is none.
int64_t take_number(std::string& text) {
  int64_t sign = 1;
  if (text.starts_with('-') || text.starts_with('+')) {
    sign = text[0] == '-' ? -1 : 1;
    text.erase(0, 1);
  }
  size_t digits = 0;
  int64_t value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0) throw std::runtime_error("no number in footer: " + text);
  text.erase(0, digits);
  return sign * value;
}

void take_char(std::string& text, char c) {
  if (!text.starts_with(c)) throw std::runtime_error("unexpected footer: " + text);
  text.erase(0, 1);
}

// hh[:mm[:ss]]
int64_t take_time(std::string& text) {
  const bool negative = text.starts_with('-');
  int64_t seconds = std::abs(take_number(text)) * 3600;
  for (int64_t unit = 60; unit > 0 && text.starts_with(':'); unit /= 60) {
    text.erase(0, 1);
    seconds += take_number(text) * unit;
  }
  return negative ? -seconds : seconds;
}

void take_name(std::string& text) {
  size_t length = 0;
  if (text.starts_with('<')) {
    length = text.find('>') + 1;
  } else {
    while (length < text.size() && std::isalpha(static_cast<unsigned char>(text[length])) != 0) {
      ++length;
    }
  }
  text.erase(0, length);
}

}  // namespace

int64_t days_of_date(int64_t year, int month, int day) {
  int64_t days = (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970);
  for (int m = 1; m < month; ++m) days += days_in_month(year, m);
  return days + day - 1;
}

CivilDate date_of_days(int64_t days) {
  int64_t year = 1970 + days / 366;
  if (days < 0) year = 1970 + days / 365 - 1;
  while (days_of_date(year + 1, 1, 1) <= days) ++year;
  int month = 1;
  int64_t left = days - days_of_date(year, 1, 1);
  while (left >= days_in_month(year, month)) left -= days_in_month(year, month++);
  return {year, month, static_cast<int>(left) + 1};
}

TzifZone::TzifZone(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!data.starts_with("TZif") || data.at(4) < '2') throw std::runtime_error("no TZif: " + path);
  // The first block has 32-bit times; the second, for us, 64-bit ones.
  const auto count = [&data](size_t n) {
    return static_cast<size_t>(big_endian(data, 20 + 4 * n, 4));
  };
  read_table(data, kHeaderBytes + count(0) + count(1) + count(2) * 8 + count(3) * 5 + count(4) * 6 +
                       count(5));
}

void TzifZone::read_table(const std::string& data, size_t at) {
  const auto count = [&data, at](size_t n) {
    return static_cast<size_t>(big_endian(data, at + 20 + 4 * n, 4));
  };
  const size_t is_ut = count(0);
  const size_t is_standard = count(1);
  const size_t leaps = count(2);
  const size_t times = count(3);
  const size_t types = count(4);
  const size_t chars = count(5);
  const size_t time_at = at + kHeaderBytes;
  const size_t index_at = time_at + times * 8;
  const size_t type_at = index_at + times;
  const auto offset = [&](size_t type) { return big_endian(data, type_at + type * 6, 4); };
  first_offset_ = offset(0);
  for (size_t i = 0; i < times; ++i) {
    const auto type = static_cast<size_t>(static_cast<unsigned char>(data.at(index_at + i)));
    table_.push_back({big_endian(data, time_at + i * 8, 8), offset(type)});
  }
  const size_t footer_at =
      type_at + types * 6 + chars + leaps * 12 + is_standard + is_ut + 1;  // behind a newline
  read_footer(data.substr(footer_at, data.find('\n', footer_at) - footer_at));
}

void TzifZone::read_footer(std::string text) {
  take_name(text);
  rule_.standard = -take_time(text);
  rule_.summer = rule_.standard + 3600;
  if (text.empty()) return;
  take_name(text);
  if (!text.starts_with(',')) rule_.summer = -take_time(text);
  std::array<RuleDay, 2> days;
  for (RuleDay& day : days) {
    take_char(text, ',');
    take_char(text, 'M');
    day.month = static_cast<int>(take_number(text));
    take_char(text, '.');
    day.week = static_cast<int>(take_number(text));
    take_char(text, '.');
    day.weekday = static_cast<int>(take_number(text));
    if (!text.starts_with('/')) continue;
    text.erase(0, 1);
    day.seconds = take_time(text);
  }
  rule_.days = days;
}

void TzifZone::add_rule_pieces(int64_t from, int64_t until,
                               std::vector<OffsetPiece>& pieces) const {
  if (!rule_.days) return;
  const auto local = [](int64_t year, const RuleDay& day) {
    int64_t days = days_of_date(year, day.month, 1);
    while ((days + 4) % 7 != day.weekday) ++days;
    days += (day.week - 1) * 7;
    while (days >= days_of_date(year, day.month, 1) + days_in_month(year, day.month)) days -= 7;
    return days * 86'400 + day.seconds;
  };
  const int64_t last = date_of_days(until / 86'400).year + 1;
  for (int64_t year = std::max<int64_t>(1970, date_of_days(from / 86'400).year - 1); year <= last;
       ++year) {
    pieces.push_back({local(year, (*rule_.days)[0]) - rule_.standard, rule_.summer});
    pieces.push_back({local(year, (*rule_.days)[1]) - rule_.summer, rule_.standard});
  }
}

std::vector<OffsetPiece> TzifZone::pieces(int64_t from, int64_t until) const {
  std::vector<OffsetPiece> all = table_;
  const int64_t table_end = table_.empty() ? INT64_MIN : table_.back().begin;
  std::vector<OffsetPiece> by_rule;
  add_rule_pieces(from, until, by_rule);
  std::ranges::sort(by_rule, {}, &OffsetPiece::begin);
  for (const OffsetPiece& piece : by_rule) {
    if (piece.begin > table_end) all.push_back(piece);
  }
  std::vector<OffsetPiece> result{{from, first_offset_}};
  for (const OffsetPiece& piece : all) {
    if (piece.begin >= until) break;
    if (piece.begin <= from) {
      result.front().offset = piece.offset;
    } else if (piece.offset != result.back().offset) {
      result.push_back(piece);
    }
  }
  return result;
}

}  // namespace holmes
