#include "sim/world.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"

namespace holmes::sim {
namespace {

constexpr std::string_view kNamespace = "default";
constexpr std::chrono::seconds kPause{40};

kube::ObjectKey key_of(const std::string& name) {
  return {std::string(kNamespace), name};
}

json::object manifest(const kube::ResourceType& type, const std::string& name, json::object spec) {
  if (!spec.contains("query")) spec["query"] = "Is all well?";
  return {{"apiVersion", type.group + "/" + type.version},
          {"kind", type.kind},
          {"metadata", {{"name", name}, {"namespace", kNamespace}}},
          {"spec", std::move(spec)}};
}

}  // namespace

World::World(WorldOptions options)
    : random(options.seed),
      judge(loop),
      net(loop, options.seed,
          {.crash =
               [this](const std::string& process) {
                 if (const auto slot = slot_of(process)) {
                   kill(*slot);
                 } else {
                   for (const auto& replica : dying_) {
                     if (replica->name() == process) replica->kill();
                   }
                 }
               },
           .pause =
               [this](const std::string& process) {
                 if (const auto slot = slot_of(process)) pause(*slot, kPause);
               },
           .ended =
               [this](const std::string& process) {
                 if (const auto slot = slot_of(process)) start_later(*slot);
               },
           .mislead = [this](const std::string& process, Planned how) { mislead(process, how); },
           .sends =
               [this](const std::string& process, const kube::Request& request) {
                 if (judge.request_sent(process, request)) return;
                 if (const auto slot = slot_of(process)) kill(*slot);
               }}),
      cluster(loop, random, [this](const kube::JournalEntry& entry) { judge.written(entry); }),
      servers(net, options.check_servers,
              [this](const std::string& id, const std::string& check) {
                judge.execution_began(id, check);
              }),
      options_(std::move(options)) {
  judge.is_known = [this](const std::string& id) { return servers.knows(id); };
  judge.writes_may_be_late = [this] {
    return replaced_while_paused_ || net.faults.hits().contains(Fault::kLate);
  };
  if (options_.begins) {
    loop.jump_wall(
        std::chrono::duration_cast<std::chrono::microseconds>(*options_.begins - loop.wall_now()));
  }
  if (options_.trace) {
    net.trace = [this](const std::string& line) {
      options_.trace(format_rfc3339_micros(loop.wall_now()) + " " + line);
    };
  }
  loop.run(cluster.install());
  slots_.resize(options_.operators);
  travels_to_.resize(options_.operators);
  for (size_t slot = 0; slot < slots_.size(); ++slot) start(slot);
}

World::~World() {
  net.scope.request_stop();
  for (auto& replica : slots_) {
    if (replica == nullptr) continue;
    replica->kill();
    dying_.push_back(std::move(replica));
  }
  for (const auto& replica : dying_) replica->kill();
  for (int i = 0; i < 100 && !dying_.empty(); ++i) {
    loop.advance(std::chrono::seconds(1));
    reap();
  }
  HOLMES_ASSERT(dying_.empty());
  loop.run(net.scope.close());
  loop.run(cluster.close());
}

void World::run(std::chrono::nanoseconds duration) {
  loop.advance(duration);
  reap();
}

Logger World::logger(const std::string& process) {
  return Logger(net.trace ? LogLevel::kDebug : LogLevel::kWarning,
                [this, process, incarnation = incarnations_](
                    LogLevel level, std::string_view message, const LogFields& fields) {
                  const bool differs = incarnation > incarnations_before_restore_ &&
                                       message.contains("the cache differs");
                  if (!differs && !net.trace) return;
                  const std::string text = format_log_text(loop.wall_now(), level, message, fields);
                  if (differs) judge.broken("I12", process + ": " + text);
                  if (net.trace) net.tell("    " + process + ": " + text);
                });
}

void World::start(size_t slot) {
  ReplicaOptions options;
  options.name = fmt::format("operator-{}.{}", slot, ++incarnations_);
  options.seed = options_.seed * 1000 + static_cast<uint64_t>(incarnations_);
  options.clock_rate = clock_rate;
  if (clock_rate != 1.0) judge.clock_was_set(std::chrono::seconds(0));
  options.naive = options_.naive;
  options.leader_election = slots_.size() > 1;
  net.tell(options.name + " starts");
  slots_[slot] = std::make_unique<Replica>(net, cluster, servers, options, logger(options.name));
  slots_[slot]->checks().sends = [this, name = options.name](const std::string& id) {
    judge.execution_sent(name, id);
  };
  if (const auto version = std::exchange(travels_to_[slot], std::nullopt)) {
    slots_[slot]->port().frozen_at = version;
    net.scope.spawn(lead_right(options.name, *version));
  }
}

std::optional<size_t> World::slot_of(const std::string& process) const {
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] != nullptr && slots_[slot]->name() == process) return slot;
  }
  return std::nullopt;
}

