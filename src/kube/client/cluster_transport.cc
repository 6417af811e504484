#include "kube/client/cluster_transport.h"

#include <utility>

#include "kube/client/http_transport.h"
#include "kube/client/retry_transport.h"
#include "net/peer_client.h"

namespace holmes::kube {
namespace {

// Watches last, and all of them must run: a limit only against what nobody meant.
constexpr size_t kMaxStreams = 4096;

// All but the certificates.
CurlClientOptions client_options(const ClusterConfig& config,
                                 const ClusterTransportOptions& options) {
  constexpr std::string_view kSocks = "socks5://";
  CurlClientOptions made;
  made.proxy = config.proxy.empty() ? options.proxy : config.proxy;
  made.no_proxy = config.proxy.empty() ? options.no_proxy : "";
  // The proxy resolves the name, as with kubectl: it may be known only there.
  if (made.proxy.starts_with(kSocks)) made.proxy.replace(0, kSocks.size(), "socks5h://");
  made.user_agent = options.user_agent;
  made.response_body_bytes_max = options.response_body_bytes_max;
  return made;
}

HttpClients make_clients(AsioLoop& loop, const Url& server, CurlClientOptions options,
                         const TlsOptions& tls) {
  options.tls = tls;
  HttpClients clients;
  clients.requests = make_peer_client(loop, server, options);
  options.connections_max = kMaxStreams;
  clients.streams = make_peer_client(loop, server, std::move(options));
  return clients;
}

class ClusterTransport final : public Transport {
 public:
  ClusterTransport(AsioLoop& loop, const ClusterConfig& config, Credentials& credentials,
                   const Logger& logger, RequestMetrics* metrics,
                   const ClusterTransportOptions& options)
      : http_(loop,
              [&loop, server = config.server, made = client_options(config, options)](
                  const TlsOptions& tls) { return make_clients(loop, server, made, tls); },
              credentials, logger, metrics,
              {.server = config.server,
               .headers = impersonation_headers(config.impersonation),
               .user_agent = options.user_agent}),
        retry_(loop, http_, logger, metrics) {}

  Task<Result<Response>> send(Request request, Stop stop) override {
    return retry_.send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override {
    return retry_.open(std::move(request), std::move(stop));
  }

 private:
  HttpTransport http_;
  RetryTransport retry_;
};

}  // namespace

std::unique_ptr<Transport> make_cluster_transport(AsioLoop& loop, const ClusterConfig& config,
                                                  Credentials& credentials, const Logger& logger,
                                                  RequestMetrics* metrics,
                                                  const ClusterTransportOptions& options) {
  return std::make_unique<ClusterTransport>(loop, config, credentials, logger, metrics, options);
}

}  // namespace holmes::kube
