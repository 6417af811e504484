#include "cmd/command.h"

#include <iostream>

#include <fmt/format.h>

#include "async/files.h"
#include "base/strings.h"
#include "config/load_options.h"

namespace holmes {
namespace {

constexpr size_t kMaxInputBytes = size_t{1} << 20U;  // as of a file

Result<std::string> read_standard_input() {
  std::string text(kMaxInputBytes + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::cin.gcount()));
  if (text.size() <= kMaxInputBytes) return text;
  return fail(ErrorCode::kTooLarge,
              fmt::format("standard input has more than {} bytes", kMaxInputBytes));
}

// "holmes check" is "kubectl holmes check" for a plugin of kubectl.
std::string as_called(std::string_view text, std::string_view program) {
  constexpr std::string_view kName = "holmes ";
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    if (!out.empty()) out += '\n';
    out += line.starts_with(kName) ? fmt::format("{} {}", program, line.substr(kName.size()))
                                   : std::string(line);
  }
  return out;
}

Result<std::string> read_file(const std::string& path) {
  return real_files().read(path);
}

}  // namespace

std::optional<int> load_or_exit(const OptionTable& table, const CommandHelp& help,
                                const Invocation& invocation) {
  if (invocation.inspect) {
    invocation.inspect(help, table);
    return kExitOk;
  }
  const auto loaded =
      load_options(table, {invocation.arguments, invocation.environment, read_file});
  if (!loaded) return usage_error(loaded.error());
  if (*loaded == Loaded::kOptions) return std::nullopt;
  std::cout << help_text({as_called(help.usage, invocation.program), help.about,
                          as_called(help.example, invocation.program)},
                         table);
  return kExitOk;
}

Result<std::string> read_input(const std::string& path) {
  return path == "-" ? read_standard_input() : real_files().read(path);
}

int usage_error(const Error& error) {
  std::cerr << "holmes: " << error.message << "\n";
  return kExitUsage;
}

}  // namespace holmes
