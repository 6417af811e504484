#include "holmes/tools/redact.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <re2/re2.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/strings.h"
#include "holmes/tools/tool.h"

namespace holmes {
namespace {

constexpr auto kPlainValues =
    std::to_array<std::string_view>({"true", "false", "null", "nil", "none", "undefined", "~",
                                     "<none>", "<nil>", "<unset>", "..."});
// How a value begins that points at a credential instead of being one.
constexpr auto kReferences = std::to_array<std::string_view>({"$(", "${", "{{", "<set"});

// Shapes that nothing but a credential has.
constexpr auto kShapes = std::to_array<std::string_view>({
    R"((?:AKIA|ASIA)[A-Z0-9]{16})",                                   // AWS access key ids
    R"(xox[abeprs]-[A-Za-z0-9\-]{10,})",                              // Slack
    R"(xapp-[A-Za-z0-9\-]{20,})",                                     //
    R"(gh[pousr]_[A-Za-z0-9]{20,})",                                  // GitHub
    R"(github_pat_[A-Za-z0-9_]{20,})",                                //
    R"(glpat-[A-Za-z0-9_\-]{16,})",                                   // GitLab
    R"(AIza[A-Za-z0-9_\-]{30,})",                                     // Google
    R"(ya29\.[A-Za-z0-9_\-]{20,})",                                   //
    R"(npm_[A-Za-z0-9]{36})",                                         //
    R"(hf_[A-Za-z0-9]{30,})",                                         // Hugging Face
    R"(eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)",  // JWT
    R"(LS0tLS1CRUdJTi[A-Za-z0-9+/=_\-]*)",                            // PEM within base64
});

struct Rewrite {
  std::string_view pattern;
  std::string_view replacement;
};
// What needs its surroundings to be recognised. `\\[nrt]` is a line break or tab inside JSON.
constexpr auto kRewrites = std::to_array<Rewrite>({
    // OpenAI, Anthropic and others; Stripe. Not the end of "task-" or "disk-".
    {R"((^|[^A-Za-z0-9_\-]|\\[nrt])(?:sk-[A-Za-z0-9_\-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}))",
     R"(\1[redacted])"},
    {R"(([A-Za-z][A-Za-z0-9+.\-]*://[^\s/:@"'<>?#\\]*:)[^\s/"'<>?#\\]+@)", R"(\1[redacted]@)"},
    {R"((https?://)[^\s/:@"'<>?#\\]{20,}@)", R"(\1[redacted]@)"},
    {R"((hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_\-]+)", R"(\1[redacted])"},
    {R"((?i)(authorization\\*["']?\s*[:=]\s*\\*["']?\s*(?:bearer|basic|token|apikey|negotiate)\s+)[^\s"'\\]+)",
     R"(\1[redacted])"},
    {R"((?i)(cookie\\*["']?\s*:\s*\\*["']?)[^\s;=,"'\\{\[]+=[^\s;"'\\]*(?:;[ \t]*[^\s;"'\\]+)*)",
     R"(\1[redacted])"},
    {R"((?i)(bearer\s+)[A-Za-z0-9._~+/\-]{16,}=*)", R"(\1[redacted])"},
    {R"((?i)(basic\s+)[A-Za-z0-9+/]{16,}=+)", R"(\1[redacted])"},
    {R"((?i)(--[A-Z0-9_\-]*(?:password|passwd|passphrase|secret|token|api-?key)[ \t]+)[^\s"'\\\-][^\s"'\\]*)",
     R"(\1[redacted])"},
});

// A name and the separator behind it; what follows is judged by hand.
constexpr std::string_view kNamedValue =
    R"((?i)([\w.\-]*(?:passw(?:or)?d|passphrase|secret|token|(?:api|access|private|account|encryption|master|signing|session|ssh|licen[sc]e)[_.\-]?key|jwt|cookie|connection[_.\-]?string|\bauth\b|credential|[_.\-]pass|pwd)[\w.\-]*)(\\*["']?)([ \t]*)([:=]))";

