#include "net/http.h"

#include <algorithm>
#include <charconv>

#include <curl/curl.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kMaxRetryAfter = std::chrono::hours(24);

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::chrono::seconds seconds_of_digits(std::string_view digits) {
  int64_t seconds = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (read.ec != std::errc()) return kMaxRetryAfter;  // more than fits
  return std::min(std::chrono::seconds(seconds), kMaxRetryAfter);
}

}  // namespace

HttpHeaders::HttpHeaders(std::initializer_list<Field> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

void HttpHeaders::reserve(size_t fields, size_t bytes) {
  places_.reserve(places_.size() + fields);
  text_.reserve(text_.size() + bytes);
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  places_.push_back({text_.size(), name.size(), value.size()});
  text_.append(name).append(value);
}

void HttpHeaders::set(std::string_view name, std::string_view value) {
  std::erase_if(places_,
                [&](const Place& place) { return equals_ignoring_case(field(place).first, name); });
  add(name, value);
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  for (const auto& [field, value] : all()) {
    if (equals_ignoring_case(field, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> HttpHeaders::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [field, value] : all()) {
    if (equals_ignoring_case(field, name)) values.emplace_back(value);
  }
  return values;
}

std::optional<std::chrono::milliseconds> retry_after(const HttpHeaders& headers, WallTime now) {
  const auto value = headers.find("Retry-After");
  if (!value) return std::nullopt;
  const std::string text(trim(*value));
  if (all_digits(text)) return seconds_of_digits(text);
  // A date begins with the name of a day; curl_getdate alone would take much more for a date.
  if (text.empty() || std::string_view("SMTWF").find(text[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  const time_t date = curl_getdate(text.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
      std::chrono::system_clock::from_time_t(date) - now);
  return std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0), kMaxRetryAfter);
}

}  // namespace holmes
