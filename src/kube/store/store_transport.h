// The API in process: a Transport without a wire. What fails, fails as it would over HTTP.
#pragma once

#include "kube/client/transport.h"
#include "kube/store/api_server.h"

namespace holmes::kube {

// The server outlives the transport and its streams.
class StoreTransport final : public Transport {
 public:
  explicit StoreTransport(ApiServer& server, std::string user_agent = "holmes");

  Task<Result<Response>> send(Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override;

 private:
  ApiServer& server_;
  const std::string user_agent_;
};

}  // namespace holmes::kube