constexpr size_t kRandomSize = 8;  // with a digit
constexpr size_t kLongSize = 20;   // even without one
constexpr size_t kMaxLoginSize = 10'000;
constexpr size_t kMaxIndent = 200;  // looked back for the beginning of a line

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& set, std::string_view text) {
  return std::ranges::find(set, text) != set.end();
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

const RE2& shapes() {
  static const RE2 pattern = [] {
    std::string joined;
    for (const std::string_view shape : kShapes) {
      joined += joined.empty() ? "" : "|";
      joined += shape;
    }
    return joined;
  }();
  HOLMES_ASSERT(pattern.ok());
  return pattern;
}

const std::vector<std::unique_ptr<const RE2>>& rewrites() {
  static const std::vector<std::unique_ptr<const RE2>> patterns = [] {
    std::vector<std::unique_ptr<const RE2>> made;
    for (const Rewrite& rewrite : kRewrites) {
      made.push_back(std::make_unique<const RE2>(rewrite.pattern));
      HOLMES_ASSERT(made.back()->ok());
    }
    return made;
  }();
  return patterns;
}

const RE2& named_value() {
  static const RE2 pattern(kNamedValue);
  HOLMES_ASSERT(pattern.ok());
  return pattern;
}

// PEM blocks; of a block that was cut off, what looks like its body.
std::string without_pem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  constexpr std::string_view kDashes = "-----";
  std::string out;
  bool may_end = true;  // once there is no further END, nobody looks again
  while (true) {
    const size_t begin = text.find(kBegin);
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    text.remove_prefix(begin);
    out += kRedacted;
    const size_t end = may_end ? text.find(kEnd) : std::string_view::npos;
    may_end = end != std::string_view::npos;
    if (may_end) {
      const size_t closing = text.find(kDashes, end + kEnd.size());
      text.remove_prefix(closing == std::string_view::npos ? text.size()
                                                           : closing + kDashes.size());
      continue;
    }
    text.remove_prefix(kBegin.size());
    const size_t label = text.find(kDashes);
    if (label < kLongSize * 2) text.remove_prefix(label + kDashes.size());
    const auto* const rest = std::ranges::find_if(text, [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return std::isalnum(byte) == 0 && std::isspace(byte) == 0 && c != '+' && c != '/' &&
             c != '=' && c != '\\';
    });
    text.remove_prefix(static_cast<size_t>(rest - text.begin()));
  }
}

// Nothing is hidden by such a value.
bool is_plain(std::string_view value) {
  const auto begins = [&](std::string_view prefix) { return value.starts_with(prefix); };
  return value.empty() || value == kRedacted || is_one_of(kPlainValues, to_lower(value)) ||
         std::ranges::any_of(kReferences, begins) ||
         value.find_first_not_of('*') == std::string_view::npos;
}

bool looks_random(std::string_view value) {
  return value.size() >= kLongSize ||
         (value.size() >= kRandomSize && std::ranges::any_of(value, is_digit));
}

// "auth" of a docker configuration: base64 of "user:password".
bool is_login_name(std::string_view name) {
  return equals_ignoring_case(name, "auth");
}

bool is_login(std::string_view value) {
  constexpr size_t kMinSize = 8;
  if (value.size() < kMinSize || value.size() > kMaxLoginSize) return false;
  const Result<std::string> login = base64_decode(value);
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  return login && login->find(':') != std::string::npos && std::ranges::none_of(*login, is_odd);
}

bool is_password_name(std::string_view name) {
  const std::string lower = to_lower(name);
  return lower.find("passw") != std::string::npos || lower.find("passphrase") != std::string::npos;
}

struct Value {
  size_t begin = 0;
  size_t end = 0;
  bool quoted = false;
};

// The closing quote of a quoted value, or the end of the line when it was cut off.
size_t quoted_end(std::string_view line, size_t begin, std::string_view quote) {
  if (quote.size() > 1) return std::min(line.find(quote, begin), line.size());
  size_t at = begin;
  while (at < line.size() && line[at] != quote[0]) at += line[at] == '\\' ? 2 : 1;
  return std::min(at, line.size());
}

