// A controller for a toy kind: greets whom each Greeting names, in its status.
#include <csignal>

#include "kube/client/api.h"
#include "kube/client/cluster_transport.h"
#include "kube/client/kubeconfig.h"
#include "kube/runtime/run_controller.h"

using namespace holmes;

struct Greeting {
  kube::ObjectMeta meta;
  std::string name, message;

  static const kube::ResourceType& resource() {
    static const kube::ResourceType type{"toys.dev", "v1", "greetings", "Greeting"};
    return type;
  }
  static Result<Greeting> from_json(const json::object& object) {
    HOLMES_TRY(kube::ObjectMeta meta, kube::ObjectMeta::from_json(object));
    return Greeting{std::move(meta), json_string_or(object, {"spec", "name"}),
                    json_string_or(object, {"status", "message"})};
  }
};

Task<kube::Outcome> greet(kube::Api<Greeting>& api, kube::Informer<Greeting>& cache,
                          kube::ObjectKey key, Stop stop) {
  const auto greeting = co_await cache.get_fresh(key, stop);
  if (!greeting) co_return kube::RetryWithBackoff{greeting.error()};
  if (*greeting == nullptr) co_return kube::Done{};
  const std::string text = "Hello, " + (*greeting)->name + "!";
  if ((*greeting)->message == text) co_return kube::Done{};
  const auto now = co_await api.merge_patch(key, {{"status", {{"message", text}}}}, stop, "status");
  if (!now) co_return kube::RetryWithBackoff{now.error()};
  cache.note_write(*now);
  co_return kube::Done{.changed = true};
}

int main() {
  AsioLoop loop;
  SystemRandom random;
  MetricsRegistry registry;
  kube::RuntimeMetrics metrics(registry);
  auto log = Logger::to_stderr(LogLevel::kInfo, LogFormat::kText, [&] { return loop.wall_now(); });
  const char* paths = std::getenv("KUBECONFIG");
  const auto cluster = kube::load_kubeconfig(real_files(), paths == nullptr ? "" : paths);
  if (!cluster) return log.error(cluster.error().message), 1;
  const auto processes = make_subprocess(loop);  // for exec plugins
  kube::Credentials credentials(loop, real_files(), *processes, log, *cluster, {});
  const auto transport = kube::make_cluster_transport(loop, *cluster, credentials, log, nullptr);
  kube::Api<Greeting> api(*transport);
  kube::Informer<Greeting> cache(loop, random, *transport, log, metrics);
  kube::WorkQueue queue(loop, random, metrics, {.name = "greetings"});
  const auto reconcile = [&](auto key, auto stop) { return greet(api, cache, key, stop); };
  kube::Controller controller(loop, queue, reconcile, log, metrics, {.name = "greetings"});
  StopSource stop;
  loop.on_signals({SIGINT, SIGTERM}, [&](int) { stop.request_stop(); });
  loop.run(kube::run_controller(loop, random, cache, queue, controller, stop.stop()));
  loop.run(credentials.close());
}
