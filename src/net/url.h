// URLs, as far as we need them: http and https with host, port, path and query. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace holmes {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // without brackets
  uint16_t port = 0;   // always set: 80 or 443 by default
  std::string path;    // without a trailing slash; "" for the root

  [[nodiscard]] std::string origin() const;   // "https://host:6443"
  [[nodiscard]] std::string to_text() const;  // origin + path
};

// Fails with kInvalid and says what is wrong: no scheme, user info, query, ...
Result<Url> parse_url(std::string_view text);

// Percent-encoding of everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);
// Fails with kInvalid on a broken escape.
Result<std::string> percent_decode(std::string_view text);

// A request target split: path decoded segment by segment, query pairs decoded ('+' is a space).
struct Target {
  std::string path;  // as sent, undecoded
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};
Result<Target> parse_target(std::string_view target);

}  // namespace holmes
