#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

// Names without separators and in lower case.
constexpr auto kCredentialWords = std::to_array<std::string_view>(
    {"password",   "passwd",     "passphrase",      "secret",        "token",      "apikey",
     "accesskey",  "privatekey", "accountkey",      "encryptionkey", "masterkey",  "signingkey",
     "sessionkey", "sshkey",     "licensekey",      "licencekey",    "credential", "authorization",
     "jwt",        "cookie",     "connectionstring"});
// A name whose last word is one of these says something about a credential, not the credential.
constexpr auto kHarmlessEndings = std::to_array<std::string_view>(
    {"name",     "names",    "ref",      "refs",       "file",      "filename", "path",
     "dir",      "url",      "uri",      "endpoint",   "host",      "port",     "type",
     "kind",     "mode",     "ttl",      "timeout",    "seconds",   "minute",   "second",
     "age",      "expires",  "expiry",   "expiration", "policy",    "length",   "size",
     "count",    "limit",    "enabled",  "required",   "rotation",  "version",  "generation",
     "revision", "provider", "store",    "class",      "algorithm", "audience", "issuer",
     "status",   "secure",   "samesite", "domain"});
// With one of these, "tokens" are the units that a language model counts.
constexpr auto kCountedTokens = std::to_array<std::string_view>(
    {"max", "min", "limit", "input", "output", "prompt", "completion", "total", "cached", "used"});

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& set, std::string_view text) {
  return std::ranges::find(set, text) != set.end();
}

// "dbSecret_Name" -> db, secret, name.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool begins = true;
  char before = ' ';
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::string_view("_-./ ").find(c) != std::string_view::npos) {
      begins = true;
    } else {
      const bool rises =
          std::isupper(byte) != 0 && std::isupper(static_cast<unsigned char>(before)) == 0;
      if (begins || rises) words.emplace_back();
      words.back() += static_cast<char>(std::tolower(byte));
      begins = false;
    }
    before = c;
  }
  return words;
}

bool is_harmless(const std::vector<std::string>& words) {
  const std::string& last = words.back();
  if (last != "tokens") return is_one_of(kHarmlessEndings, last);
  return std::ranges::any_of(
      words, [](const std::string& word) { return is_one_of(kCountedTokens, word); });
}

}  // namespace

bool is_credential_name(std::string_view name) {
  if (name == "PWD" || name == "OLDPWD") return false;  // the working directory
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || is_harmless(words)) return false;
  std::string bare;
  for (const std::string& word : words) bare += word;
  const auto contains = [&](std::string_view word) { return bare.find(word) != std::string::npos; };
  if (std::ranges::any_of(kCredentialWords, contains)) return true;
  const std::string lower = to_lower(name);
  for (const std::string_view word : {"pass", "pwd"}) {
    if (!lower.ends_with(word)) continue;
    if (lower.size() == word.size()) return true;
    const char before = lower[lower.size() - word.size() - 1];
    if (before == '_' || before == '-' || before == '.') return true;
  }
  return false;
}

}  // namespace holmes
