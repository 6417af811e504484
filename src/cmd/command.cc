#include "cmd/command.h"

#include <iostream>

#include "async/files.h"
#include "config/load_options.h"

namespace holmes {
namespace {

Result<std::string> read_file(const std::string& path) {
  return real_files().read(path);
}

}  // namespace

std::optional<int> load_or_exit(const OptionTable& table, const CommandHelp& help,
                                const Invocation& invocation) {
  const auto loaded =
      load_options(table, {invocation.arguments, invocation.environment, read_file});
  if (!loaded) return usage_error(loaded.error());
  if (*loaded == Loaded::kOptions) return std::nullopt;
  std::cout << help_text(help, table);
  return kExitOk;
}

int usage_error(const Error& error) {
  std::cerr << "holmes: " << error.message << "\n";
  return kExitUsage;
}

}  // namespace holmes
