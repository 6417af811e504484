#include "sim/random_story.h"

#include <array>
#include <initializer_list>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace holmes::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kSteps = 10;

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.next() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t n) { return between(1, n) == 1; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + between(0, static_cast<int64_t>(choices.size()) - 1));
  }

 private:
  SeededRandom random_;
};

class Story {
 public:
  Story(World& world, uint64_t seed) : world_(world), seed_(seed), dice_(seed) {}

  void play() {
    set_up();
    for (int i = 0; i < kSteps; ++i) {
      world_.run(milliseconds(dice_.between(1, 20'000)));
      (this->*dice_.pick(kTroubles))();
    }
    world_.run(seconds(5));
    world_.servers.duration = seconds(1);
  }

 private:
  using Trouble = void (Story::*)();

  void set_up() {
    world_.clock_rate = dice_.pick({1.0, 1.0, 0.95, 1.05});
    world_.restart_delay = seconds(dice_.pick({1, 5, 60}));
    world_.servers.announces_executions = !dice_.one_in(6);
    world_.servers.duration = seconds(dice_.between(1, 40));
    // Dice of its own, as it outlives the story.
    world_.servers.verdict = [dice = Dice(seed_ + 1)](const std::string&) mutable {
      return dice.pick(
          {CheckStatus::kPass, CheckStatus::kPass, CheckStatus::kFail, CheckStatus::kError});
    };
    world_.create_schedule("s", any_schedule());
    if (dice_.one_in(2)) world_.create_schedule("t", any_schedule());
    if (dice_.one_in(2)) new_check();
  }

  std::string any_expression() {
    return dice_.pick<std::string>(
        {"* * * * *", "*/2 * * * *", "@every 7s", "@every 13s", "@every 30s", "@every 1m30s"});
  }

  json::object any_schedule() {
    json::object spec{
        {"schedule", any_expression()},
        {"concurrencyPolicy", dice_.pick({"Allow", "Forbid", "Replace"})},
        {"missedRunPolicy", dice_.pick({"Coalesce", "Skip"})},
        {"successfulHistoryLimit", dice_.between(0, 3)},
        {"failedHistoryLimit", dice_.between(0, 3)},
        {"historyLimit", dice_.between(1, 5)},
        {"backoffLimit", dice_.between(0, 2)},
        {"timeout", dice_.pick({5, 30, 60})},
    };
    if (dice_.one_in(3)) spec["timeZone"] = dice_.pick({"Europe/Berlin", "Australia/Lord_Howe"});
    if (dice_.one_in(4)) spec["ttlSecondsAfterFinished"] = dice_.between(0, 5);
    if (dice_.one_in(4)) spec["startingDeadlineSeconds"] = dice_.between(1, 40);
    if (dice_.one_in(4)) spec["jitterSeconds"] = dice_.between(1, 3);
    return spec;
  }

  // --- the user ---

  void new_check() {
    json::object spec{{"timeout", dice_.pick({5, 30})}, {"backoffLimit", dice_.between(0, 2)}};
    if (dice_.one_in(5)) spec["ttlSecondsAfterFinished"] = dice_.between(0, 5);
    checks_.push_back(fmt::format("check-{}", checks_.size()));
    world_.create_check(checks_.back(), std::move(spec));
  }
  std::string any_check() {
    std::vector<std::string> known;
    for (const std::string& name : checks_) {
      if (world_.judge.check(name)) known.push_back(name);
    }
    return known.empty() ? "" : known[static_cast<size_t>(dice_.between(0, std::ssize(known) - 1))];
  }
  std::string any_schedule_name() {
    return world_.judge.schedule("t") && dice_.one_in(2) ? "t" : "s";
  }
  void rerun() {
    const std::string name = any_check();
    if (!name.empty()) world_.annotate_check(name, kRerunAnnotation);
  }
  void cancel() {
    const std::string name = any_check();
    if (!name.empty()) world_.edit_check(name, {{"cancel", true}});
  }
  void remove_check() {
    const std::string name = any_check();
    if (name.empty()) return;
    world_.remove_check(name);
    if (dice_.one_in(2)) world_.create_check(name);
  }
  void run_now() { world_.annotate_schedule(any_schedule_name(), kRunNowAnnotation); }
  void toggle() {
    const std::string name = any_schedule_name();
    world_.edit_schedule(name, {{"enabled", !world_.judge.schedule(name)->spec.enabled}});
  }
  void edit() { world_.edit_schedule(any_schedule_name(), {{"schedule", any_expression()}}); }
  void recreate() {
    world_.remove_schedule("s");
    if (dice_.one_in(2)) world_.run(milliseconds(dice_.between(1, 3000)));
    world_.create_schedule("s", any_schedule());
  }

  // --- trouble ---

  size_t any_operator() {
    return static_cast<size_t>(dice_.between(0, static_cast<int64_t>(world_.operators()) - 1));
  }
  void kill() { world_.kill(any_operator()); }
  void terminate() { world_.terminate(any_operator()); }
  void pause() { world_.pause(any_operator(), seconds(dice_.between(5, 60))); }
  void faults() { world_.net.faults.set_rate(dice_.pick({0.02, 0.05, 0.15, 0.4})); }
  void calm() { world_.heal(); }
  void partition() {
    const size_t at = any_operator();
    const bool requests = dice_.one_in(2);
    if (Replica* replica = world_.replica(at)) {
      (requests ? replica->port().requests_lost : replica->port().answers_lost) = true;
      world_.net.tell(replica->name() + (requests ? " is not heard" : " hears nothing"));
    }
    world_.run(seconds(dice_.between(1, 40)));
    if (Replica* replica = world_.replica(at)) {
      replica->port().requests_lost = replica->port().answers_lost = false;
    }
  }
  void freeze() {
    const size_t at = any_operator();
    if (Replica* replica = world_.replica(at)) {
      replica->port().frozen_at = world_.cluster.version();
      world_.net.tell(replica->name() + " is connected to an API server that stands still");
    }
    world_.run(seconds(dice_.between(1, 40)));
    if (Replica* replica = world_.replica(at)) replica->port().frozen_at.reset();
  }
  void set_clock() {
    world_.set_clock(any_operator(),
                     dice_.pick<std::chrono::microseconds>(
                         {seconds(-1), seconds(1), seconds(-20), seconds(20), minutes(-3),
                          minutes(10), hours(-1), hours(1), hours(-24), hours(24)}));
  }
  void kill_server() {
    world_.servers.kill(
        static_cast<size_t>(dice_.between(0, static_cast<int64_t>(world_.servers.replicas()) - 1)));
  }
  void back_up() {
    world_.back_up();
    backed_up_ = true;
  }
  void restore() {
    if (backed_up_ && dice_.one_in(2)) world_.restore();
  }

  static constexpr std::initializer_list<Trouble> kTroubles = {
      &Story::new_check, &Story::rerun,       &Story::cancel,    &Story::remove_check,
      &Story::run_now,   &Story::toggle,      &Story::edit,      &Story::recreate,
      &Story::kill,      &Story::terminate,   &Story::pause,     &Story::faults,
      &Story::faults,    &Story::calm,        &Story::partition, &Story::freeze,
      &Story::set_clock, &Story::kill_server, &Story::back_up,   &Story::restore,
      &Story::kill};

  World& world_;
  const uint64_t seed_;
  Dice dice_;
  std::vector<std::string> checks_;
  bool backed_up_ = false;
};

}  // namespace

WorldOptions random_options(uint64_t seed) {
  Dice dice(seed * 3 + 1);
  WorldOptions options;
  options.seed = seed;
  if (dice.one_in(3)) options.operators = 2;
  options.check_servers = static_cast<size_t>(dice.between(1, 3));
  // Weekends of a change to and from daylight saving time, in Berlin and on Lord Howe.
  using std::chrono::sys_days;
  using namespace std::chrono_literals;
  if (dice.one_in(3)) {
    options.begins = dice.pick<WallTime>({sys_days(2024y / 3 / 31) + hours(0) + minutes(58),
                                          sys_days(2024y / 10 / 27) + hours(0) + minutes(58),
                                          sys_days(2024y / 4 / 6) + hours(14) + minutes(58),
                                          sys_days(2024y / 10 / 5) + hours(15) + minutes(28)});
  }
  return options;
}

void play_random(World& world, uint64_t seed) {
  Story(world, seed).play();
}

}  // namespace holmes::sim
