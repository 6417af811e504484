#include "cmd/local_identity.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"

namespace holmes {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kAuthorityName = "holmes-local";
constexpr std::chrono::hours kClockSkew{24};
constexpr std::chrono::hours kLifetime{10 * 365 * 24};
// One that has less left is replaced at a start.
constexpr std::chrono::hours kLifetimeLeftMin{30 * 24};

std::string make_token(Random& random) {
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:016x}", random.next());
  return token;
}

bool is_any_address(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

std::vector<std::string> names_for(const std::string& host) {
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
  if (!is_any_address(host) && std::ranges::find(names, host) == names.end()) {
    names.push_back(host);
  }
  return names;
}

json::object to_json(const Certificate& certificate) {
  return {{"certificate", certificate.certificate_pem}, {"key", certificate.key_pem}};
}

Certificate certificate_at(const json::object& object, std::string_view member) {
  return {json_string_or(object, {member, "certificate"}), json_string_or(object, {member, "key"})};
}

Error unusable(std::string_view why) {
  return {ErrorCode::kInvalid,
          fmt::format("{}; move it away to get a new authority and a new token, and with them "
                      "another kubeconfig",
                      why)};
}

}  // namespace

LocalIdentity::LocalIdentity(CertificateAuthority authority, WallTime valid_to, std::string token)
    : authority_(std::move(authority)), valid_to_(valid_to), token_(std::move(token)) {}

LocalIdentity LocalIdentity::make(WallTime now, Random& random) {
  const Validity validity{now - kClockSkew, now + kLifetime};
  return {CertificateAuthority::make(std::string(kAuthorityName), validity, random), validity.to,
          make_token(random)};
}

Result<LocalIdentity> LocalIdentity::read(std::string_view text) {
  const Result<json::object> object = parse_json_object(text);
  if (!object) return fail(unusable("is damaged: " + object.error().message));
  const int64_t format = json_int(*object, {"format"}).value_or(0);
  if (format > kFormat) {
    return fail(ErrorCode::kInvalid,
                fmt::format("has format {}, this Holmes knows {}: use the newer Holmes that wrote "
                            "it, or another folder",
                            format, kFormat));
  }
  auto authority = CertificateAuthority::read(certificate_at(*object, "authority"));
  if (!authority) return fail(unusable("is damaged: " + authority.error().message));
  const auto valid_to = parse_rfc3339(json_string_or(*object, {"validTo"}));
  const std::string token = json_string_or(*object, {"token"});
  if (format != kFormat || !valid_to || token.empty()) {
    return fail(unusable("is damaged: something is missing"));
  }
  LocalIdentity identity(*std::move(authority), *valid_to, token);
  identity.port_ =
      static_cast<uint16_t>(std::clamp<int64_t>(json_int(*object, {"port"}).value_or(0), 0, 65535));
  identity.server_ = certificate_at(*object, "server");
  if (check_server_tls(identity.tls())) {
    if (const json::array* names = json_array(*object, {"names"})) {
      for (const json::value& name : *names) {
        if (name.is_string()) identity.names_.emplace_back(name.get_string());
      }
    }
  }
  return identity;
}

std::string LocalIdentity::to_text() const {
  json::array names;
  for (const std::string& name : names_) names.emplace_back(name);
  return holmes::to_text(json::object{{"format", kFormat},
                                      {"authority", to_json(authority_.own())},
                                      {"server", to_json(server_)},
                                      {"names", std::move(names)},
                                      {"validTo", format_rfc3339(valid_to_)},
                                      {"token", token_},
                                      {"port", port_}}) +
         "\n";
}

Status LocalIdentity::serve_as(const std::string& host, WallTime now, Random& random) {
  if (valid_to_ - now < kLifetimeLeftMin) {
    LocalIdentity fresh = make(now, random);
    authority_ = std::move(fresh.authority_);
    valid_to_ = fresh.valid_to_;
    names_.clear();
  }
  const std::vector<std::string> names = names_for(host);
  if (names_ == names) return {};
  HOLMES_TRY(server_, authority_.issue_server(names, {now - kClockSkew, valid_to_}, random));
  names_ = names;
  return {};
}

TlsServerOptions LocalIdentity::tls() const {
  return {.certificate_pem = server_.certificate_pem, .key_pem = server_.key_pem};
}

std::string local_url(const HostPort& address) {
  HostPort reached = address;
  if (reached.host == "0.0.0.0") reached.host = "127.0.0.1";
  if (reached.host == "::") reached.host = "::1";
  return "https://" + reached.to_text();
}

std::string LocalIdentity::kubeconfig(const HostPort& address) const {
  return fmt::format(R"(apiVersion: v1
kind: Config
current-context: holmes-local
clusters:
- name: holmes-local
  cluster:
    server: {}
    certificate-authority-data: {}
users:
- name: holmes-local
  user:
    token: {}
contexts:
- name: holmes-local
  context:
    cluster: holmes-local
    user: holmes-local
    namespace: default
)",
                     local_url(address), base64_encode(authority_.own().certificate_pem), token_);
}

}  // namespace holmes
