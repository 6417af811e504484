// What every command of the program has in common: how it is called and how it ends.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace holmes {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

inline constexpr std::string_view kHolmesVersion = HOLMES_VERSION;

struct Invocation {
  std::vector<std::string> arguments;  // after the command's name
  std::map<std::string, std::string> environment;
  std::string program = "holmes";  // as the user calls it: "kubectl holmes"
  // When set, the command only shows its help and options to this, and ends.
  std::function<void(const CommandHelp&, const OptionTable&)> inspect;
};

struct Command {
  std::string_view name;
  std::string_view about;
  int (*run)(const Invocation&);
};

// What the program can do, in the order of its help.
std::span<const Command> all_commands();

// Each parses its options, runs to its end and returns the exit code.
int run_check(const Invocation& invocation);
int run_completion(const Invocation& invocation);
int run_server(const Invocation& invocation);
int run_operator(const Invocation& invocation);
int run_local(const Invocation& invocation);
int run_schedule(const Invocation& invocation);
int run_crd(const Invocation& invocation);
int run_validate(const Invocation& invocation);
int run_version(const Invocation& invocation);

// Sets the table's targets. A value means that the command ends here, with this code: --help was
// printed, or an option is wrong and one sentence went to stderr.
std::optional<int> load_or_exit(const OptionTable& table, const CommandHelp& help,
                                const Invocation& invocation);

// The file, or the standard input for "-". Fails as Files::read does.
Result<std::string> read_input(const std::string& path);

// Says "holmes: <sentence>" on stderr and returns kExitUsage.
int usage_error(const Error& error);

}  // namespace holmes
