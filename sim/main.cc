// The simulation's command line; ./dev sim builds and runs it. Exits with 1 when an invariant
// broke.
#include <cstdio>
#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "sim/explorer.h"
#include "sim/mutants/switch.h"

namespace holmes::sim {
namespace {

constexpr uint64_t kGateSeeds = 500;

struct Arguments {
  std::string scenario;
  std::vector<std::string> faults;
  std::string plans;
  uint64_t seed = 1;
  uint64_t seeds = 0;
  std::string share = "1/1";
  std::string junit;
  std::string mutant;
  size_t failures_max = 20;
  size_t operators = 0;
  bool naive = false;
  bool trace = false;
  bool list = false;
};

// One group of runs, as a test case.
struct Group {
  std::string name;
  Tally tally;
  std::vector<Failure> failures;
};

int list_all() {
  for (const Scenario& scenario : scenarios()) {
    fmt::print("{:<14} {}\n", scenario.name, scenario.about);
  }
  std::string faults;
  for (size_t i = 0; i < kFaultKinds; ++i) {
    faults += fmt::format("{}{}", i == 0 ? "" : ", ", to_string(static_cast<Fault>(i)));
  }
  fmt::print("\nfaults: {}\n", faults);
  return 0;
}

class Session {
 public:
  explicit Session(const Arguments& arguments) : arguments_(arguments) {
    options_.seed = arguments.seed;
    options_.failures_max = arguments.failures_max;
    options_.operators = arguments.operators;
    options_.naive = arguments.naive;
    if (arguments.trace) options_.trace = [](const std::string& line) { fmt::print("{}\n", line); };
  }

  bool take_share(const std::string& text) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos) return false;
    options_.share = std::strtoul(text.c_str(), nullptr, 10) - 1;
    options_.shares = std::strtoul(text.c_str() + slash + 1, nullptr, 10);
    return options_.shares > 0 && options_.share < options_.shares;
  }

  void run(std::string name, const std::function<void(Explorer&)>& explore) {
    Group group{std::move(name), {}, {}};
    options_.failed = [&group](const Failure& failure) {
      group.failures.push_back(failure);
      for (const std::string& what : failure.violations) {
        fmt::print("BROKEN {}\n", what);
      }
      fmt::print("  again: ./dev sim {} --trace\n", failure.again);
      std::fflush(stdout);
    };
    Explorer explorer(options_);
    explore(explorer);
    group.tally = explorer.tally();
    fmt::print("{:<28} {:>6} runs, {} failed{}\n", group.name, group.tally.runs,
               group.tally.failures, explorer.gave_up() ? " (gave up)" : "");
    std::fflush(stdout);
    groups_.push_back(std::move(group));
  }

  // What was done in all; the exit code.
  int close() const {
    size_t runs = 0;
    size_t failures = 0;
    size_t points = 0;
    size_t hit = 0;
    std::map<Fault, size_t> faults;
    for (const Group& group : groups_) {
      runs += group.tally.runs;
      failures += group.tally.failures;
      points += group.tally.points;
      hit += group.tally.points_hit;
      for (const auto& [fault, count] : group.tally.hits) faults[fault] += count;
    }
    std::string hits;
    for (const auto& [fault, count] : faults)
      hits += fmt::format(" {} {}", to_string(fault), count);
    fmt::print("faults:{}\n", hits.empty() ? " none" : hits);
    if (points > 0) fmt::print("points: {}, each with all of its faults: {}\n", points, hit);
    fmt::print("{} runs, {} failed\n", runs, failures);
    write_junit();
    return failures == 0 && hit == points ? 0 : 1;
  }

 private:
  void write_junit() const {
    if (arguments_.junit.empty()) return;
    std::ofstream file(arguments_.junit);
    file << "<testsuites><testsuite name=\"sim\" tests=\"" << groups_.size() << "\">\n";
    for (const Group& group : groups_) {
      file << "<testcase classname=\"sim\" name=\"" << group.name << ", share " << arguments_.share
           << "\">";
      if (group.tally.failures > 0) {
        // What breaks an invariant may be said in any characters.
        file << "<failure message=\"" << group.tally.failures << " runs broke an invariant\"/>";
      }
      file << "</testcase>\n";
    }
    file << "</testsuite></testsuites>\n";
  }

  const Arguments& arguments_;
  Explorer::Options options_;
  std::vector<Group> groups_;
};

