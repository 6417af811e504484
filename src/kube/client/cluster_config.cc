#include "kube/client/cluster_config.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount/";

// A key of an impersonation's extras as part of a header's name, where only some characters may
// stand; the API server undoes it. '%' itself is escaped, so that nothing else looks like it.
std::string escape_key(std::string_view key) {
  constexpr std::string_view kPlain = "!#$&'*+-.^_`|~";
  std::string escaped;
  for (const char c : key) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_alphanumeric || kPlain.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace

Result<ClusterConfig> in_cluster_config(const Files& files, std::string_view host,
                                        std::string_view port) {
  if (host.empty() || port.empty()) {
    return fail(
        ErrorCode::kInvalid,
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  Result<Url> server = parse_url(
      fmt::format("https://{}{}{}:{}", bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "", port));
  if (!server) {
    return fail(server.error().within("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"));
  }
  const std::string folder(kServiceAccountFolder);
  ClusterConfig config;
  config.source = "in-cluster";
  config.in_cluster = true;
  config.server = *std::move(server);
  config.token_file = folder + "token";
  config.tls_files.ca = folder + "ca.crt";
  HOLMES_TRY(config.tls.ca_pem, files.read(config.tls_files.ca));
  const Result<std::string> ns = files.read(folder + "namespace");
  if (ns && !trim(*ns).empty()) config.default_namespace = trim(*ns);
  return config;
}

std::vector<std::pair<std::string, std::string>> impersonation_headers(
    const Impersonation& impersonation) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (impersonation.user.empty()) return headers;
  headers.emplace_back("Impersonate-User", impersonation.user);
  if (!impersonation.uid.empty()) headers.emplace_back("Impersonate-Uid", impersonation.uid);
  for (const std::string& group : impersonation.groups) {
    headers.emplace_back("Impersonate-Group", group);
  }
  for (const auto& [key, values] : impersonation.extra) {
    for (const std::string& value : values) {
      headers.emplace_back("Impersonate-Extra-" + escape_key(key), value);
    }
  }
  return headers;
}

}  // namespace holmes::kube
