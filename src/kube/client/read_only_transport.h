// A transport that can only look: what tools get, whatever a model asks them to do.
#pragma once

#include "kube/client/transport.h"

namespace holmes::kube {

// Passes on get, list and watch (method GET, no body) of
//   /version, /api, /apis and the lists of a group and version,
//   collections and objects of any resource but Secrets,
//   their subresources status, scale and log.
// Everything else (writes, exec, attach, portforward, proxy, Secrets, unknown paths) is kForbidden
// before anything is sent.
class ReadOnlyTransport final : public Transport {
 public:
  // `inner` outlives it.
  explicit ReadOnlyTransport(Transport& inner) : inner_(inner) {}

  Task<Result<Response>> send(Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override;

 private:
  Transport& inner_;
};

// The rule by itself.
Status check_read_only(const Request& request);

}  // namespace holmes::kube
