// Reads kubeconfig files, as client-go's clientcmd does. Pure but for the Files seam.
#pragma once

#include <string_view>

#include "async/files.h"
#include "base/result.h"
#include "kube/client/cluster_config.h"

namespace holmes::kube {

// `paths` is one file or, as KUBECONFIG may be, several separated by ':'. They are merged as
// kubectl merges them: a named cluster, user or context is taken whole from the first file that
// has one of that name, current-context from the first file that sets it; of several files,
// missing ones are skipped. `context` overrides current-context; "" does not. Relative paths
// inside a file start at its folder.
//
// Certificates and token files are read and checked now, and again while they are in use. Of a
// user's exec plugin and a token, password or certificate, the plugin is not used. Auth providers
// are refused, as is what needs a terminal.
//
// Fails with the code of Files or kInvalid; the message quotes file and key:
// "/x/config: users[0].user.client-key-data: not base64: ...".
Result<ClusterConfig> load_kubeconfig(const Files& files, std::string_view paths,
                                      std::string_view context = "");

}  // namespace holmes::kube
