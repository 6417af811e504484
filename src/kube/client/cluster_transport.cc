#include "kube/client/cluster_transport.h"

#include <utility>

#include "kube/client/http_transport.h"
#include "net/curl_client.h"

namespace holmes::kube {
namespace {

class ClusterTransport final : public Transport {
 public:
  ClusterTransport(AsioLoop& loop, const CurlClientOptions& client_options, const Files& files,
                   Logger logger, RequestMetrics* metrics, HttpTransportOptions options)
      : requests_(make_curl_client(loop, client_options)),
        streams_(make_curl_client(loop, client_options)),
        http_(loop, *requests_, *streams_, files, std::move(logger), metrics, std::move(options)) {}

  Task<Result<Response>> send(Request request, Stop stop) override {
    return http_.send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override {
    return http_.open(std::move(request), std::move(stop));
  }

 private:
  std::unique_ptr<HttpClient> requests_;
  std::unique_ptr<HttpClient> streams_;
  HttpTransport http_;
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
  return std::make_unique<ClusterTransport>(loop, client_options, files, std::move(logger), metrics,
                                            std::move(http_options));
}

}  // namespace holmes::kube
