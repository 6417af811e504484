#include "sim/network.h"

#include <fmt/format.h>

namespace holmes::sim {

void Port::die() {
  dead = true;
  for (const std::weak_ptr<Waiter>& waiting : std::exchange(waiters, {})) {
    if (const auto waiter = waiting.lock()) waiter->give_up();
  }
}

void Port::add(const std::shared_ptr<Waiter>& waiter) {
  std::erase_if(waiters, [](const std::weak_ptr<Waiter>& waiting) { return waiting.expired(); });
  waiters.push_back(waiter);
}

Network::Network(Loop& world_loop, uint64_t seed, Hooks process_hooks)
    : world(world_loop), dice(seed), hooks(std::move(process_hooks)), scope(world_loop) {
  faults.seed(seed + 1);
}

std::chrono::nanoseconds Network::leg() {
  return std::chrono::microseconds(500 + dice.next() % 4000);
}

std::optional<Planned> Network::at(const Point& point) {
  const std::optional<Planned> planned = faults.at(point);
  if (trace) {
    tell(fmt::format("#{} {} {}{}", faults.points() - 1, point.process, point.what,
                     planned ? fmt::format("  !! {}", to_string(planned->fault)) : ""));
  }
  return planned;
}

void Network::tell(const std::string& line) const {
  if (trace) trace(line);
}

Task<> crash_soon(Network& net, std::string process) {
  if (co_await sleep_for(net.world, std::chrono::milliseconds(700), net.scope.stop())) {
    net.hooks.crash(process);
  }
}

Error connection_lost() {
  return {ErrorCode::kUnavailable, "the connection broke"};
}

}  // namespace holmes::sim
