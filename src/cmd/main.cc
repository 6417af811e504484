// holmes: one binary, one subcommand a process. The only place that reads the environment.
#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/completion.h"
#include "config/suggest.h"

namespace holmes {
namespace {

constexpr std::array kCommands{
    Command{"local", "all of Holmes in one process, without a cluster", &run_local},
    Command{"operator", "watch HealthChecks and have them executed", &run_operator},
    Command{"server", "execute checks: the API server", &run_server},
    Command{"check", "run checks now, for people and pipelines", &run_check},
    Command{"schedule", "explain a schedule and print its next ticks", &run_schedule},
    Command{"validate", "check manifests of ours without a cluster", &run_validate},
    Command{"crd", "print the CustomResourceDefinitions", &run_crd},
    Command{"completion", "print a script that completes commands in your shell", &run_completion},
    Command{"version", "print the version", &run_version},
};

std::string help() {
  std::string text =
      "holmes: health checks for Kubernetes, written as plain questions\n\n"
      "usage: holmes COMMAND [options]\n\n";
  for (const Command& command : kCommands) {
    text += fmt::format("  {:<10} {}\n", command.name, command.about);
  }
  return text +
         "\nexample:\n"
         "  holmes crd | kubectl apply -f -\n"
         "  holmes validate examples/*.yaml\n"
         "  MODEL=gpt-4.1 OPENAI_API_KEY=... holmes server\n"
         "\n`holmes COMMAND --help` lists a command's options.\n";
}

int unknown_command(std::string_view name) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return usage_error(
      Error(ErrorCode::kInvalid, fmt::format("there is no command '{}'{}; commands: {}", name,
                                             did_you_mean(name, names), fmt::join(names, ", "))));
}

std::map<std::string, std::string> read_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

// kubectl runs programs called kubectl-holmes as `kubectl holmes`.
std::string called_as(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  return file == "kubectl-holmes" ? "kubectl holmes" : "holmes";
}

int main_command(std::string_view path, const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << help();
    return kExitUsage;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << help();
    return 0;
  }
  const std::string wanted = name == "--version" ? "version" : name;
  if (name == kCompleteCommand) return run_complete({arguments.begin() + 1, arguments.end()});
  const auto* const command = std::ranges::find(kCommands, wanted, &Command::name);
  if (command == kCommands.end()) return unknown_command(name);
  Invocation invocation;
  invocation.arguments.assign(arguments.begin() + 1, arguments.end());
  invocation.environment = read_environment();
  invocation.program = called_as(path);
  return command->run(invocation);
}

}  // namespace

std::span<const Command> all_commands() {
  return kCommands;
}

}  // namespace holmes

// Read by jemalloc, where it is linked: one thread does the work, so one arena, and what a burst of
// checks needed goes back to the system soon after it.
extern "C" {
const char* malloc_conf = "narenas:1,dirty_decay_ms:2000,muzzy_decay_ms:0";  // NOLINT
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that hung up is an error of that write
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that may not grow any more
  return holmes::main_command(argv[0], std::vector<std::string>(argv + 1, argv + argc));
}
