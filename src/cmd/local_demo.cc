#include "cmd/local_demo.h"

#include <iostream>

#include "api/healthcheck.h"
#include "api/scheduled_healthcheck.h"
#include "async/task_scope.h"
#include "async/wait.h"
#include "base/assert.h"
#include "kube/client/api.h"
#include "yaml/yaml_tree.h"

namespace holmes {
namespace {

// A create that may find the object there, from an earlier start.
Task<Status> make(kube::StoreTransport* transport, kube::ResourceType type, json::object object,
                  Stop stop) {
  const std::string ns = json_string_or(object, {"metadata", "namespace"}, "default");
  const auto made =
      co_await transport->send(kube::create_request(type, ns, object), std::move(stop));
  if (made || made.error().code == ErrorCode::kAlreadyExists) co_return Status();
  co_return fail(made.error());
}

}  // namespace

LocalDemo::LocalDemo(Loop& loop, LocalStore& store, Terminal terminal)
    : loop_(loop),
      terminal_(terminal),
      cluster_(loop, store.objects(), store.api()),
      transport_(store.api(), "holmes-demo") {}

Task<Status> LocalDemo::prepare(Stop stop) {
  HOLMES_CO_CHECK(co_await cluster_.fill(stop));
  Report report;
  for (const YamlNode& document : parse_yaml(demo_manifests(), report)) {
    json::value object = to_json(document);
    HOLMES_ASSERT(object.is_object());
    const bool scheduled = document.string_at("kind") == "ScheduledHealthCheck";
    HOLMES_CO_CHECK(co_await make(
        &transport_, scheduled ? ScheduledHealthCheck::resource() : HealthCheck::resource(),
        std::move(object.get_object()), stop));
  }
  co_return Status();
}

Task<> LocalDemo::run(Stop stop) {
  TaskScope tasks(loop_, stop);
  tasks.spawn(cluster_.run(tasks.stop()));
  tasks.spawn(show(tasks.stop()));
  const Status drained = co_await tasks.drain({});
  HOLMES_ASSERT(drained.has_value());
}

Task<> LocalDemo::show(Stop stop) {
  while (!stop.requested()) {
    print(co_await look(stop));
    (void)co_await sleep_for(loop_, kDemoLook, stop);
  }
}

Task<LiveState> LocalDemo::look(Stop stop) {
  LiveState state;
  kube::Api<HealthCheck> checks(transport_);
  if (const auto page = co_await checks.list({}, stop)) {
    for (const HealthCheck& check : page->items) state.checks.push_back(live_check(check));
  }
  kube::Api<ScheduledHealthCheck> schedules(transport_);
  if (const auto page = co_await schedules.list({}, stop)) {
    for (const ScheduledHealthCheck& schedule : page->items) {
      state.schedules.push_back(live_schedule(schedule));
    }
  }
  co_return state;
}

void LocalDemo::print(const LiveState& state) {
  if (terminal_.interactive) {
    LiveTableOptions options{.colour = terminal_.color};
    // In the last column terminals differ about what clearing the rest of the line clears.
    if (terminal_.width > 1) options.width = terminal_.width - 1;
    if (terminal_.height > 0) options.height = terminal_.height;
    std::cout << table_.draw(state, options) << std::flush;
  } else {
    std::cout << lines_.changes(state, loop_.wall_now()) << std::flush;
  }
}

}  // namespace holmes
