// SIGTERM and SIGINT: the first asks the process to finish, the second ends it at once.
#pragma once

#include <functional>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "base/log.h"

namespace holmes {

class ShutdownSignals {
 public:
  // One per loop, which does not run any more when this goes. `at_once` is called before the second
  // signal ends the process: nobody's destructor is.
  ShutdownSignals(AsioLoop& loop, Logger log, std::function<void()> at_once = [] {});
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

  // Requested by the first signal.
  [[nodiscard]] Stop stop() const { return source_.stop(); }

 private:
  void on_signal(int signal);

  Logger log_;
  const std::function<void()> at_once_;
  StopSource source_;
};

}  // namespace holmes
