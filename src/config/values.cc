#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {

std::string HostPort::to_text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<int64_t> parse_integer(std::string_view text, int64_t min, int64_t max) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number < min || number > max) {
    return fail(ErrorCode::kInvalid, fmt::format("must be an integer from {} to {}", min, max));
  }
  return number;
}

Result<bool> parse_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 4> kTrue{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> kFalse{"false", "no", "off", "0"};
  const std::string word = to_lower(text);
  if (std::ranges::find(kTrue, word) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, word) != kFalse.end()) return false;
  return fail(ErrorCode::kInvalid, "must be true or false");
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto wrong = fail(ErrorCode::kInvalid,
                          "must be host:port, :port or [IPv6]:port with a port from 0 to 65535");
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  const auto port = parse_integer(text.substr(colon + 1), 0, std::numeric_limits<uint16_t>::max());
  if (!port) return wrong;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return wrong;
  } else if (host.find_first_of(":[]/ ") != std::string_view::npos) {
    return wrong;
  }
  return HostPort{host.empty() ? "0.0.0.0" : std::string(host), static_cast<uint16_t>(*port)};
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ',')) {
    if (const std::string_view word = trim(part); !word.empty()) parts.emplace_back(word);
  }
  return parts;
}

}  // namespace holmes
