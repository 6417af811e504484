// Names to addresses, for callers that must reach every server behind a name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"

namespace holmes {

class Resolver {
 public:
  virtual ~Resolver() = default;
  // All addresses of `host`, without repetition, each as "10.0.0.1:5050" or "[::1]:5050". Fails
  // with kRefused when the name has none, kTimeout or kCancelled by the stop. Runs on the loop's
  // thread.
  virtual Task<Result<std::vector<std::string>>> resolve(std::string host, uint16_t port,
                                                         Stop stop) = 0;
};

// The system's resolver; asks on a thread of its own. The loop outlives it.
std::unique_ptr<Resolver> make_resolver(AsioLoop& loop);

}  // namespace holmes
