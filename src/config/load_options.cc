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
  std::string word;
};

std::optional<std::string> variable(const Words& environment, std::string_view name) {
  const auto it = environment.find(std::string(name));
  if (name.empty() || it == environment.end() || trim(it->second).empty()) return std::nullopt;
  return it->second;
}

struct Layers {
  Words flags;
  const Words& environment;
  std::string path;
  Words file;

  [[nodiscard]] std::optional<Found> find(const Option& option) const {
    if (const auto it = flags.find(option.flag); it != flags.end()) {
      return Found{"--" + option.flag, it->second};
    }
    if (const auto word = variable(environment, option.environment)) {
      return Found{option.environment, *word};
    }
    if (const auto it = file.find(option.file_key()); it != file.end()) {
      return Found{fmt::format("{}: {}", path, it->first), it->second};
    }
    return std::nullopt;
  }
};

Status set(const Option& option, const Found& found) {
  const std::string_view word = trim(found.word);
  const Status done = option.set(word);
  if (done) return {};
  const std::string quoted =
      option.secret ? "the value" : fmt::format("'{}'", to_valid_utf8(cut(word, kMaxQuotedBytes)));
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: {} {}", found.where, quoted, done.error().message));
}

Status set(const OptionTable::Arguments& wanted, std::vector<std::string> words) {
  if (words.size() > wanted.max) {
    return fail(ErrorCode::kInvalid,
                fmt::format("unexpected argument '{}'; options begin with --",
                            to_valid_utf8(cut(words[wanted.max], kMaxQuotedBytes))));
  }
  if (words.size() < wanted.min) {
    return fail(ErrorCode::kInvalid, fmt::format("{} is missing; --help tells more", wanted.name));
  }
  if (wanted.target != nullptr) *wanted.target = std::move(words);
  return {};
}

}  // namespace

Result<Loaded> load_options(const OptionTable& table, const OptionSources& sources) {
  std::vector<Option> options = table.all();
  Layers layers{{}, sources.environment, "", {}};
  const auto has_environment = [](const Option& option) { return !option.environment.empty(); };
  if (std::ranges::any_of(options, has_environment)) {
    layers.path = variable(sources.environment, kConfigVariable).value_or("");
    Option config;
    config.flag = kConfigFlag;
    config.value_name = "FILE";
    options.push_back(std::move(config));
  }
  HOLMES_TRY(Flags flags, parse_flags(options, sources.arguments));
  if (flags.help) return Loaded::kHelp;
  layers.flags = std::move(flags.words);
  if (const auto path = layers.flags.find(std::string(kConfigFlag)); path != layers.flags.end()) {
    layers.path = path->second;
  }
  if (!layers.path.empty()) {
    HOLMES_TRY(const std::string text, sources.read_file(layers.path));
    HOLMES_TRY(layers.file, parse_config_file(text, layers.path, options));
  }
  for (const Option& option : table.all()) {
    if (const auto found = layers.find(option)) HOLMES_CHECK(set(option, *found));
  }
  HOLMES_CHECK(set(table.arguments(), std::move(flags.rest)));
  return Loaded::kOptions;
}

}  // namespace holmes
