#include "net/aws_signature.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/strings.h"
#include "net/url.h"

namespace holmes {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

struct SignedTarget {
  std::string host;
  std::string_view path;
  std::string_view query;
};

Result<SignedTarget> split_target(std::string_view target) {
  const size_t query = std::min(target.find('?'), target.size());
  HOLMES_TRY(const Url url, parse_url(target.substr(0, query)));
  SignedTarget parts;
  parts.host = url.origin().substr(url.scheme.size() + 3);
  const size_t path = target.find('/', url.scheme.size() + 3);
  parts.path = path < query ? target.substr(path, query - path) : "/";
  if (query < target.size()) parts.query = target.substr(query + 1);
  return parts;
}

// Every segment is encoded once more than on the wire (all services but S3).
std::string canonical_path(std::string_view path) {
  std::string canonical;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    canonical += "/" + percent_encode(segment);
  }
  return canonical;
}

// Parameters as on the wire, in order of their names.
std::string canonical_query(std::string_view query) {
  std::vector<std::string> pairs;
  if (query.empty()) return "";
  for (const std::string_view pair : split(query, '&')) {
    pairs.push_back(pair.contains('=') ? std::string(pair) : fmt::format("{}=", pair));
  }
  std::ranges::sort(pairs);
  std::string canonical;
  for (const std::string& pair : pairs) canonical += (canonical.empty() ? "" : "&") + pair;
  return canonical;
}

// Spaces around a value and beside each other do not count.
std::string canonical_value(std::string_view value) {
  std::string canonical;
  for (const char c : trim(value)) {
    if (c != ' ' || !canonical.ends_with(' ')) canonical += c;
  }
  return canonical;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;
};

CanonicalHeaders canonical_headers(const HttpRequest& request, const std::string& host) {
  std::map<std::string, std::string> values{{"host", host}};
  for (const auto& [name, value] : request.headers.all()) {
    std::string& joined = values[to_lower(name)];
    joined += (joined.empty() ? "" : ",") + canonical_value(value);
  }
  CanonicalHeaders canonical;
  for (const auto& [name, value] : values) {
    canonical.lines += fmt::format("{}:{}\n", name, value);
    canonical.names += (canonical.names.empty() ? "" : ";") + name;
  }
  return canonical;
}

// "20150830T123600Z"
std::string basic_time(WallTime time) {
  std::string text = format_rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string signing_key(const AwsCredentials& credentials, std::string_view day,
                        const AwsScope& scope) {
  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string_view part :
       {day, std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac_sha256(key, part);
  }
  return key;
}

}  // namespace

Status sign_aws(HttpRequest& request, const AwsCredentials& credentials, const AwsScope& scope,
                WallTime now) {
  HOLMES_TRY(const SignedTarget target, split_target(request.target));
  const std::string time = basic_time(now);
  const std::string day = time.substr(0, time.find('T'));
  request.headers.set("X-Amz-Date", time);
  if (!credentials.session_token.empty()) {
    request.headers.set("X-Amz-Security-Token", credentials.session_token);
  }
  const CanonicalHeaders headers = canonical_headers(request, target.host);
  const std::string canonical = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(target.path),
      canonical_query(target.query), headers.lines, headers.names, sha256_hex(request.body));
  const std::string where = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, where, sha256_hex(canonical));
  const std::string signature = to_hex(hmac_sha256(signing_key(credentials, day, scope), to_sign));
  request.headers.set("Authorization",
                      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                  credentials.access_key_id, where, headers.names, signature));
  return Status();
}

}  // namespace holmes
