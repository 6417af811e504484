// Where a cluster is and who we are to it: from a kubeconfig or from inside a pod. Pure but for the
// Files seam.
#pragma once

#include <string>
#include <string_view>

#include "async/files.h"
#include "base/result.h"
#include "net/tls.h"
#include "net/url.h"

namespace holmes::kube {

struct ClusterConfig {
  Url server;
  TlsOptions tls;          // with a client certificate, if that is the credential
  std::string token;       // bearer token
  std::string token_file;  // the same, renewed by somebody else; wins over token
  std::string proxy;       // of this cluster only; "" none
  std::string default_namespace = "default";
  std::string source;  // for messages: "context 'dev' of /x/config", "in-cluster"
};

// `paths` is one file or, as KUBECONFIG may be, several separated by ':': the first file that says
// something wins, missing ones of several are skipped. `context` overrides current-context; "" does
// not. Relative paths inside a file start at its folder. Certificates are read now, token files
// too, to see that they can be, and again for requests. Fails with the code of Files or kInvalid;
// the message quotes file and key:
// "/x/config: users[0].user.client-key-data: not base64: ...".
// Credentials: token, tokenFile, client certificates. exec plugins, auth providers, passwords and
// impersonation are refused by name.
Result<ClusterConfig> load_kubeconfig(const Files& files, std::string_view paths,
                                      std::string_view context = "");

// `host` and `port` are the values of KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.
Result<ClusterConfig> in_cluster_config(const Files& files, std::string_view host,
                                        std::string_view port);

}  // namespace holmes::kube
