#include "cmd/shutdown.h"

#include <csignal>
#include <utility>

#include <unistd.h>

namespace holmes {
namespace {

// What a shell reports for a program that a signal ended.
constexpr int kSignalExitBase = 128;

}  // namespace

ShutdownSignals::ShutdownSignals(AsioLoop& loop, Logger log, std::function<void()> at_once)
    : log_(std::move(log)), at_once_(std::move(at_once)) {
  loop.on_signals({SIGTERM, SIGINT}, [this](int signal) { on_signal(signal); });
}

void ShutdownSignals::on_signal(int signal) {
  if (source_.stop().requested()) {
    log_.warning("second signal: ending at once", {{"signal", signal}});
    at_once_();
    ::_exit(kSignalExitBase + signal);
  }
  log_.info("stopping; a second signal ends at once", {{"signal", signal}});
  source_.request_stop();
}

}  // namespace holmes
