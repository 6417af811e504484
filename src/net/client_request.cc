#include "net/client_request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 300;
constexpr size_t kMaxQuotedNameBytes = 64;
constexpr std::string_view kOriginEnds = "/?#";  // what follows it begins with one of these

// By character: whether it may stand in a token (RFC 9110, 5.6.2).
constexpr auto kTokenCharacters = [] {
  std::array<bool, 256> may{};
  for (size_t c = '!'; c <= '~'; ++c) may[c] = true;
  for (const char c : std::string_view("()<>@,;:\\\"/[]?={}")) may[static_cast<size_t>(c)] = false;
  return may;
}();

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return kTokenCharacters[static_cast<unsigned char>(c)];
  });
}

// Three searches, as each looks at many characters at once and tokens are long.
bool has_line_break(std::string_view value) {
  return value.find('\r') != value.npos || value.find('\n') != value.npos ||
         value.find('\0') != value.npos;
}

bool must_be_encoded(std::string_view rest) {
  return has_any(rest, [](char c) { return (c <= ' ') | (c == '\x7f'); });
}

Status check_headers(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers.all()) {
    if (is_token(name) && !has_line_break(value)) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: the header \"{}\" cannot be sent: its {}", request_name(request),
                            cut(name, kMaxQuotedNameBytes),
                            is_token(name) ? "value has a line break" : "name is not a word"));
  }
  return Status();
}

bool is_origin_of(const ClientOrigin& known, const HttpRequest& request) {
  const std::string_view target = request.target;
  const size_t size = known.given.size();
  return target.starts_with(known.given) &&
         (target.size() == size || kOriginEnds.find(target[size]) != kOriginEnds.npos) &&
         request.connect_to == known.connect_to;
}

Result<std::shared_ptr<const ClientOrigin>> parse_origin(const HttpRequest& request) {
  const std::string_view target = request.target;
  const size_t scheme = target.find("://");
  ClientOrigin origin;
  origin.given =
      target.substr(0, target.find_first_of(kOriginEnds, scheme == target.npos ? 0 : scheme + 3));
  origin.connect_to = request.connect_to;
  HOLMES_TRY(origin.url, parse_url(origin.given));
  origin.text = origin.url.origin();
  origin.peer = origin.url;
  if (!origin.connect_to.empty()) {
    HOLMES_TRY(origin.peer, parse_url(origin.url.scheme + "://" + origin.connect_to));
  }
  origin.peers = origin.text + " " + origin.connect_to;
  return std::make_shared<const ClientOrigin>(std::move(origin));
}

}  // namespace

std::string_view ClientOrigin::host_header() const {
  return std::string_view(text).substr(url.scheme.size() + 3);
}

Result<ClientTarget> check_request(const HttpRequest& request,
                                   const std::shared_ptr<const ClientOrigin>& known) {
  if (!is_token(request.method)) return fail(ErrorCode::kInvalid, "the HTTP method is not a word");
  ClientTarget checked{known, {}};
  if (known == nullptr || !is_origin_of(*known, request)) {
    HOLMES_TRY(checked.origin, parse_origin(request));
  }
  checked.rest = std::string_view(request.target).substr(checked.origin->given.size());
  if (must_be_encoded(checked.rest)) {
    return fail(ErrorCode::kInvalid,
                request_name(request) + ": the URL has a character that must be encoded");
  }
  HOLMES_CHECK(check_headers(request));
  return checked;
}

std::string request_name(const HttpRequest& request) {
  const std::string_view target = request.target;
  const std::string_view shown = target.substr(0, target.find_first_of("?#"));
  // A URL with user information is refused, but must not be quoted before that either.
  if (shown.find('@') != shown.npos) return request.method;
  return fmt::format("{} {}", request.method, cut(shown, kMaxQuotedBytes));
}

bool is_repeatable(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

}  // namespace holmes
