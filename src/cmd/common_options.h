// Options that several commands share, and what is made of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "async/files.h"
#include "async/loop.h"
#include "base/log.h"
#include "base/result.h"
#include "config/option_table.h"
#include "kube/client/cluster_config.h"
#include "kube/client/cluster_transport.h"
#include "net/curl_client.h"

namespace holmes {

// LOG_LEVEL, LOG_FORMAT, ENABLE_JSON_LOGS_FORMAT
struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  std::string format = "text";
  bool json = false;  // HolmesGPT's name of format = "json"

  void add_to(OptionTable& table);
  // Lines on stderr. The clock outlives the logger.
  [[nodiscard]] Logger make(const Clock& clock) const;
};

// HTTPS_PROXY, HTTP_PROXY, NO_PROXY
struct ProxyOptions {
  std::string https;
  std::string http;
  std::string none;  // hosts that are reached directly; loopback always is

  void add_to(OptionTable& table);
  // For requests to this URL.
  [[nodiscard]] std::string proxy_for(std::string_view url) const;
  [[nodiscard]] std::string no_proxy() const;
  [[nodiscard]] CurlClientOptions client_for(std::string_view url) const;
};

// The cluster that the process runs in, else KUBECONFIG; with a context always KUBECONFIG
struct ClusterOptions {
  std::string kubeconfig;
  std::string context;  // of the kubeconfig; empty: its current-context

  void add_to(OptionTable& table);
  // nullopt: there is no kubeconfig, nor does this process run in a cluster. Fails as
  // load_kubeconfig and in_cluster_config do.
  [[nodiscard]] Result<std::optional<kube::ClusterConfig>> find(
      const Files& files, const std::map<std::string, std::string>& environment) const;
};

// How to connect to this cluster.
kube::ClusterTransportOptions transport_options(const kube::ClusterConfig& cluster,
                                                const ProxyOptions& proxies);

// "holmes/0.1.0"
std::string user_agent();

}  // namespace holmes
