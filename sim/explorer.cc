#include "sim/explorer.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "sim/random_story.h"

namespace holmes::sim {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string arguments(const Scenario& scenario, const Plan& plan) {
  std::string text = fmt::format("--scenario {}", scenario.name);
  if (!plan.empty()) text += " --fault " + to_text(plan);
  return text;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text;
  for (const auto& [point, planned] : plan) {
    text +=
        fmt::format("{}{}:{}", text.empty() ? "" : " --fault ", point, to_string(planned.fault));
    if (planned.version > 0) text += fmt::format(":{}", planned.version);
  }
  return text;
}

std::optional<Plan> parse_plan(const std::vector<std::string>& words) {
  Plan plan;
  for (const std::string& word : words) {
    const std::vector<std::string_view> parts = split(word, ':');
    if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
    const auto point = number<size_t>(parts[0]);
    const auto fault = parse_fault(parts[1]);
    const auto version = parts.size() == 3 ? number<int64_t>(parts[2]) : std::optional<int64_t>(0);
    if (!point || !fault || !version) return std::nullopt;
    plan.emplace_back(*point, Planned{*fault, *version});
  }
  return plan;
}

WorldOptions Explorer::world_options(const Scenario& scenario) const {
  WorldOptions options;
  options.seed = options_.seed;
  options.operators = options_.operators > 0 ? options_.operators : scenario.operators;
  options.naive = options_.naive;
  options.trace = options_.trace;
  return options;
}

bool Explorer::mine() {
  return turn_++ % options_.shares == options_.share && !gave_up();
}

bool Explorer::note(World& world, const std::string& again) {
  ++tally_.runs;
  for (const auto& [fault, count] : world.net.faults.hits()) tally_.hits[fault] += count;
  if (world.violations().empty()) return true;
  ++tally_.failures;
  if (options_.failed) options_.failed({again, world.violations()});
  return false;
}

std::unique_ptr<World> Explorer::world_with(const Scenario& scenario, const Plan& plan) const {
  auto world = std::make_unique<World>(world_options(scenario));
  for (const auto& [point, planned] : plan) world->net.faults.plan(point, planned);
  return world;
}

bool Explorer::play(const Scenario& scenario, const Plan& plan) {
  const auto owned = world_with(scenario, plan);
  World& world = *owned;
  scenario.play(world);
  world.finish();
  if (plan.empty() && scenario.expect != nullptr) scenario.expect(world);
  return note(world, arguments(scenario, plan));
}

std::vector<Point> Explorer::points_of(const Scenario& scenario, const Plan& plan) {
  const auto world = world_with(scenario, plan);
  world->net.faults.keep_points = true;
  scenario.play(*world);
  return world->net.faults.kept;
}

void Explorer::singles(const Scenario& scenario) {
  if (options_.share == 0) play(scenario, {});
  const std::vector<Point> points = points_of(scenario, {});
  tally_.points += points.size();
  for (size_t at = 0; at < points.size(); ++at) {
    for (const Fault fault : faults_at(points[at])) {
      if (mine()) play(scenario, {{at, {fault}}});
    }
    if (!gave_up()) ++tally_.points_hit;
  }
}

void Explorer::pairs(const Scenario& scenario) {
  const std::vector<Point> points = points_of(scenario, {});
  for (size_t at = 0; at < points.size(); ++at) {
    for (const Fault fault : faults_at(points[at])) {
      const Plan first = {{at, {fault}}};
      const std::vector<Point> after = points_of(scenario, first);
      for (size_t next = at + 1; next < after.size(); ++next) {
        for (const Fault second : faults_at(after[next])) {
          if (mine()) play(scenario, {first.front(), {next, {second}}});
        }
      }
    }
  }
}

void Explorer::misled(const Scenario& scenario) {
  const std::vector<Point> points = points_of(scenario, {});
  for (size_t at = 0; at < points.size(); ++at) {
    const Point& seen = points[at];
    if (seen.place != Place::kWatchEvent || seen.object.empty()) continue;
    for (size_t next = at + 1; next < points.size(); ++next) {
      const Point& later = points[next];
      if (later.object != seen.object || later.process != seen.process ||
          later.version <= seen.version) {
        continue;
      }
      for (const Fault fault : {Fault::kBlind, Fault::kStale}) {
        if (mine()) play(scenario, {{at, {fault, later.version}}});
      }
      if (mine()) play(scenario, {{next, {Fault::kTimeTravel, seen.version}}});
    }
  }
}

void Explorer::seeds(uint64_t first, uint64_t count) {
  for (uint64_t seed = first; seed < first + count; ++seed) {
    if (!mine()) continue;
    WorldOptions options = random_options(seed);
    options.trace = options_.trace;
    options.naive = options_.naive;
    World world(options);
    play_random(world, seed);
    world.finish();
    note(world, fmt::format("--seed {}", seed));
  }
}

}  // namespace holmes::sim
