#include "config/option_table.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.h"
#include "base/strings.h"

namespace holmes {
namespace {

std::string indent(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) out += fmt::format("  {}\n", line);
  return out;
}

std::string describe(const Option& option) {
  std::string head = option.short_name == 0 ? "  --" : fmt::format("  -{}, --", option.short_name);
  head += option.flag;
  if (!option.bare_word.empty()) {
    head += fmt::format(" [{}]", option.value_name);
  } else if (!option.value_name.empty()) {
    head += " " + option.value_name;
  }
  if (!option.environment.empty()) {
    head = fmt::format("{:<38} {}, {}", head, option.environment, option.file_key());
  }
  std::string text = fmt::format("{}\n      {}", head, option.help);
  if (!option.default_text.empty()) text += fmt::format(" [default: {}]", option.default_text);
  return text + "\n";
}

}  // namespace

std::string Option::file_key() const {
  std::string key;
  bool after_dash = false;
  for (const char c : flag) {
    if (c != '-') key += after_dash ? static_cast<char>(std::toupper(c)) : c;
    after_dash = c == '-';
  }
  return key;
}

void OptionTable::add(Option option) {
  for (const Option& other : options_) HOLMES_ASSERT(other.flag != option.flag);
  options_.push_back(std::move(option));
}

void OptionTable::short_name(char name) {
  for (const Option& other : options_) HOLMES_ASSERT(other.short_name != name);
  options_.back().short_name = name;
}

void OptionTable::bare_word(std::string word) {
  options_.back().bare_word = std::move(word);
}

void OptionTable::tell_flag(std::string_view flag, bool& by_flag) {
  const auto option = std::ranges::find(options_, flag, &Option::flag);
  HOLMES_ASSERT(option != options_.end());
  option->by_flag = &by_flag;
}

void OptionTable::argument(std::string name, std::string& target, std::string help) {
  arguments_.push_back({std::move(name), std::move(help), &target, nullptr});
}

void OptionTable::arguments(std::string name, std::vector<std::string>& targets, std::string help) {
  arguments_.push_back({std::move(name), std::move(help), nullptr, &targets});
}

void OptionTable::text(std::string flag, std::string environment, std::string& target,
                       std::string help, std::string value_name) {
  const auto set = [&target](std::string_view word) -> Status {
    target = word;
    return {};
  };
  add({std::move(flag), std::move(environment), std::move(value_name), std::move(help), target,
       false, set});
}

void OptionTable::secret(std::string flag, std::string environment, std::string& target,
                         std::string help) {
  const auto set = [&target](std::string_view word) -> Status {
    const auto is_good = [](char c) { return c > ' ' && c <= '~'; };
    if (!std::ranges::all_of(word, is_good)) {
      return fail(ErrorCode::kInvalid, "must be printable ASCII without spaces");
    }
    target = word;
    return {};
  };
  add({std::move(flag), std::move(environment), "SECRET", std::move(help), "", true, set});
}

void OptionTable::seconds(std::string flag, std::string environment, std::chrono::seconds& target,
                          std::chrono::seconds min, std::chrono::seconds max, std::string help) {
  const auto set = [&target, min, max](std::string_view word) -> Status {
    HOLMES_TRY(const int64_t number, parse_integer(word, min.count(), max.count()));
    target = std::chrono::seconds(number);
    return {};
  };
  add({std::move(flag), std::move(environment), "SECONDS", std::move(help),
       std::to_string(target.count()), false, set});
}

void OptionTable::boolean(std::string flag, std::string environment, bool& target,
                          std::string help) {
  const auto set = [&target](std::string_view word) -> Status {
    HOLMES_TRY(target, parse_boolean(word));
    return {};
  };
  add({std::move(flag), std::move(environment), "", std::move(help), target ? "true" : "false",
       false, set});
}

void OptionTable::choice(std::string flag, std::string environment, std::string& target,
                         std::vector<std::string> choices, std::string help) {
  std::string value_name = fmt::format("{}", fmt::join(choices, "|"));
  const auto set = [&target, choices = std::move(choices)](std::string_view word) -> Status {
    for (const std::string& choice : choices) {
      if (!equals_ignoring_case(choice, word)) continue;
      target = choice;
      return {};
    }
    return fail(ErrorCode::kInvalid, fmt::format("must be {}", fmt::join(choices, " or ")));
  };
  add({std::move(flag), std::move(environment), std::move(value_name), std::move(help), target,
       false, set});
}

void OptionTable::list(std::string flag, std::string environment, std::vector<std::string>& target,
                       std::string help) {
  const auto set = [&target](std::string_view word) -> Status {
    target = parse_list(word);
    return {};
  };
  add({std::move(flag), std::move(environment), "A,B,...", std::move(help),
       fmt::format("{}", fmt::join(target, ",")), false, set});
}

void OptionTable::texts(std::string flag, std::string environment, std::vector<std::string>& target,
                        std::string help, std::string value_name) {
  const auto set = [&target](std::string_view word) -> Status {
    target.emplace_back(word);
    return {};
  };
  add({std::move(flag), std::move(environment), std::move(value_name), std::move(help), "", false,
       set});
  options_.back().repeatable = true;
}

void OptionTable::count(std::string flag, size_t& target, std::string help) {
  const auto set = [&target](std::string_view word) -> Status {
    HOLMES_TRY(const bool given, parse_boolean(word));
    target += given ? 1U : 0U;
    return {};
  };
  add({std::move(flag), "", "", std::move(help), "", false, set});
  options_.back().repeatable = true;
}

void OptionTable::host_port(std::string flag, std::string environment, HostPort& target,
                            std::string help) {
  const auto set = [&target](std::string_view word) -> Status {
    HOLMES_TRY(target, parse_host_port(word));
    return {};
  };
  add({std::move(flag), std::move(environment), "HOST:PORT", std::move(help), target.to_text(),
       false, set});
}

std::string help_text(const CommandHelp& help, const OptionTable& table) {
  std::string text = fmt::format("Usage: {}\n\n{}\n\nExample:\n{}\n", help.usage, help.about,
                                 indent(help.example));
  if (!table.arguments().empty()) text += "Arguments:\n";
  for (const Argument& argument : table.arguments()) {
    text += fmt::format("  {}\n      {}\n", argument.name, argument.help);
  }
  const auto has_environment = [](const Option& option) { return !option.environment.empty(); };
  const bool configurable = std::ranges::any_of(table.all(), has_environment);
  text += configurable ? "Options, each with its environment variable and its key in the file; a "
                         "flag\ngoes before a variable, a variable before the file:\n"
                       : "Options:\n";
  for (const Option& option : table.all()) text += describe(option);
  if (configurable) {
    text += fmt::format("{:<38} HOLMES_CONFIG_PATH\n      {}\n", "  --config FILE",
                        "YAML file with the keys above");
  }
  return text + "  --help, -h\n      This text\n";
}

}  // namespace holmes