int explore(const Arguments& arguments) {
  Session session(arguments);
  if (!session.take_share(arguments.share)) {
    fmt::print(stderr, "--share wants K/N with 1 <= K <= N; got '{}'\n", arguments.share);
    return 2;
  }
  const Scenario* only = nullptr;
  if (!arguments.scenario.empty()) {
    only = find_scenario(arguments.scenario);
    if (only == nullptr) {
      fmt::print(stderr, "there is no scenario '{}'; --list tells them\n", arguments.scenario);
      return 2;
    }
  }
  const std::optional<Plan> plan = parse_plan(arguments.faults);
  if (!plan || (!plan->empty() && only == nullptr)) {
    fmt::print(stderr, "--fault wants POINT:FAULT and a --scenario; --list tells both\n");
    return 2;
  }
  const bool exact = only != nullptr && arguments.plans.empty() && arguments.seeds == 0;
  if (exact) {
    session.run(std::string(only->name), [&](Explorer& e) { e.play(*only, *plan); });
    return session.close();
  }
  const std::string plans = arguments.plans.empty() ? "singles,misled,seeds" : arguments.plans;
  for (const Scenario& scenario : scenarios()) {
    if (only != nullptr && only != &scenario) continue;
    const std::string name(scenario.name);
    if (plans.contains("plain")) session.run(name, [&](Explorer& e) { e.play(scenario, {}); });
    if (plans.contains("singles")) {
      session.run(name + ": singles", [&](Explorer& e) { e.singles(scenario); });
    }
    if (plans.contains("misled")) {
      session.run(name + ": misled", [&](Explorer& e) { e.misled(scenario); });
    }
    if (plans.contains("pairs")) {
      session.run(name + ": pairs", [&](Explorer& e) { e.pairs(scenario); });
    }
  }
  if (plans.contains("seeds") && only == nullptr) {
    const uint64_t count = arguments.seeds > 0 ? arguments.seeds : kGateSeeds;
    session.run(fmt::format("seeds {} to {}", arguments.seed, arguments.seed + count - 1),
                [&](Explorer& e) { e.seeds(arguments.seed, count); });
  }
  return session.close();
}

}  // namespace
}  // namespace holmes::sim

int main(int argc, char** argv) {
  using namespace holmes::sim;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Arguments arguments;
  CLI::App app(
      "Runs the operator's own classes in simulated worlds in which everything goes wrong.");
  app.footer(
      "Without options: every single fault at every point of every scenario, every misleading "
      "view\n"
      "of the API server, and 500 random worlds.\n"
      "  simulate --scenario forbid                           the scenario, without a fault\n"
      "  simulate --scenario forbid --fault 17:crash-after --trace\n"
      "  simulate --plans seeds --seed 1000 --seeds 100000    random worlds\n"
      "  simulate --scenario one-shot --plans pairs           every two faults");
  app.add_option("--scenario", arguments.scenario, "Only this one");
  app.add_option("--fault", arguments.faults, "POINT:FAULT, in the one scenario; may be repeated");
  app.add_option("--plans", arguments.plans,
                 "Of plain, singles, misled, pairs and seeds, with commas");
  app.add_option("--seed", arguments.seed, "The (first) seed");
  app.add_option("--seeds", arguments.seeds, "How many random worlds");
  app.add_option("--share", arguments.share, "K/N: do every N-th run, beginning with the K-th");
  app.add_option("--junit", arguments.junit, "Write what was run to this file");
  app.add_option("--failures-max", arguments.failures_max, "Give up after so many in a group");
  app.add_option("--operators", arguments.operators, "In every scenario so many");
  app.add_flag("--naive", arguments.naive, "A naive model in the operator's place");
  app.add_option("--mutant", arguments.mutant, "Of simulate_mutants: with this bug in our code");
  app.add_flag("--trace", arguments.trace, "Tell everything that happens");
  app.add_flag("--list", arguments.list, "Tell the scenarios and the faults");
  CLI11_PARSE(app, argc, argv);
  if (arguments.list) return list_all();
  if (!arguments.mutant.empty() && !choose_mutant(arguments.mutant)) {
    fmt::print(stderr, "this program has no mutant '{}'\n", arguments.mutant);
    return 2;
  }
  // One seed, and nothing else said: that world.
  if (app.count("--seed") > 0 && arguments.seeds == 0 && arguments.plans.empty() &&
      arguments.scenario.empty()) {
    arguments.plans = "seeds";
    arguments.seeds = 1;
  }
  return explore(arguments);
}
