// The words of options as values. Pure. Each parser fails with kInvalid and the rest of a sentence
// that begins with the quoted value: "must be an integer from 1 to 300".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holmes {

struct HostPort {
  std::string host;  // "0.0.0.0" when the text names none (":8080"); without brackets
  uint16_t port = 0;

  [[nodiscard]] std::string to_text() const;  // "[::1]:8080"
  bool operator==(const HostPort&) const = default;
};

Result<int64_t> parse_integer(std::string_view text, int64_t min, int64_t max);
// true, false, yes, no, on, off, 1, 0 in any case.
Result<bool> parse_boolean(std::string_view text);
// "host:port", ":port" or "[v6]:port"; whether the host exists is not asked.
Result<HostPort> parse_host_port(std::string_view text);
// Parts between commas, trimmed; empty ones are dropped.
std::vector<std::string> parse_list(std::string_view text);

}  // namespace holmes
