// Runs many worlds, each with other faults, and tells of those that broke an invariant.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenarios.h"

namespace holmes::sim {

using Plan = std::vector<std::pair<size_t, Planned>>;  // by point

// One run as a word on the command line: "17:crash-after", "23:stale:41".
std::string to_text(const Plan& plan);
std::optional<Plan> parse_plan(const std::vector<std::string>& words);

struct Failure {
  std::string again;  // the arguments that repeat it
  std::vector<std::string> violations;
};

struct Tally {
  size_t runs = 0;
  size_t points = 0;
  size_t points_hit = 0;  // that had each of their faults
  size_t failures = 0;
  std::map<Fault, size_t> hits;
};

class Explorer {
 public:
  struct Options {
    uint64_t seed = 1;
    // This process does every `shares`-th run, beginning with its own.
    size_t share = 0;
    size_t shares = 1;
    size_t operators = 0;  // 0: as many as the scenario says
    bool naive = false;
    size_t failures_max = 20;  // then it gives up
    std::function<void(const std::string& line)> trace{};
    std::function<void(const Failure&)> failed{};
  };

  explicit Explorer(Options options) : options_(std::move(options)) {}

  // The scenario with these faults only; none: as it should be.
  bool play(const Scenario& scenario, const Plan& plan);
  // Each fault at each point of the scenario.
  void singles(const Scenario& scenario);
  // Each two faults, the second at each point that comes after the first.
  void pairs(const Scenario& scenario);
  // Each event of a watch with each later one of the same object: not seen until then, seen late,
  // or seen again by the next process.
  void misled(const Scenario& scenario);
  // Random worlds of these seeds.
  void seeds(uint64_t first, uint64_t count);

  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] bool gave_up() const { return tally_.failures >= options_.failures_max; }

 private:
  // The points of a run with this plan.
  std::vector<Point> points_of(const Scenario& scenario, const Plan& plan);
  bool mine();
  bool note(World& world, const std::string& again);
  [[nodiscard]] std::unique_ptr<World> world_with(const Scenario& scenario, const Plan& plan) const;
  [[nodiscard]] WorldOptions world_options(const Scenario& scenario) const;

  Options options_;
  Tally tally_;
  size_t turn_ = 0;
};

}  // namespace holmes::sim
