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

std::optional<Fault> Network::at(const Point& point) {
  const std::optional<Fault> fault = faults.at(point);
  if (trace) {
    tell(fmt::format("#{} {} {}{}", faults.points() - 1, point.process, point.what,
                     fault ? fmt::format("  !! {}", to_string(*fault)) : ""));
  }
  return fault;
}

void Network::tell(const std::string& line) const {
  if (trace) trace(line);
}

Error connection_lost() {
  return {ErrorCode::kUnavailable, "the connection broke"};
}

}  // namespace holmes::sim
