// Where a cluster is and who we are to it, as a kubeconfig (kubeconfig.h) or a pod says.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/files.h"
#include "base/json.h"
#include "base/result.h"
#include "net/tls.h"
#include "net/url.h"

namespace holmes::kube {

// The files that parts of TlsOptions were read from, which somebody else may renew; "" where the
// configuration holds the text itself, or nothing.
struct TlsFiles {
  std::string ca{};
  std::string certificate{};
  std::string key{};

  bool operator==(const TlsFiles&) const = default;
};

// Act as somebody else, if our own rights allow it. `user` is set when any other field is.
struct Impersonation {
  std::string user{};
  std::string uid{};
  std::vector<std::string> groups{};
  std::map<std::string, std::vector<std::string>> extra{};
};

// A program that prints credentials (KEP-541).
struct ExecConfig {
  std::string source{};       // for messages: "/x/config: users[0].user.exec"
  std::string api_version{};  // client.authentication.k8s.io/v1 or v1beta1
  std::string command{};      // a path, or a name to be found in PATH
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};  // besides our own
  std::string install_hint{};
  bool provide_cluster_info = false;
  json::value cluster_extension{};  // of the cluster, for this program; null: none
};

struct ClusterConfig {
  Url server{};
  TlsOptions tls{};      // with a client certificate, if that is the credential
  TlsFiles tls_files{};  // to be looked at again
  std::string proxy{};   // of this cluster only; "" none
  // The credential: at most one of these, or the client certificate, or none.
  std::string token{};       // bearer token
  std::string token_file{};  // the same, renewed by somebody else; wins over token
  std::string username{};    // HTTP basic authentication, with password
  std::string password{};
  std::optional<ExecConfig> exec{};

  Impersonation impersonation{};
  std::string default_namespace = "default";
  std::string source{};     // for messages: "context 'dev' of /x/config", "in-cluster"
  bool in_cluster = false;  // this process runs in a pod of it
};

// `host` and `port` are the values of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. Fails
// with the code of Files or kInvalid.
Result<ClusterConfig> in_cluster_config(const Files& files, std::string_view host,
                                        std::string_view port);

// The header fields of an impersonation.
std::vector<std::pair<std::string, std::string>> impersonation_headers(
    const Impersonation& impersonation);

}  // namespace holmes::kube
