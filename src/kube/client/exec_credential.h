// What a client and an exec credential plugin say to each other (KEP-541). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "kube/client/cluster_config.h"

namespace holmes::kube {

inline constexpr std::string_view kExecV1 = "client.authentication.k8s.io/v1";
inline constexpr std::string_view kExecV1Beta1 = "client.authentication.k8s.io/v1beta1";

// A token, a client certificate with its key, or both.
struct ExecCredential {
  std::string token{};
  std::string certificate_pem{};
  std::string key_pem{};
  std::optional<WallTime> expires{};

  bool operator==(const ExecCredential&) const = default;
};

// The value of KUBERNETES_EXEC_INFO for the plugin of this cluster, which has one.
std::string exec_info(const ClusterConfig& config);

// Reads what the plugin printed. Fails with kInvalid; the message quotes the field, never a value
// that may be secret.
Result<ExecCredential> parse_exec_credential(std::string_view output, std::string_view api_version);

}  // namespace holmes::kube
