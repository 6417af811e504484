#include "config/flags.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/suggest.h"

namespace holmes {
namespace {

Error unknown(std::string_view argument, const std::vector<Option>& options) {
  const std::string_view flag = argument.substr(0, argument.find('='));
  std::vector<std::string> known{"help"};
  for (const Option& option : options) known.push_back(option.flag);
  const size_t name = std::min(flag.find_first_not_of('-'), flag.size());
  return {ErrorCode::kInvalid, fmt::format("unknown option '{}'{}; --help lists them", flag,
                                           did_you_mean(flag.substr(name), known, "--"))};
}

}  // namespace

Result<Flags> parse_flags(const std::vector<Option>& options, std::vector<std::string> arguments) {
  Flags flags;
  std::map<std::string, std::string> words;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  const CLI::Option* const help = app.add_flag("-h,--help");
  std::map<std::string, CLI::Option*> known;
  for (const Option& option : options) {
    const std::string name = "--" + option.flag;
    std::string& word = words[option.flag];
    known[option.flag] =
        option.value_name.empty() ? app.add_flag(name, word) : app.add_option(name, word);
  }
  std::ranges::reverse(arguments);
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::kInvalid, error.what());
  }
  flags.help = help->count() > 0;
  if (flags.help) return flags;
  bool only_rest = false;
  for (std::string& argument : app.remaining()) {
    if (argument == "--" && !only_rest) {
      only_rest = true;
    } else if (argument.starts_with("-") && argument != "-" && !only_rest) {
      return fail(unknown(argument, options));
    } else {
      flags.rest.push_back(std::move(argument));
    }
  }
  for (const auto& [flag, option] : known) {
    if (option->count() > 0) flags.words[flag] = std::move(words[flag]);
  }
  return flags;
}

}  // namespace holmes
