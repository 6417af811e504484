#include "net/client_request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 300;
constexpr size_t kMaxQuotedNameBytes = 64;

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

bool has_line_break(std::string_view value) {
  return std::ranges::any_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
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

}  // namespace

std::string_view ClientTarget::host_header() const {
  return std::string_view(origin_text).substr(origin.scheme.size() + 3);
}

Result<ClientTarget> check_request(const HttpRequest& request) {
  if (!is_token(request.method)) return fail(ErrorCode::kInvalid, "the HTTP method is not a word");
  const std::string_view target = request.target;
  const size_t scheme = target.find("://");
  const size_t path =
      std::min(target.find_first_of("/?#", scheme == target.npos ? 0 : scheme + 3), target.size());
  ClientTarget checked;
  HOLMES_TRY(checked.origin, parse_url(target.substr(0, path)));
  checked.origin_text = checked.origin.origin();
  checked.rest = target.substr(path);
  if (!std::ranges::all_of(checked.rest, [](char c) { return c > ' ' && c != '\x7f'; })) {
    return fail(ErrorCode::kInvalid,
                request_name(request) + ": the URL has a character that must be encoded");
  }
  checked.peer = checked.origin;
  if (!request.connect_to.empty()) {
    HOLMES_TRY(checked.peer, parse_url(checked.origin.scheme + "://" + request.connect_to));
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
