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

// The words go to `target` when they are parsed.
CLI::Option* declare(CLI::App& app, const Option& option, std::vector<std::string>& target) {
  std::string name = option.short_name == 0 ? "" : fmt::format("-{},", option.short_name);
  name += "--" + option.flag;
  const bool is_switch = option.value_name.empty();
  CLI::Option* declared = is_switch ? app.add_flag(name, target) : app.add_option(name, target);
  if (!is_switch) declared->allow_extra_args(false);
  declared->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return declared;
}

// "--parallel" without a value becomes "--parallel=10".
void complete_bare_flags(const std::vector<Option>& options, std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size() && !arguments[i + 1].starts_with("-");
    for (const Option& option : options) {
      if (option.bare_word.empty() || has_value || arguments[i] != "--" + option.flag) continue;
      arguments[i] += "=" + option.bare_word;
    }
  }
}

}  // namespace

Result<Flags> parse_flags(const std::vector<Option>& options, std::vector<std::string> arguments) {
  Flags flags;
  std::map<std::string, std::vector<std::string>> words;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  const CLI::Option* const help = app.add_flag("-h,--help");
  std::map<std::string, CLI::Option*> known;
  for (const Option& option : options) {
    known[option.flag] = declare(app, option, words[option.flag]);
  }
  complete_bare_flags(options, arguments);
  std::ranges::reverse(arguments);
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::kInvalid, error.what());
  }
  flags.help = help->count() > 0;
  if (flags.help) return flags;
  flags.arguments = app.remaining();
  const auto marker = std::ranges::find(flags.arguments, "--");
  const auto is_flag = [](std::string_view word) { return word.starts_with("-") && word != "-"; };
  if (const auto flag = std::find_if(flags.arguments.begin(), marker, is_flag); flag != marker) {
    return fail(unknown(*flag, options));
  }
  if (marker != flags.arguments.end()) flags.arguments.erase(marker);
  for (const Option& option : options) {
    if (known[option.flag]->count() == 0) continue;
    std::vector<std::string>& given = words[option.flag];
    if (given.size() > 1 && !option.repeatable) {
      return fail(ErrorCode::kInvalid, fmt::format("--{} stands there twice", option.flag));
    }
    flags.words[option.flag] = std::move(given);
  }
  return flags;
}

}  // namespace holmes
