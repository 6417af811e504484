#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "sim/random_story.h"
#include "sim/scenarios.h"
using namespace holmes;
using namespace holmes::sim;
static std::vector<std::string> play(const Scenario& s, uint64_t seed,
                                     std::vector<std::pair<size_t, Fault>> plan, bool trace,
                                     std::vector<Point>* points) {
  WorldOptions o;
  o.seed = seed;
  o.operators = s.operators;
  if (trace) o.trace = [](const std::string& l) { fmt::print("{}\n", l); };
  World w(o);
  for (auto [n, f] : plan) w.net.faults.plan(n, f);
  w.net.faults.keep_points = points != nullptr;
  s.play(w);
  if (points) *points = w.net.faults.kept;
  w.finish();
  if (s.expect && plan.empty()) s.expect(w);
  return w.violations();
}
int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc >= 2 && std::string(argv[1]) == "singles") {
    size_t runs = 0, bad = 0;
    for (const Scenario& s : scenarios()) {
      if (argc > 2 && s.name != argv[2]) continue;
      std::vector<Point> points;
      play(s, 1, {}, false, &points);
      size_t b0 = bad, r0 = runs;
      for (size_t n = 0; n < points.size(); ++n)
        for (Fault f : faults_at(points[n])) {
          ++runs;
          auto v = play(s, 1, {{n, f}}, false, nullptr);
          if (!v.empty()) {
            ++bad;
            fmt::print("{} {}:{} [{}] {}\n", s.name, n, to_string(f), points[n].what, v[0]);
            fflush(stdout);
          }
        }
      fmt::print("{}: {} points, {} runs, {} bad\n", s.name, points.size(), runs - r0, bad - b0);
      fflush(stdout);
    }
    return bad != 0;
  }
  if (argc >= 4 && std::string(argv[1]) == "random") {
    uint64_t from = std::stoul(argv[2]), n = std::stoul(argv[3]);
    size_t bad = 0;
    std::map<Fault, size_t> hits;
    for (uint64_t seed = from; seed < from + n; ++seed) {
      WorldOptions o = random_options(seed);
      if (argc > 4) o.trace = [](const std::string& l) { fmt::print("{}\n", l); };
      World w(o);
      play_random(w, seed);
      w.finish();
      for (auto [f, c] : w.net.faults.hits()) hits[f] += c;
      if (!w.violations().empty()) {
        ++bad;
        fmt::print("seed {}: {}\n", seed, w.violations()[0]);
      }
    }
    fmt::print("{} seeds, {} bad\n", n, bad);
    for (auto [f, c] : hits) fmt::print("{} {}, ", to_string(f), c);
    fmt::print("\n");
    return bad != 0;
  }
  if (argc >= 2 && std::string(argv[1]) == "one") {
    const Scenario* s = find_scenario(argv[2]);
    std::vector<std::pair<size_t, Fault>> plan;
    for (int i = 3; i + 1 < argc; i += 2)
      plan.emplace_back(std::stoul(argv[i]), *parse_fault(argv[i + 1]));
    auto v = play(*s, 1, plan, true, nullptr);
    for (auto& x : v) fmt::print("VIOLATION {}\n", x);
    return 0;
  }
  for (const Scenario& s : scenarios()) {
    std::vector<Point> points;
    auto v = play(s, 1, {}, false, &points);
    fmt::print("{}: {} points {}\n", s.name, points.size(), v.empty() ? "ok" : v[0]);
    fflush(stdout);
  }
}
