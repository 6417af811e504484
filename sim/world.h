// A world of one run: an API server, check servers, processes of the operator, a user, and trouble.
// Everything in it follows from its options, so the same options give the same run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/virtual_loop.h"
#include "sim/check_servers.h"
#include "sim/cluster.h"
#include "sim/judge.h"
#include "sim/network.h"
#include "sim/replica.h"

namespace holmes::sim {

// Everything has settled this long after the last fault, or it never will.
inline constexpr std::chrono::seconds kConvergence{150};
// What is quiet writes nothing for this long.
inline constexpr std::chrono::seconds kQuiet{70};

struct WorldOptions {
  uint64_t seed = 1;
  size_t operators = 1;  // with more than one, they elect a leader
  size_t check_servers = 2;
  bool naive = false;                // NaiveOperator in Operator's place
  std::optional<WallTime> begins{};  // else 2024-01-01
  std::function<void(const std::string& line)> trace{};
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  VirtualLoop loop;
  SeededRandom random;
  Judge judge;
  Network net;
  Cluster cluster;
  CheckServers servers;

  // Time passes.
  void run(std::chrono::nanoseconds duration);

  // The user. Asserts that the API server takes it; waits where it is down.
  void create_check(const std::string& name, json::object spec = {});
  void create_schedule(const std::string& name, json::object spec);
  // Merge patches of the spec.
  void edit_check(const std::string& name, json::object spec);
  void edit_schedule(const std::string& name, json::object spec);
  void annotate_check(const std::string& name, std::string_view annotation);
  void annotate_schedule(const std::string& name, std::string_view annotation);
  void remove_check(const std::string& name);
  void remove_schedule(const std::string& name);
  // A whole object as it stands in a manifest; false when the API server refuses it.
  bool apply(const kube::ResourceType& type, json::object object);

  // The operators, from 0. Each is started again a while after it died.
  void kill(size_t operator_number);
  void terminate(size_t operator_number);
  void pause(size_t operator_number, std::chrono::seconds duration);
  // nullptr while it is dead.
  Replica* replica(size_t operator_number) { return slots_[operator_number].get(); }
  [[nodiscard]] size_t operators() const { return slots_.size(); }
  void set_clock(size_t operator_number, std::chrono::microseconds by);
  // How fast the clocks of operators run that are started from now on.
  double clock_rate = 1.0;
  std::chrono::seconds restart_delay{2};

  // etcd is restored from what it was at back_up().
  void back_up() { backup_ = cluster.back_up(); }
  void restore();

  // No trouble any more.
  void heal();
  // Heals, and judges: everything settles, and then nothing is written any more.
  void finish();
  [[nodiscard]] const std::vector<std::string>& violations() const { return judge.violations(); }

 private:
  Result<kube::Response> ask(const kube::Request& request);
  void must(const kube::Request& request);
  void patch(const kube::ResourceType& type, const std::string& name, json::object patch);
  void start(size_t slot);
  void start_later(size_t slot);
  Task<> start_again(size_t slot, std::chrono::seconds delay);
  Task<> resume_later(std::string process, std::chrono::seconds delay);
  void mislead(const std::string& process, Planned how);
  Task<> lead_right(std::string process, int64_t version);
  std::optional<size_t> slot_of(const std::string& process) const;
  void reap();
  Logger logger(const std::string& process);
  void expect_quiet();

  WorldOptions options_;
  std::vector<std::unique_ptr<Replica>> slots_;
  std::vector<std::unique_ptr<Replica>> dying_;
  std::optional<Cluster::Backup> backup_;
  std::vector<std::optional<int64_t>> travels_to_;  // the next process of each slot
  int incarnations_ = 0;
  int incarnations_before_restore_ = 0;  // of the last one; whoever lived then has to notice it
  bool replaced_while_paused_ = false;
  std::chrono::seconds jitter_{0};
};

}  // namespace holmes::sim
