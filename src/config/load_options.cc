#include "config/load_options.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/strings.h"
#include "config/config_file.h"
#include "config/flags.h"

namespace holmes {
namespace {

constexpr std::string_view kConfigFlag = "config";
constexpr std::string_view kConfigVariable = "HOLMES_CONFIG_PATH";
constexpr size_t kMaxQuotedBytes = 200;

using Words = std::map<std::string, std::string>;

// A value and where it stood.
struct Found {
  std::string where;
  std::vector<std::string> words;  // several only of a repeatable flag
};

std::optional<std::string> variable(const Words& environment, std::string_view name) {
  const auto it = environment.find(std::string(name));
  if (name.empty() || it == environment.end() || trim(it->second).empty()) return std::nullopt;
  return it->second;
}

struct Layers {
  std::map<std::string, std::vector<std::string>> flags;
  const Words& environment;
  std::string path;
  Words file;

  [[nodiscard]] std::optional<Found> find(const Option& option) const {
    if (const auto it = flags.find(option.flag); it != flags.end()) {
      return Found{"--" + option.flag, it->second};
    }
    if (const auto word = variable(environment, option.environment)) {
      return Found{option.environment, {*word}};
    }
    if (const auto it = file.find(option.file_key()); it != file.end()) {
      return Found{fmt::format("{}: {}", path, it->first), {it->second}};
    }
    return std::nullopt;
  }
};

Status set(const Option& option, const Found& found) {
  for (const std::string& given : found.words) {
    const std::string_view word = trim(given);
    const Status done = option.set(word);
    if (done) continue;
    const std::string quoted = option.secret
                                   ? "the value"
                                   : fmt::format("'{}'", to_valid_utf8(cut(word, kMaxQuotedBytes)));
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: {} {}", found.where, quoted, done.error().message));
  }
  return {};
}

Status set_arguments(const OptionTable& table, const std::vector<std::string>& words) {
  const std::vector<Argument>& arguments = table.arguments();
  if (words.size() < arguments.size()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is missing; --help has an example", arguments[words.size()].name));
  }
  const bool open_ended = !arguments.empty() && arguments.back().targets != nullptr;
  if (words.size() > arguments.size() && !open_ended) {
    const std::string word = to_valid_utf8(cut(words[arguments.size()], kMaxQuotedBytes));
    return fail(ErrorCode::kInvalid,
                fmt::format("unexpected argument '{}'; options begin with --{}", word,
                            arguments.empty() ? "" : ", and what has spaces stands in quotes"));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].target != nullptr) {
      *arguments[i].target = words[i];
    } else {
      arguments[i].targets->assign(words.begin() + static_cast<ptrdiff_t>(i), words.end());
    }
  }
  return {};
}

}  // namespace

std::optional<Option> config_option(const OptionTable& table) {
  const auto has_environment = [](const Option& option) { return !option.environment.empty(); };
  if (std::ranges::none_of(table.all(), has_environment)) return std::nullopt;
  Option config;
  config.flag = kConfigFlag;
  config.value_name = "FILE";
  config.help = "YAML file with the keys above";
  return config;
}

Result<Loaded> load_options(const OptionTable& table, const OptionSources& sources) {
  std::vector<Option> options = table.all();
  Layers layers{{}, sources.environment, "", {}};
  if (auto config = config_option(table)) {
    layers.path = variable(sources.environment, kConfigVariable).value_or("");
    options.push_back(std::move(*config));
  }
  HOLMES_TRY(Flags flags, parse_flags(options, sources.arguments));
  if (flags.help) return Loaded::kHelp;
  HOLMES_CHECK(set_arguments(table, flags.arguments));
  layers.flags = std::move(flags.words);
  if (const auto path = layers.flags.find(std::string(kConfigFlag)); path != layers.flags.end()) {
    layers.path = path->second.front();
  }
  if (!layers.path.empty()) {
    HOLMES_TRY(const std::string text, sources.read_file(layers.path));
    HOLMES_TRY(layers.file, parse_config_file(text, layers.path, options));
  }
  for (const Option& option : table.all()) {
    if (const auto found = layers.find(option)) HOLMES_CHECK(set(option, *found));
    if (option.by_flag != nullptr) *option.by_flag = layers.flags.contains(option.flag);
  }
  return Loaded::kOptions;
}

}  // namespace holmes