void World::kill(size_t operator_number) {
  std::unique_ptr<Replica>& replica = slots_[operator_number];
  if (replica == nullptr) return;
  net.tell(replica->name() + " is killed");
  replica->kill();
  start_later(operator_number);
}

void World::terminate(size_t operator_number) {
  std::unique_ptr<Replica>& replica = slots_[operator_number];
  if (replica == nullptr) return;
  net.tell(replica->name() + " is asked to end");
  replica->terminate();
  start_later(operator_number);
}

void World::start_later(size_t slot) {
  dying_.push_back(std::move(slots_[slot]));
  net.scope.spawn(start_again(slot, restart_delay));
}

Task<> World::start_again(size_t slot, std::chrono::seconds delay) {
  if (!co_await sleep_for(loop, delay, net.scope.stop())) co_return;
  if (slots_[slot] != nullptr) co_return;
  // Without election nothing tells the last process, which stands still, that it was replaced.
  const bool stands = std::ranges::any_of(dying_, [](const std::unique_ptr<Replica>& last) {
    return last->alive() && last->clock().paused();
  });
  if (slots_.size() == 1 && stands) replaced_while_paused_ = true;
  start(slot);
}

void World::pause(size_t operator_number, std::chrono::seconds duration) {
  std::unique_ptr<Replica>& replica = slots_[operator_number];
  if (replica == nullptr || replica->clock().paused()) return;
  net.tell(replica->name() + " is paused");
  replica->clock().pause();
  net.scope.spawn(resume_later(replica->name(), duration));
}

Task<> World::resume_later(std::string process, std::chrono::seconds delay) {
  if (!co_await sleep_for(loop, delay, net.scope.stop())) co_return;
  for (const auto* replicas : {&slots_, &dying_}) {
    for (const auto& replica : *replicas) {
      if (replica == nullptr || replica->name() != process) continue;
      net.tell(process + " goes on");
      replica->clock().resume();
    }
  }
}

void World::mislead(const std::string& process, Planned how) {
  const auto slot = slot_of(process);
  if (!slot) return;
  if (how.fault == Fault::kTimeTravel) {
    travels_to_[*slot] = how.version;
    return kill(*slot);
  }
  Port& port = slots_[*slot]->port();
  if (how.fault == Fault::kBlind) {
    port.blind = true;
  } else {
    port.frozen_at = cluster.version();
  }
  net.scope.spawn(lead_right(process, how.version));
}

// Its view is right again some time after that version is there.
Task<> World::lead_right(std::string process, int64_t version) {
  constexpr std::chrono::seconds kStep{1};
  constexpr int kMaxSteps = 40;
  constexpr int kMoreSteps = 15;
  for (int i = 0; i < kMaxSteps && cluster.version() < version; ++i) {
    if (!co_await sleep_for(loop, kStep, net.scope.stop())) co_return;
  }
  if (!co_await sleep_for(loop, kStep * kMoreSteps, net.scope.stop())) co_return;
  if (const auto slot = slot_of(process)) {
    slots_[*slot]->port().blind = false;
    slots_[*slot]->port().frozen_at.reset();
  }
}

void World::set_clock(size_t operator_number, std::chrono::microseconds by) {
  std::unique_ptr<Replica>& replica = slots_[operator_number];
  if (replica == nullptr) return;
  net.tell(fmt::format("the clock of {} is set by {} s", replica->name(), by.count() / 1'000'000));
  judge.clock_was_set(by);
  replica->clock().jump_wall(by);
}

void World::reap() {
  std::erase_if(dying_, [](const auto& replica) { return replica->ended(); });
}

void World::restore() {
  HOLMES_ASSERT(backup_.has_value());
  net.tell("etcd is restored");
  incarnations_before_restore_ = incarnations_;
  judge.restored(backup_->objects);
  loop.run(cluster.restore(*backup_));
}

