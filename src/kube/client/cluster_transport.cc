#include "kube/client/cluster_transport.h"

#include <utility>

#include "kube/client/http_transport.h"
#include "kube/client/retry_transport.h"
#include "net/peer_client.h"

namespace holmes::kube {
namespace {

// Watches last, and all of them must run: a limit only against what nobody meant.
constexpr size_t kMaxStreams = 4096;

class ClusterTransport final : public Transport {
 public:
  ClusterTransport(AsioLoop& loop, const CurlClientOptions& client_options, const Files& files,
                   const Logger& logger, RequestMetrics* metrics, HttpTransportOptions options)
      : requests_(make_peer_client(loop, options.server, client_options)),
        streams_(make_peer_client(loop, options.server, for_streams(client_options))),
        http_(loop, *requests_, *streams_, files, logger, metrics, std::move(options)),
        retry_(loop, http_, logger, metrics) {}

  Task<Result<Response>> send(Request request, Stop stop) override {
    return retry_.send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override {
    return retry_.open(std::move(request), std::move(stop));
  }

 private:
  static CurlClientOptions for_streams(CurlClientOptions options) {
    options.connections_max = kMaxStreams;
    return options;
  }

  std::unique_ptr<HttpClient> requests_;
  std::unique_ptr<HttpClient> streams_;
  HttpTransport http_;
  RetryTransport retry_;
};

}  // namespace

std::unique_ptr<Transport> make_cluster_transport(AsioLoop& loop, const ClusterConfig& config,
                                                  const Files& files, Logger logger,
                                                  RequestMetrics* metrics,
                                                  ClusterTransportOptions options) {
  CurlClientOptions client_options;
  client_options.tls = config.tls;
  client_options.proxy = config.proxy.empty() ? options.proxy : config.proxy;
  client_options.no_proxy = config.proxy.empty() ? options.no_proxy : "";
  client_options.user_agent = options.user_agent;
  client_options.response_body_bytes_max = options.response_body_bytes_max;
  HttpTransportOptions http_options{.server = config.server,
                                    .token = config.token,
                                    .token_file = config.token_file,
                                    .user_agent = std::move(options.user_agent)};
  return std::make_unique<ClusterTransport>(loop, client_options, files, logger, metrics,
                                            std::move(http_options));
}

}  // namespace holmes::kube
