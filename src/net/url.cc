#include "net/url.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuotedBytes = 200;
constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// RFC 3986, 3.3: pchar and "/", with '%' of escapes.
bool is_path_char(char c) {
  return is_unreserved(c) || std::string_view("/%!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Quotes no query and no user information: they may hold secrets.
std::unexpected<Error> bad_url(std::string_view text, std::string_view why) {
  std::string message = fmt::format("not a usable URL, {}", why);
  if (text.find('@') == std::string_view::npos) {
    message += fmt::format(": \"{}\"", cut(text.substr(0, text.find('?')), kMaxQuotedBytes));
  }
  return fail(ErrorCode::kInvalid, std::move(message));
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos && std::ranges::all_of(host, [](char c) {
           return hex_digit(c) >= 0 || c == ':' || c == '.';
         });
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

// "host", "host:port", "[v6]", "[v6]:port"
Status parse_authority(std::string_view whole, std::string_view authority, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad_url(whole, "'[' without ']'");
    url.host = to_lower(authority.substr(1, end - 1));
    if (!is_ipv6(url.host)) return bad_url(whole, "no IPv6 address between '[' and ']'");
    port = authority.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return bad_url(whole, "something stands after ']'");
    if (has_port) port.remove_prefix(1);
  } else {
    const size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = to_lower(authority.substr(0, colon));
    if (url.host.empty()) return bad_url(whole, "it has no host");
    if (!is_host_name(url.host)) return bad_url(whole, "the host has a forbidden character");
    if (has_port) port = authority.substr(colon + 1);
  }
  if (!has_port) return Status();
  const std::optional<uint16_t> number = parse_port(port);
  if (!number) return bad_url(whole, "the port must be a number from 1 to 65535");
  url.port = *number;
  return Status();
}

// '+' is a space in queries (application/x-www-form-urlencoded).
Result<std::string> decode_query(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

Status parse_query(std::string_view text, Target& target) {
  for (const std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view raw =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    HOLMES_TRY(std::string name, decode_query(pair.substr(0, equals)));
    HOLMES_TRY(std::string value, decode_query(raw));
    target.query.emplace_back(std::move(name), std::move(value));
  }
  return Status();
}

}  // namespace

std::string Url::origin() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  const std::string name = ipv6 ? "[" + host + "]" : host;
  const bool default_port = port == (scheme == "https" ? kHttpsPort : kHttpPort);
  const std::string text = scheme + "://" + name;
  return default_port ? text : text + ":" + std::to_string(port);
}

std::string Url::to_text() const {
  return origin() + path;
}

Result<Url> parse_url(std::string_view text) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    return bad_url(text, "it must begin with http:// or https://");
  }
  Url url;
  url.scheme = to_lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") {
    return bad_url(text, "it must begin with http:// or https://");
  }
  url.port = url.scheme == "https" ? kHttpsPort : kHttpPort;
  const std::string_view rest = text.substr(scheme_end + 3);
  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) {
    return bad_url(text, "it must not contain user information");
  }
  HOLMES_CHECK(parse_authority(text, authority, url));
  std::string_view path = rest.substr(authority_end);
  if (path.find('?') != std::string_view::npos) return bad_url(text, "it must not have a query");
  if (path.find('#') != std::string_view::npos) return bad_url(text, "it must not have a fragment");
  if (!std::ranges::all_of(path, is_path_char)) {
    return bad_url(text, "the path has a character that must be percent-encoded");
  }
  if (!percent_decode(path)) return bad_url(text, "the path has a broken percent escape");
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
  return url;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(ErrorCode::kInvalid, fmt::format("broken percent escape at byte {} of \"{}\"", i,
                                                   cut(text, kMaxQuotedBytes)));
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<Target> parse_target(std::string_view text) {
  // The absolute form, which a server must understand too (RFC 9112, 3.2.2).
  if (text.starts_with("http://") || text.starts_with("https://")) {
    const size_t path = text.find('/', text.find("://") + 3);
    text = path == std::string_view::npos ? std::string_view("/") : text.substr(path);
  }
  if (!text.starts_with('/')) {
    return fail(ErrorCode::kInvalid,
                fmt::format("the request target must begin with '/', is \"{}\"",
                            cut(text, kMaxQuotedBytes)));
  }
  Target target;
  text = text.substr(0, text.find('#'));
  const size_t question = text.find('?');
  target.path = text.substr(0, question);
  if (target.path != "/") {
    for (const std::string_view raw : split(std::string_view(target.path).substr(1), '/')) {
      HOLMES_TRY(std::string segment, percent_decode(raw));
      target.segments.push_back(std::move(segment));
    }
  }
  if (question != std::string_view::npos) {
    HOLMES_CHECK(parse_query(text.substr(question + 1), target));
  }
  return target;
}

}  // namespace holmes
