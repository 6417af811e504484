// The seam of the Kubernetes API: how a Request gets its answer.
#pragma once

#include <memory>
#include <string>

#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"
#include "kube/core/request.h"
#include "net/http.h"

namespace holmes::kube {

// A successful answer (2xx). Any other status became an Error (see status_error in
// kube/core/status.h): kNotFound, kConflict, kAlreadyExists, kGone, kForbidden, kUnauthenticated,
// kInvalid (400, 422), kRefused (429, 503 with Retry-After, and connections that were never
// made: nothing happened), kUnavailable (other 5xx and broken connections: a write may have
// happened), kTimeout, kCancelled, kProtocol, kTooLarge.
struct Response {
  int status = 200;
  std::string body;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Runs on the loop's thread. A write that may have happened is never sent again: the caller
  // has to look. What may be sent again is said by http_transport.h (401) and retry_transport.h.
  // A path that check_path refuses is kInvalid.
  virtual Task<Result<Response>> send(Request request, Stop stop) = 0;
  // For watches and followed logs; a status other than 2xx is an Error as above.
  virtual Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) = 0;
};

}  // namespace holmes::kube
