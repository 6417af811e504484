// `holmes local`: options, folder, identity, and the words for the user.
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "async/files.h"
#include "async/random.h"
#include "async/task_scope.h"
#include "cmd/checked_cluster.h"
#include "cmd/command.h"
#include "cmd/data_folder.h"
#include "cmd/local_demo.h"
#include "cmd/local_process.h"
#include "cmd/shutdown.h"
#include "cmd/terminal.h"
#include "holmes/llm/model_detection.h"
#include "net/direct_client.h"

namespace holmes {
namespace {

constexpr size_t kMaxConcurrentChecksLimit = 1000;
// So that people see a check run.
constexpr std::chrono::milliseconds kDemoModelDelay{400};
constexpr std::string_view kIdentityFile = "identity.json";
constexpr std::string_view kKubeconfigFile = "kubeconfig";
constexpr std::string_view kStoreFile = "store.db";

struct LocalSettings {
  std::string data;  // "": in memory
  bool demo = false;
  HostPort listen;   // no host: not said
  HostPort metrics;  // likewise
  LocalProcessOptions process;
  CheckServiceOptions checks;
  CheckedClusterOptions checked;
  ProxyOptions proxies;
  LogOptions log{.level = LogLevel::kWarning};
};

const CommandHelp kHelp{
    "holmes local [options]",
    "All of Holmes in one process, without a cluster: an embedded Kubernetes API for kubectl, the\n"
    "operator, and what answers its checks.",
    "holmes local --demo                   a sample cluster and its checks, without an account\n"
    "OPENAI_API_KEY=... holmes local --data ~/.holmes\n"
    "holmes local --cluster my-context     checks look at a real cluster\n"
    "holmes local --snapshot incident/     checks look at what kubectl get -A -o yaml said"};

OptionTable make_table(LocalSettings& s) {
  OptionTable table;
  table.text("data", "", s.data, "Keep objects, port and token in this folder; without it, nothing",
             "DIR");
  table.parsed<HostPort>("listen", "", s.listen, &parse_host_port, "", "HOST:PORT",
                         "Where kubectl reaches it; without it 127.0.0.1 and any free port, the "
                         "same one again with --data");
  table.boolean("demo", "", s.demo,
                "Fill it with a small living sample cluster and checks of it, and show their "
                "results as they come");
  s.checked.add_to(table);
  s.checks.add_to(table);
  table.integer<size_t>("max-concurrent-checks", "HOLMES_MAX_CONCURRENT_CHECKS",
                        s.process.concurrent_checks_max, 1, kMaxConcurrentChecksLimit,
                        "Checks that run at once; the others wait, oldest first");
  table.parsed<HostPort>("metrics-address", "HOLMES_METRICS_ADDRESS", s.metrics, &parse_host_port,
                         "", "HOST:PORT",
                         "Serve /metrics, /healthz and /readyz there; without it, nowhere");
  table.seconds("shutdown-grace-seconds", "HOLMES_SHUTDOWN_GRACE_SECONDS", s.process.shutdown_grace,
                std::chrono::seconds(0), std::chrono::seconds(3600),
                "How long running checks may go on after SIGTERM");
  s.proxies.add_to(table);
  s.log.add_to(table);
  return table;
}

int failed(const Error& error) {
  std::cerr << "holmes: " << error.message << "\n";
  return kExitFailure;
}

Result<DataFolder> open_folder(const LocalSettings& settings,
                               const std::map<std::string, std::string>& environment) {
  if (!settings.data.empty()) return DataFolder::open(settings.data);
  const auto temporary = environment.find("TMPDIR");
  return DataFolder::temporary(temporary == environment.end() ? "/tmp" : temporary->second);
}

Result<LocalIdentity> load_identity(const DataFolder& folder, WallTime now, Random& random) {
  HOLMES_TRY(const std::optional<std::string> kept, folder.read(kIdentityFile));
  if (!kept) return LocalIdentity::make(now, random);
  Result<LocalIdentity> identity = LocalIdentity::read(*kept);
  if (identity) return identity;
  return fail(ErrorCode::kInvalid,
              fmt::format("{} {}", folder.file(kIdentityFile), identity.error().message));
}

Status keep(const DataFolder& folder, const LocalIdentity& identity, const HostPort& address) {
  HOLMES_CHECK(folder.write(kIdentityFile, identity.to_text()));
  return folder.write(kKubeconfigFile, identity.kubeconfig(address));
}

// Three lines for a shell. Those of the demo look at what is there, the others make the first
// check.
std::string lines_to_try(const std::string& kubeconfig, bool demo) {
  return fmt::format("  export KUBECONFIG={}\n", kubeconfig) +
         (demo ? "  kubectl get pods --all-namespaces\n"
                 "  kubectl describe healthcheck payments-healthy\n"
               : R"(  echo '{"apiVersion": "holmesgpt.dev/v1alpha1", "kind": "HealthCheck", )"
                 R"("metadata": {"name": "first"}, "spec": {"query": "Are all pods healthy?"}}' )"
                 "| kubectl apply -f -\n"
                 "  kubectl get hc -w\n");
}

std::string model_lines(const DetectedModel& model) {
  std::string lines = fmt::format("Model: {}.\n", model.sentence);
  for (const std::string& note : model.notes) lines += fmt::format("       {}.\n", note);
  return lines;
}

void greet(const LocalSettings& settings, const DataFolder& folder, const HostPort& address,
           const CheckedCluster& checked, const DetectedModel& model) {
  std::cout
      << fmt::format("Holmes runs at {}, {}.\n", local_url(address),
                     settings.data.empty() ? "in memory: it forgets everything when it ends"
                                           : fmt::format("with its data in {}", folder.path()))
      << fmt::format("Checks look at {}.\n", checked.about()) << model_lines(model)
      << "\nTry, in another terminal:\n"
      << lines_to_try(folder.file(kKubeconfigFile), settings.demo)
      << fmt::format(
             "Ctrl-C ends it, after the checks that run (at most {} s); a second one at once.\n",
             settings.process.shutdown_grace.count())
      << (settings.demo ? "\n" : "") << std::flush;
}

// With a model list nobody need be looked for.
DetectedModel listed_model(const ModelOptions& said, const std::string& path, bool demo) {
  DetectedModel model;
  model.options = said;
  model.options.scripted_demo = demo;
  model.options.scripted_demo_delay = demo ? kDemoModelDelay : std::chrono::milliseconds(0);
  model.sentence =
      said.model.empty()
          ? fmt::format("using {}, the first of {}", said.list.front().name, path)
          : fmt::format("using {}, as MODEL says; checks may name those of {}", said.model, path);
  return model;
}

// What the options say; else what the environment or a server on this machine offers.
DetectedModel find_model(AsioLoop& loop, const LocalSettings& settings,
                         const std::map<std::string, std::string>& environment) {
  const ModelOptions& said = settings.checks.models.options;
  if (!said.list.empty())
    return listed_model(said, settings.checks.models.list_path, settings.demo);
  std::map<std::string, std::string> variables = environment;
  if (!said.model.empty()) variables["MODEL"] = said.model;
  for (const auto& [variable, value] : said.settings) {
    if (!value.empty()) variables[variable] = value;
  }
  const auto http = make_direct_client(loop);
  std::vector<LocalModelServer> servers;
  if (!names_model(variables)) servers = loop.run(find_local_models(loop, *http, {}));
  DetectedModel model = choose_model(variables, servers, settings.demo);
  model.options.tuning = said.tuning;
  model.options.limits = said.limits;
  model.options.scripted_demo_delay =
      settings.demo ? kDemoModelDelay : model.options.scripted_demo_delay;
  return model;
}

// Who uses what, in the order of making.
struct LocalParts {
  const LocalSettings& settings;
  AsioLoop& loop;
  Random& random;
  MetricsRegistry& registry;
  const Logger& log;
  OutsideWorld& outside;
  const DetectedModel& model;
  Terminal terminal;  // the standard output
  DataFolder& folder;
  LocalIdentity& identity;
  CheckedCluster& checked;
};

Task<int> serve(LocalParts parts, LocalStore& store, Stop stop) {
  const LocalSettings& settings = parts.settings;
  LocalProcess process(parts.loop, parts.random, store, parts.identity, settings.checks,
                       parts.outside, parts.checked.transport(), parts.registry, parts.log,
                       settings.process);
  std::optional<LocalDemo> demo;
  if (settings.demo) {
    demo.emplace(parts.loop, store, parts.terminal);
    if (const Status filled = co_await demo->prepare(stop); !filled) {
      co_await process.close();
      co_return failed(filled.error());
    }
  }
  HostPort address;
  const Status listening = process.listen([&](const HostPort& bound) {
    address = bound;
    parts.identity.note_port(bound.port);
    return keep(parts.folder, parts.identity, bound);
  });
  if (!listening) {
    co_await process.close();
    const bool usage = listening.error().code == ErrorCode::kInvalid;
    co_return usage ? usage_error(listening.error()) : failed(listening.error());
  }
  greet(settings, parts.folder, address, parts.checked, parts.model);
  TaskScope tasks(parts.loop);
  if (demo) tasks.spawn(demo->run(tasks.stop()));
  const Status ended = co_await process.run(std::move(stop));
  co_await tasks.close();
  co_return ended ? kExitOk : failed(ended.error());
}

Task<int> run(LocalParts parts, Stop stop) {
  // Logs are read from the store, which is made after the options: it is there before anybody asks.
  const kube::ObjectStore* objects = nullptr;
  kube::ApiServerOptions options{.user = {.name = "holmes-local", .token = parts.identity.token()}};
  if (parts.settings.demo) {
    options.pod_log = [&objects](const kube::PodLogQuery& query) {
      return objects == nullptr ? std::nullopt : demo_pod_log(*objects)(query);
    };
  }
  parts.folder.remove_drafts(kStoreFile);
  auto store = co_await LocalStore::open(
      parts.loop, parts.random, parts.settings.data.empty() ? "" : parts.folder.file(kStoreFile),
      std::move(options));
  if (store) objects = &(*store)->objects();
  int code = kExitFailure;
  if (store) {
    code = co_await serve(parts, **store, std::move(stop));
    co_await (*store)->close();
  } else {
    failed(store.error());
  }
  co_await parts.checked.close();
  co_return code;
}

}  // namespace

int run_local(const Invocation& invocation) {
  LocalSettings settings;
  if (const auto code = load_or_exit(make_table(settings), kHelp, invocation)) return *code;

  const bool elsewhere = !settings.checked.context.empty() || !settings.checked.snapshot.empty();
  if (settings.demo && elsewhere) {
    return usage_error({ErrorCode::kInvalid,
                        "--demo: its checks are about the sample cluster; leave --cluster and "
                        "--snapshot out"});
  }

  AsioLoop loop;
  SystemRandom random;
  MetricsRegistry registry;
  const Logger log = settings.log.make(loop);
  const Status loaded = settings.checks.models.load(real_files(), invocation.environment, log);
  if (!loaded) return usage_error(loaded.error());
  DetectedModel model = find_model(loop, settings, invocation.environment);
  settings.checks.models.options = model.options;
  const auto outside =
      OutsideWorld::make(loop, random, settings.checks, settings.proxies, registry, log);
  if (!outside) return usage_error(outside.error());
  for (std::string& trouble : (*outside)->models().troubles()) {
    model.notes.push_back(std::move(trouble));
  }
  const auto checked = CheckedCluster::open(loop, random, settings.checked, settings.proxies,
                                            invocation.environment, registry, log);
  if (!checked) return usage_error(checked.error());
  auto folder = open_folder(settings, invocation.environment);
  if (!folder) return failed(folder.error());
  auto identity = load_identity(*folder, loop.wall_now(), random);
  if (!identity) return failed(identity.error());

  if (!settings.metrics.host.empty()) settings.process.metrics = settings.metrics;
  if (settings.listen.host == "localhost") settings.listen.host = "127.0.0.1";
  settings.process.listen =
      settings.listen.host.empty() ? HostPort{"127.0.0.1", identity->port()} : settings.listen;
  const Status fits = identity->serve_as(settings.process.listen.host, loop.wall_now(), random);
  if (!fits) return usage_error(fits.error().within("--listen"));
  ShutdownSignals signals(loop, log, [&folder] { folder->remove_temporary(); });
  return loop.run(
      run({settings, loop, random, registry, log, **outside, model,
           look_at_terminal(STDOUT_FILENO, invocation.environment), *folder, *identity, **checked},
          signals.stop()));
}

}  // namespace holmes
