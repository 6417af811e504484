#include "holmes/server/auth.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kBearer = "bearer ";

// Digests have one length and tell nothing about the keys' common beginning.
bool same_secret(std::string_view a, std::string_view b) {
  const std::string x = sha256_hex(a);
  const std::string y = sha256_hex(b);
  unsigned difference = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(x[i]) ^ static_cast<unsigned char>(y[i]));
  }
  return difference == 0;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

bool is_authorized(const HttpHeaders& headers, std::string_view api_key) {
  if (api_key.empty()) return true;
  const auto key = headers.find("X-API-Key");
  if (key && same_secret(*key, api_key)) return true;
  const auto authorization = headers.find("Authorization");
  if (!authorization || !to_lower(authorization->substr(0, kBearer.size())).starts_with(kBearer)) {
    return false;
  }
  return same_secret(trim(authorization->substr(kBearer.size())), api_key);
}

Status check_exposure(std::string_view host, std::string_view api_key, bool allow_unauthenticated) {
  if (!api_key.empty() || allow_unauthenticated || is_loopback(host)) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("HOLMES_API_KEY is not set and {} can be reached from other machines: set "
                  "it, listen on 127.0.0.1, or set "
                  "HOLMES_UNSAFE_ALLOW_UNAUTHENTICATED=true to let anybody run checks",
                  host));
}

}  // namespace holmes
