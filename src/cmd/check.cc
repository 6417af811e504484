#include <iostream>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "async/asio_loop.h"
#include "async/files.h"
#include "async/random.h"
#include "async/subprocess.h"
#include "async/wait.h"
#include "cmd/check_judges.h"
#include "cmd/check_live.h"
#include "cmd/check_options.h"
#include "cmd/check_output.h"
#include "cmd/checked_cluster.h"
#include "cmd/command.h"
#include "cmd/recordings.h"
#include "cmd/shutdown.h"
#include "cmd/terminal_text.h"
#include "config/suggest.h"
#include "net/peer_client.h"
#include "net/resolver.h"

namespace holmes {
namespace {

constexpr size_t kServerBodyBytesMax = size_t{1} << 20U;  // of an answer
constexpr std::string_view kSubcommand = "run";

const CommandHelp kHelp{
    "holmes check run [options]",
    "Runs checks now and tells their results: questions of the command line (-q), checks of files\n"
    "(-f), or without both those of ~/.holmes/checks.yaml. A model looks at the cluster through\n"
    "read-only tools, in this process; with --server an API server does it.\n\n"
    "Exit codes: 0 all passed; 1 one failed; 3 none failed, but one could not be judged; 2 the\n"
    "command or a file is wrong, nothing ran; 130 interrupted.",
    "holmes check run -q \"Are all pods of deployment 'frontend' healthy?\" -n shop\n"
    "holmes check run -f checks.yaml --tags prod --parallel 4 --output junit > checks.xml\n"
    "kustomize build . | holmes check run -f - -v"};

Error invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

// Settings with the home directory's defaults, where there are such files.
void use_home(CheckSettings& settings, const std::map<std::string, std::string>& environment) {
  const auto home = environment.find("HOME");
  if (home == environment.end()) return;
  const auto use = [&](const std::string& path) {
    return real_files().read(path).has_value() ? path : std::string();
  };
  if (settings.cluster.kubeconfig.empty()) {
    settings.cluster.kubeconfig = use(home->second + "/.kube/config");
  }
  if (settings.files.empty() && settings.questions.empty() && settings.replay.empty()) {
    if (std::string path = use(home->second + "/.holmes/checks.yaml"); !path.empty()) {
      settings.files.push_back(std::move(path));
    }
  }
}

// The checks of all files; problems go to stderr. An error when a file cannot be used.
Result<std::vector<FileCheck>> read_files(const std::vector<std::string>& files) {
  std::vector<FileCheck> checks;
  size_t errors = 0;
  for (const std::string& path : files) {
    HOLMES_TRY(const std::string text, read_input(path));
    CheckFile file = read_check_file(text);
    for (const Problem& problem : file.problems) {
      errors += problem.severity == Severity::kError ? 1U : 0U;
      std::cerr << to_text(problem, path == "-" ? "stdin" : path) << "\n";
    }
    for (FileCheck& check : file.checks) checks.push_back(std::move(check));
  }
  if (errors == 0) return checks;
  return fail(ErrorCode::kInvalid,
              counted(static_cast<int64_t>(errors), "error") + " in files, nothing was run");
}

Result<std::vector<FileCheck>> collect_checks(const CheckSettings& settings) {
  if (settings.questions.empty() && settings.files.empty()) {
    return fail(invalid("nothing to check: ask a question with -q, or name a file with -f"));
  }
  std::vector<FileCheck> checks = inline_checks(settings.questions);
  HOLMES_TRY(std::vector<FileCheck> of_files, read_files(settings.files));
  for (FileCheck& check : of_files) checks.push_back(std::move(check));
  HOLMES_TRY(checks, select_checks(std::move(checks), settings.selection));
  apply_overrides(settings.overrides, checks);
  return checks;
}

// One round, or one after the other. Returns the exit code of the last.
Task<int> run_rounds(Loop& loop, CheckJudge& judge, const CheckSettings& settings,
                     const std::vector<FileCheck>& checks, const CheckOutput& output, Stop stop) {
  while (true) {
    const MonoTime next = loop.mono_now() + settings.interval;
    CheckRun run;
    {
      LiveProgress live(loop, checks, output.progress_terminal(), output.plain_progress());
      run = co_await run_round(loop, judge, checks, settings.parallel, live, stop);
    }
    output.print(run);
    if (!settings.watch || run.interrupted) co_return exit_code(run);
    if (!co_await sleep_until(loop, next, stop)) co_return kExitInterrupted;
  }
}

// What both ways of judging need.
struct World {
  AsioLoop loop{};
  SystemRandom random{};
  MetricsRegistry registry{};
  Logger log{};
};

int run_remote(const CheckSettings& settings, const std::vector<FileCheck>& checks,
               const CheckOutput& output) {
  World world;
  world.log = settings.log.make(world.loop);
  CurlClientOptions http_options = settings.proxies.client_for(settings.server->to_text());
  http_options.response_body_bytes_max = kServerBodyBytesMax;
  const auto http = make_peer_client(world.loop, *settings.server, http_options);
  const auto resolver = make_resolver(world.loop);
  CheckClient client(world.loop, *http, *resolver, world.log,
                     {*settings.server, settings.checks.api_key});
  RemoteJudge judge(world.loop, client, world.random);
  const ShutdownSignals signals(world.loop, world.log);
  return world.loop.run(run_rounds(world.loop, judge, settings, checks, output, signals.stop()));
}

// The cluster that checks look at, or what was saved of one.
Result<std::unique_ptr<CheckedCluster>> open_cluster(
    const CheckSettings& settings, World& world,
    const std::map<std::string, std::string>& environment) {
  if (!settings.snapshot.empty()) {
    return CheckedCluster::open_snapshot(world.loop, world.random, settings.snapshot, world.log);
  }
  HOLMES_TRY(const auto config, settings.cluster.find(real_files(), environment));
  if (!config) {
    return fail(
        invalid("there is no cluster to look at: set KUBECONFIG or --kubeconfig, or run inside "
                "one; or let an API server look with --server URL"));
  }
  return CheckedCluster::open_config(world.loop, *config, settings.proxies, environment,
                                     world.registry, world.log);
}

int run_here(CheckSettings& settings, const std::map<std::string, std::string>& environment,
             const std::vector<FileCheck>& checks, const CheckOutput& output) {
  World world;
  AsioLoop& loop = world.loop;
  const Logger log = world.log = settings.log.make(loop);
  const Status loaded = settings.checks.models.load(real_files(), environment, log);
  if (!loaded) return usage_error(loaded.error());
  const auto outside = OutsideWorld::make(loop, world.random, settings.checks, settings.proxies,
                                          world.registry, log);
  if (!outside) return usage_error(outside.error());
  if ((*outside)->models().names().empty()) {
    return usage_error(invalid((*outside)->models().find("").error().message +
                               "; or let an API server judge with --server URL"));
  }
  const auto cluster = open_cluster(settings, world, environment);
  if (!cluster) return usage_error(cluster.error());
  CheckService service(loop, settings.checks, **outside, (*cluster)->transport(), world.registry,
                       log);
  const auto answer = [&service](CheckQuestion question, Stop stop) {
    return service.answer(std::move(question), std::move(stop));
  };
  LocalJudge judge(loop, answer, service.notifier());
  const ShutdownSignals signals(loop, log);
  const int code = loop.run(run_rounds(loop, judge, settings, checks, output, signals.stop()));
  loop.run((*cluster)->close());
  return code;
}

int run_recordings(const CheckSettings& settings, const CheckOutput& output) {
  Result<std::vector<Recording>> recordings = read_recordings(settings.replay);
  if (!recordings) return usage_error(recordings.error());
  auto checks = select_checks(recorded_checks(*recordings), settings.selection);
  if (!checks) return usage_error(checks.error());
  World world;
  world.log = settings.log.make(world.loop);
  ReplayJudge judge(world.loop, *std::move(recordings), settings.checks.runner, world.log);
  const ShutdownSignals signals(world.loop, world.log);
  return world.loop.run(run_rounds(world.loop, judge, settings, *checks, output, signals.stop()));
}

int run_checks(CheckSettings& settings, const std::map<std::string, std::string>& environment) {
  const CheckOutput output(settings.output, settings.verbose, environment);
  if (!settings.replay.empty()) return run_recordings(settings, output);
  const auto checks = collect_checks(settings);
  if (!checks) return usage_error(checks.error());
  if (settings.server) return run_remote(settings, *checks, output);
  return run_here(settings, environment, *checks, output);
}

}  // namespace

int run_check(const Invocation& invocation) {
  Invocation run = invocation;
  std::vector<std::string>& words = run.arguments;
  const bool named = !words.empty() && !words.front().starts_with("-");
  const bool helps = !words.empty() && (words.front() == "--help" || words.front() == "-h");
  if (named && words.front() == kSubcommand) {
    words.erase(words.begin());
  } else if (!helps && !invocation.inspect) {
    const std::string what = named ? fmt::format("there is no command 'check {}'{}", words.front(),
                                                 did_you_mean(words.front(), {"run"}))
                                   : "a command is missing behind 'check'";
    return usage_error(invalid(what + "; there is: check run"));
  }
  CheckSettings settings;
  const OptionTable table = settings.make_table();
  if (const auto code = load_or_exit(table, kHelp, run)) return *code;
  if (const Status completed = settings.complete(); !completed) {
    return usage_error(completed.error());
  }
  use_home(settings, invocation.environment);
  return run_checks(settings, invocation.environment);
}

}  // namespace holmes