size_t unquoted_end(std::string_view line, size_t begin) {
  constexpr std::string_view kEnds = " \t\r\"'`&,;";
  size_t end = begin;
  for (; end < line.size() && kEnds.find(line[end]) == std::string_view::npos; ++end) {
    if (line[end] != '\\' || end + 1 == line.size()) continue;
    if (std::string_view("nrt\"'").find(line[end + 1]) != std::string_view::npos) break;
  }
  const auto closes = [&] {
    return end > begin && std::string_view(")}]>.").find(line[end - 1]) != std::string_view::npos &&
           !line.substr(begin, end - begin).ends_with(kRedacted);
  };
  while (closes()) --end;
  return end;
}

// The value that begins at or behind `at`; empty when an object or a list begins there.
Value value_at(std::string_view line, size_t at) {
  at = std::min(line.find_first_not_of(" \t", at), line.size());
  const size_t quote = std::min(line.find_first_not_of('\\', at), line.size());
  if (quote < line.size() && std::string_view("\"'`").find(line[quote]) != std::string_view::npos) {
    const std::string_view opening = line.substr(at, quote + 1 - at);
    return {quote + 1, quoted_end(line, quote + 1, opening), true};
  }
  if (at < line.size() && (line[at] == '{' || line[at] == '[') &&
      (at + 1 == line.size() ||
       std::string_view(" \"'{[\\").find(line[at + 1]) != std::string_view::npos)) {
    return {at, at, false};
  }
  return {at, unquoted_end(line, at), false};
}

// The items of a list of quoted values, or the one value.
std::vector<Value> values_at(std::string_view line, size_t at) {
  const size_t bracket = std::min(line.find_first_not_of(" \t", at), line.size());
  const bool is_list = bracket < line.size() && line[bracket] == '[';
  Value value = value_at(line, is_list ? bracket + 1 : at);
  if (is_list && !value.quoted) value = value_at(line, at);
  std::vector<Value> values{value};
  while (is_list && value.quoted) {
    const size_t quote = line.find_first_not_of('\\', value.end);
    if (quote == std::string_view::npos) break;
    const size_t comma = line.find_first_not_of(" \t", quote + 1);
    if (comma == std::string_view::npos || line[comma] != ',') break;
    value = value_at(line, comma + 1);
    if (value.quoted) values.push_back(value);
  }
  return values;
}

struct Name {
  size_t begin = 0;
  std::string_view text;
  std::string_view quote;     // the closing one, `"` or `\"`; empty: none
  bool space_behind = false;  // before the separator
  char separator = ':';
};

bool begins_line(std::string_view line, size_t at) {
  if (at > kMaxIndent) return false;
  return line.substr(0, at).find_first_not_of(" \t-") == std::string_view::npos;
}

// Whether a value of this name could hide something, whatever the value is.
bool may_hide(std::string_view line, const Name& name) {
  const bool in_path = name.separator == ':' && name.begin > 0 && line[name.begin - 1] == '/';
  return !in_path && (is_credential_name(name.text) || is_login_name(name.text));
}

// "secret: not found" and `volume "db-secret" : failed` are sentences, "token: 8f3a..." is not.
// Precondition: may_hide.
bool hides(std::string_view line, const Name& name, const Value& value) {
  const std::string_view text = line.substr(value.begin, value.end - value.begin);
  const bool is_quoted = !name.quote.empty();
  if (is_plain(text)) return false;
  if (is_login_name(name.text)) return is_login(text);
  if (name.separator == '=' || (is_quoted && value.quoted)) return true;
  const size_t behind = line.find_first_not_of(" \t\r", value.end);
  const bool ends_line = behind == std::string_view::npos;
  if (is_quoted) {
    if (name.space_behind) return false;
    if (std::ranges::all_of(text, is_digit)) return text.size() >= kRandomSize;
    return ends_line || line[behind] == ',' || line[behind] == '}' || looks_random(text);
  }
  if (is_password_name(name.text) || looks_random(text) || value.quoted) return true;
  return begins_line(line, name.begin) && ends_line;
}

