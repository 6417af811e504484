#include "kube/client/exec_credential.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/strings.h"
#include "net/tls.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxQuotedBytes = 100;

json::object cluster_info(const ClusterConfig& config) {
  json::object cluster{{"server", config.server.to_text()}};
  if (!config.tls.server_name.empty()) cluster["tls-server-name"] = config.tls.server_name;
  if (config.tls.insecure) cluster["insecure-skip-tls-verify"] = true;
  if (!config.tls.ca_pem.empty()) {
    cluster["certificate-authority-data"] = base64_encode(config.tls.ca_pem);
  }
  if (!config.proxy.empty()) cluster["proxy-url"] = config.proxy;
  if (!config.exec->cluster_extension.is_null()) {
    cluster["config"] = config.exec->cluster_extension;
  }
  return cluster;
}

std::unexpected<Error> wrong(std::string_view key, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("its answer's {} {}", key, why));
}

// "" when absent.
Result<std::string> text_in(const json::object& status, std::string_view key) {
  const json::value* const value = status.if_contains(key);
  if (value == nullptr || value->is_null()) return "";
  if (!value->is_string()) return wrong(fmt::format("status.{}", key), "must be a string");
  return std::string(value->get_string());
}

Status check_kind(const json::object& answer, std::string_view api_version) {
  const std::string kind = json_string_or(answer, {"kind"});
  if (kind != "ExecCredential") {
    return wrong("kind",
                 fmt::format("must be ExecCredential, not '{}'", cut(kind, kMaxQuotedBytes)));
  }
  const std::string version = json_string_or(answer, {"apiVersion"});
  if (version != api_version) {
    return wrong("apiVersion", fmt::format("must be {} as in the kubeconfig, not '{}'", api_version,
                                           cut(version, kMaxQuotedBytes)));
  }
  return {};
}

Status read_token(const json::object& status, ExecCredential& credential) {
  HOLMES_TRY(const std::string token, text_in(status, "token"));
  credential.token = trim(token);
  const bool sendable =
      std::ranges::all_of(credential.token, [](char c) { return c > ' ' && c < 0x7F; });
  if (!sendable) return wrong("status.token", "has a character that no token has");
  return {};
}

Status read_certificate(const json::object& status, ExecCredential& credential) {
  HOLMES_TRY(credential.certificate_pem, text_in(status, "clientCertificateData"));
  HOLMES_TRY(credential.key_pem, text_in(status, "clientKeyData"));
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return wrong("status", "must have clientCertificateData and clientKeyData, or neither");
  }
  const Status usable =
      check_tls({.certificate_pem = credential.certificate_pem, .key_pem = credential.key_pem});
  if (!usable)
    return wrong("status.clientCertificateData", "is unusable: " + usable.error().message);
  return {};
}

}  // namespace

std::string exec_info(const ClusterConfig& config) {
  json::object spec{{"interactive", false}};
  if (config.exec->provide_cluster_info) spec["cluster"] = cluster_info(config);
  return to_text(json::object{{"apiVersion", config.exec->api_version},
                              {"kind", "ExecCredential"},
                              {"spec", std::move(spec)}});
}

Result<ExecCredential> parse_exec_credential(std::string_view output,
                                             std::string_view api_version) {
  const Result<json::object> answer = parse_json_object(output);
  if (!answer) {
    return fail(ErrorCode::kInvalid,
                fmt::format("it printed {} bytes that are no ExecCredential: {}", output.size(),
                            answer.error().message));
  }
  HOLMES_CHECK(check_kind(*answer, api_version));
  const json::object* const status = json_object(*answer, {"status"});
  if (status == nullptr) return wrong("status", "must be an object");
  ExecCredential credential;
  HOLMES_CHECK(read_token(*status, credential));
  HOLMES_CHECK(read_certificate(*status, credential));
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return wrong("status", "must have a token or a client certificate");
  }
  HOLMES_TRY(const std::string expires, text_in(*status, "expirationTimestamp"));
  if (expires.empty()) return credential;
  const Result<WallTime> time = parse_rfc3339(expires);
  if (!time) return wrong("status.expirationTimestamp", time.error().message);
  credential.expires = *time;
  return credential;
}

}  // namespace holmes::kube
