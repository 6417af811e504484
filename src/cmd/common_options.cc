#include "cmd/common_options.h"

#include <fmt/format.h>

#include "cmd/command.h"
#include "kube/client/kubeconfig.h"

namespace holmes {
namespace {

constexpr std::string_view kLoopback = "localhost,127.0.0.1,::1";

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

std::string variable(const std::map<std::string, std::string>& environment,
                     const std::string& name) {
  const auto it = environment.find(name);
  return it == environment.end() ? "" : it->second;
}

}  // namespace

void LogOptions::add_to(OptionTable& table) {
  table.parsed<LogLevel>("log-level", "LOG_LEVEL", level, parse_log_level,
                         to_upper(to_string(level)), "LEVEL",
                         "Least important lines to log: DEBUG, INFO, WARNING or ERROR");
  table.choice("log-format", "LOG_FORMAT", format, {"text", "json"}, "Format of the log lines");
  table.boolean("enable-json-logs-format", "ENABLE_JSON_LOGS_FORMAT", json,
                "HolmesGPT's name of --log-format json");
}

Logger LogOptions::make(const Clock& clock) const {
  return Logger::to_stderr(level, json || format == "json" ? LogFormat::kJson : LogFormat::kText,
                           [&clock] { return clock.wall_now(); });
}

void ProxyOptions::add_to(OptionTable& table) {
  table.secret("https-proxy", "HTTPS_PROXY", https,
               "Proxy for https requests, as http://host:port; it may carry a password");
  table.secret("http-proxy", "HTTP_PROXY", http, "Proxy for http requests");
  table.text("no-proxy", "NO_PROXY", none, "Hosts and domains to reach without proxy", "A,B,...");
}

std::string ProxyOptions::proxy_for(std::string_view url) const {
  return url.starts_with("https:") ? https : http;
}

std::string ProxyOptions::no_proxy() const {
  return none.empty() ? std::string(kLoopback) : fmt::format("{},{}", none, kLoopback);
}

CurlClientOptions ProxyOptions::client_for(std::string_view url) const {
  CurlClientOptions options;
  options.proxy = proxy_for(url);
  options.no_proxy = no_proxy();
  options.user_agent = user_agent();
  return options;
}

void ClusterOptions::add_to(OptionTable& table) {
  table.text(
      "kubeconfig", "KUBECONFIG", kubeconfig,
      "Cluster to use when this does not run inside one; several files as PATH:PATH, of which "
      "the first that names something wins",
      "PATH");
  table.text("context", "", context,
             "Context of the kubeconfig, instead of its current one; inside a cluster, too",
             "NAME");
}

Result<std::optional<kube::ClusterConfig>> ClusterOptions::find(
    const Files& files, const std::map<std::string, std::string>& environment) const {
  const std::string host = variable(environment, "KUBERNETES_SERVICE_HOST");
  if (!host.empty() && context.empty()) {
    auto in_cluster =
        kube::in_cluster_config(files, host, variable(environment, "KUBERNETES_SERVICE_PORT"));
    // A pod without an account of its own may still be given a kubeconfig.
    if (in_cluster || kubeconfig.empty()) return in_cluster;
  }
  if (kubeconfig.empty() && !context.empty()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("--context {}: there is no kubeconfig: set KUBECONFIG", context));
  }
  if (kubeconfig.empty()) return std::nullopt;
  return kube::load_kubeconfig(files, kubeconfig, context);
}

kube::ClusterTransportOptions transport_options(const kube::ClusterConfig& cluster,
                                                const ProxyOptions& proxies) {
  kube::ClusterTransportOptions options;
  options.proxy = proxies.proxy_for(cluster.server.to_text());
  options.no_proxy = proxies.no_proxy();
  options.user_agent = user_agent();
  return options;
}

std::string user_agent() {
  return fmt::format("holmes/{}", kHolmesVersion);
}

}  // namespace holmes