Result<kube::Response> World::ask(const kube::Request& request) {
  return loop.run(cluster.send(request));
}

void World::must(const kube::Request& request) {
  const auto answer = ask(request);
  if (!answer) net.tell("the user was refused: " + answer.error().message);
  HOLMES_ASSERT(answer.has_value());
}

bool World::apply(const kube::ResourceType& type, json::object object) {
  return ask(kube::create_request(type, kNamespace, object)).has_value();
}

void World::create_check(const std::string& name, json::object spec) {
  net.tell("user: create check " + name);
  must(kube::create_request(HealthCheck::resource(), kNamespace,
                            manifest(HealthCheck::resource(), name, std::move(spec))));
}

void World::create_schedule(const std::string& name, json::object spec) {
  net.tell("user: create schedule " + name + " " + to_text(spec));
  if (const auto jitter = json_int(spec, {"jitterSeconds"}))
    jitter_ = std::chrono::seconds(*jitter);
  must(kube::create_request(ScheduledHealthCheck::resource(), kNamespace,
                            manifest(ScheduledHealthCheck::resource(), name, std::move(spec))));
}

void World::patch(const kube::ResourceType& type, const std::string& name, json::object patch) {
  net.tell("user: patch " + name + " " + to_text(patch));
  must(kube::patch_request(type, key_of(name), kube::PatchType::kMerge, std::move(patch)));
}

void World::edit_check(const std::string& name, json::object spec) {
  patch(HealthCheck::resource(), name, {{"spec", std::move(spec)}});
}

void World::edit_schedule(const std::string& name, json::object spec) {
  patch(ScheduledHealthCheck::resource(), name, {{"spec", std::move(spec)}});
}

void World::annotate_check(const std::string& name, std::string_view annotation) {
  patch(HealthCheck::resource(), name, {{"metadata", {{"annotations", {{annotation, "true"}}}}}});
}

void World::annotate_schedule(const std::string& name, std::string_view annotation) {
  patch(ScheduledHealthCheck::resource(), name,
        {{"metadata", {{"annotations", {{annotation, "true"}}}}}});
}

void World::remove_check(const std::string& name) {
  net.tell("user: delete check " + name);
  judge.user_deletes(name);
  (void)ask(kube::delete_request(HealthCheck::resource(), key_of(name)));
}

void World::remove_schedule(const std::string& name) {
  net.tell("user: delete schedule " + name);
  (void)ask(kube::delete_request(ScheduledHealthCheck::resource(), key_of(name),
                                 {.propagation = "Background"}));
}

void World::heal() {
  net.tell("--- heal");
  net.faults.heal();
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] == nullptr) continue;
    Port& port = slots_[slot]->port();
    port.frozen_at.reset();
    port.blind = false;
    port.requests_lost = false;
    port.answers_lost = false;
    if (slots_[slot]->clock().paused()) slots_[slot]->clock().resume();
  }
}

void World::finish() {
  heal();
  for (const auto& name : judge.schedule_names()) {
    if (!judge.schedule(name)->spec.enabled) edit_schedule(name, {{"enabled", true}});
  }
  run(kConvergence);
  judge.expect_exact(std::chrono::seconds(5) + jitter_);
  for (const auto& name : judge.schedule_names()) edit_schedule(name, {{"enabled", false}});
  run(kConvergence / 2);
  expect_quiet();
}

void World::expect_quiet() {
  for (const HealthCheck& check : judge.checks()) {
    if (!check.status.finished() && !check.spec.suspend) {
      judge.broken("I10", fmt::format("{} never ended: {} {}", check.meta.name,
                                      to_string(check.status.phase), check.status.message));
    }
    if (check.meta.annotations.contains(std::string(kRerunAnnotation))) {
      judge.broken("I10", check.meta.name + " keeps its wish to run again");
    }
  }
  for (const auto& name : judge.schedule_names()) {
    const auto schedule = judge.schedule(name);
    if (!schedule->status.run_now_id.empty() ||
        schedule->meta.annotations.contains(std::string(kRunNowAnnotation))) {
      judge.broken("I10", name + " keeps its wish to run now");
    }
  }
  judge.expect_tidy(servers);
  const size_t before = judge.writes();
  net.tell("--- quiet");
  run(kQuiet);
  if (judge.writes() != before) {
    judge.broken("I10", fmt::format("{} writes while nothing happens", judge.writes() - before));
  }
}

}  // namespace holmes::sim