std::string redact_named_values_of_line(std::string_view line) {
  std::string out;
  size_t copied = 0;
  size_t at = 0;
  std::array<re2::StringPiece, 5> found;
  while (named_value().Match(line, at, line.size(), RE2::UNANCHORED, found.data(), found.size())) {
    const auto offset = [&](const re2::StringPiece& piece) {
      return static_cast<size_t>(piece.data() - line.data());
    };
    const Name name{offset(found[1]), std::string_view(found[1].data(), found[1].size()),
                    std::string_view(found[2].data(), found[2].size()), !found[3].empty(),
                    found[4][0]};
    at = offset(found[4]) + 1;
    if (at < line.size() && line[at] == '=') {
      ++at;
      if (name.separator == '=') continue;  // a comparison
    }
    if (!may_hide(line, name)) continue;
    const std::vector<Value> values = values_at(line, at);
    for (const Value& value : values) {
      const std::string_view text = line.substr(value.begin, value.end - value.begin);
      // Or long runs are read again and again.
      if (values.size() > 1 || text.size() >= kLongSize) at = value.end;
      if (!hides(line, name, value)) continue;
      out += line.substr(copied, value.begin - copied);
      const bool is_json_number = !name.quote.empty() && std::ranges::all_of(text, is_digit);
      const std::string_view quote = is_json_number && !value.quoted ? name.quote : "";
      out.append(quote).append(kRedacted).append(quote);
      copied = at = value.end;
    }
  }
  out += line.substr(copied);
  return out;
}

std::string redact_named_values(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const size_t end = text.find('\n');
    out += redact_named_values_of_line(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

bool is_credential_flag(const json::value& argument) {
  if (!argument.is_string()) return false;
  const std::string_view text(argument.get_string());
  return text.starts_with('-') && text.find_first_of("= ") == std::string_view::npos &&
         is_credential_name(text);
}

// A number under the name of a credential; a shorter one is a count.
bool hides_number(const json::value& value) {
  constexpr double kMinNumber = 1000;
  return value.is_number() && std::abs(value.to_number<double>()) >= kMinNumber;
}

void redact_array(json::array& array, bool is_credential);
void redact_object(json::object& object);

// A value, and whether its name says that it is a credential. What lies within an object has a name
// of its own.
void redact_value(json::value& value, bool is_credential) {
  if (json::object* object = value.if_object()) {
    redact_object(*object);
  } else if (json::array* array = value.if_array()) {
    redact_array(*array, is_credential);
  } else if (is_credential) {
    const bool hides = value.is_string() ? !is_plain(value.get_string()) : hides_number(value);
    if (hides) value = kRedacted;
  } else if (value.is_string()) {
    const std::string_view text(value.get_string());
    std::string redacted = redact(text);
    if (redacted != text) value = redacted;
  }
}

void redact_array(json::array& array, bool is_credential) {
  bool behind_flag = false;
  for (json::value& item : array) {
    const bool is_flag = is_credential_flag(item);
    redact_value(item, is_credential || (behind_flag && !is_flag));
    behind_flag = is_flag;
  }
}

void redact_object(json::object& object) {
  const std::optional<std::string_view> pair = json_string(object, {"name"});
  const bool is_credential_pair = pair && is_credential_name(*pair);
  for (auto& member : object) {
    json::value& value = member.value();
    const bool login =
        is_login_name(member.key()) && value.is_string() && is_login(value.get_string());
    redact_value(value, login || is_credential_name(member.key()) ||
                            (is_credential_pair && member.key() == "value"));
  }
}

}  // namespace

std::string redact(std::string_view text) {
  std::string out = without_pem(text);
  RE2::GlobalReplace(&out, shapes(), std::string(kRedacted));
  for (size_t i = 0; i < kRewrites.size(); ++i) {
    RE2::GlobalReplace(&out, *rewrites()[i], kRewrites[i].replacement);
  }
  return redact_named_values(out);
}

void redact_json(json::value& value) {
  redact_value(value, false);
}

void redact_json(json::object& object) {
  redact_object(object);
}

}  // namespace holmes
