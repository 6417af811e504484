#include "manifest/validate.h"

#include <iostream>

#include <fmt/format.h>

#include "cmd/command.h"
#include "cmd/terminal_text.h"

namespace holmes {
namespace {

constexpr std::string_view kStandardInput = "-";

// What was found in all files.
struct Findings {
  json::array as_json;
  std::string as_text;
  size_t objects = 0;
  size_t errors = 0;
  size_t warnings = 0;

  void add(const Validation& validation, std::string_view file) {
    objects += validation.objects;
    for (const Problem& problem : validation.problems) {
      errors += problem.severity == Severity::kError ? 1 : 0;
      warnings += problem.severity == Severity::kWarning ? 1 : 0;
      as_json.push_back(to_json(problem, file));
      as_text += to_text(problem, file) + "\n";
    }
  }
};

}  // namespace

int run_validate(const Invocation& invocation) {
  const CommandHelp help{
      "holmes validate [options] FILE...",
      "Checks manifests of HealthChecks and ScheduledHealthChecks without a cluster: every field, "
      "limit,\nschedule and time zone.\n\n"
      "Exit codes: 0 valid, perhaps with warnings; 1 errors were found; 2 a FILE cannot be read.",
      "holmes validate examples/*.yaml\n"
      "kustomize build . | holmes validate --output json -"};
  std::vector<std::string> files;
  std::string output = "text";
  OptionTable table;
  table.arguments("FILE...", files, "YAML or JSON; - is the standard input");
  table.choice("output", "", output, {"text", "json"}, "For people or for programs");
  if (const auto code = load_or_exit(table, help, invocation)) return *code;

  Findings findings;
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    const auto text = read_input(file);
    if (text) {
      findings.add(validate_manifest(*text), file == kStandardInput ? "stdin" : file);
    } else {
      exit_code = usage_error(text.error());
    }
  }
  if (output == "json") {
    std::cout << to_text(findings.as_json) << "\n";
  } else {
    std::cout << findings.as_text
              << fmt::format("{} checked: {}, {}\n",
                             counted(static_cast<int64_t>(findings.objects), "object"),
                             counted(static_cast<int64_t>(findings.errors), "error"),
                             counted(static_cast<int64_t>(findings.warnings), "warning"));
  }
  if (exit_code != kExitOk) return exit_code;
  return findings.errors > 0 ? kExitFailure : kExitOk;
}

}  // namespace holmes
