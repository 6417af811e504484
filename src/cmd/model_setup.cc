#include "cmd/model_setup.h"

#include <filesystem>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "base/hash.h"
#include "cmd/recordings.h"
#include "holmes/llm/model_settings.h"
#include "net/tls.h"
#include "net/url.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kCallTimeMax{3600};
constexpr int64_t kMaxCallsAtOnce = 10'000;
constexpr int64_t kMaxPerMinute = 1'000'000'000;

Result<std::string> parse_address(std::string_view text) {
  HOLMES_TRY(const Url url, parse_url(text));
  return url.to_text();
}

Result<HeaderList> parse_header_text(std::string_view text) {
  HOLMES_TRY(const json::object headers, parse_json_object(text));
  return parse_headers(headers);
}

Result<std::optional<Thinking>> parse_thinking_text(std::string_view text) {
  const auto value = parse_json_object(text);
  HOLMES_TRY(const Thinking thinking, parse_thinking(value ? json::value(*value) : json::value()));
  return std::optional(thinking);
}

Result<std::string> parse_certificate(std::string_view text) {
  HOLMES_TRY(std::string pem, base64_decode(text));
  HOLMES_CHECK(check_tls({.extra_ca_pem = pem}));
  return pem;
}

// An option that may be long or hold credentials: it is never quoted.
template <class T>
void unquoted(OptionTable& table, std::string flag, std::string variable, T& target,
              Result<T> (*parse)(std::string_view), std::string value_name, std::string help) {
  Option option{std::move(flag), std::move(variable), std::move(value_name), std::move(help), ""};
  option.secret = true;
  option.set = [&target, parse](std::string_view word) -> Status {
    Result<T> value = parse(word);
    if (!value) return fail(ErrorCode::kInvalid, "is not usable: " + value.error().message);
    target = std::move(*value);
    return {};
  };
  table.add(std::move(option));
}

void add_settings(OptionTable& table, ModelSettings& settings) {
  for (const ModelSetting& row : model_settings()) {
    const std::string variable(row.variable);
    std::string& value = settings[variable];
    if (row.kind == SettingKind::kSecret) {
      table.secret(row.flag(), variable, value, std::string(row.help));
    } else if (row.kind == SettingKind::kUrl) {
      table.parsed<std::string>(row.flag(), variable, value, parse_address, "",
                                std::string(row.value_name), std::string(row.help));
    } else {
      table.text(row.flag(), variable, value, std::string(row.help), std::string(row.value_name));
    }
  }
}

void add_tuning(OptionTable& table, ModelTuning& tuning) {
  table.parsed<std::optional<double>>(
      "temperature", "TEMPERATURE", tuning.temperature, parse_temperature, "none", "NUMBER",
      "From 0 to 2; none leaves it to the provider: many models refuse any but their own");
  table.parsed<std::string>("reasoning-effort", "REASONING_EFFORT", tuning.reasoning_effort,
                            parse_effort, "", "WORD",
                            "How hard the model shall think: low, medium, high, ...");
  table.parsed<std::optional<Thinking>>(
      "thinking", "THINKING", tuning.thinking, parse_thinking_text, "", "JSON",
      R"(How it may think, as Anthropic says it: {"type": "enabled", "budget_tokens": 2000})");
  table.seconds("llm-request-timeout", "LLM_REQUEST_TIMEOUT", tuning.call_time_max,
                std::chrono::seconds(1), kCallTimeMax,
                "Longest time of one request to a model; the check's own time limit holds, too");
  unquoted(table, "extra-headers", "EXTRA_HEADERS", tuning.headers, parse_header_text, "JSON",
           R"(Headers of each request to a model: {"name": "value"})");
}

void add_limits(OptionTable& table, ModelLimits& limits) {
  table.integer<int64_t>("model-max-concurrent-calls", "HOLMES_MODEL_MAX_CONCURRENT_CALLS",
                         limits.calls_max, 1, kMaxCallsAtOnce,
                         "Calls under way at one model; fewer when its provider refuses");
  table.integer<int64_t>("model-requests-per-minute", "HOLMES_MODEL_REQUESTS_PER_MINUTE",
                         limits.requests_per_minute, 0, kMaxPerMinute,
                         "Requests to one model within a minute; 0: no limit");
  table.integer<int64_t>("model-tokens-per-minute", "HOLMES_MODEL_TOKENS_PER_MINUTE",
                         limits.tokens_per_minute, 0, kMaxPerMinute,
                         "Tokens that one model may read and write within a minute; 0: no limit");
}

struct ListFile {
  std::string path;
  std::string text;
};

// nullopt: there is none, and nobody said there is.
Result<std::optional<ListFile>> find_list(const Files& files, const std::string& named,
                                          const std::map<std::string, std::string>& environment) {
  if (!named.empty()) {
    auto text = files.read(named);
    if (!text) {
      return fail(ErrorCode::kInvalid, "MODEL_LIST_FILE_LOCATION: " + text.error().message);
    }
    return ListFile{named, *std::move(text)};
  }
  std::vector<std::string> paths{std::string(kServerModelList)};
  const auto home = environment.find("HOME");
  if (home != environment.end() && !home->second.empty()) {
    paths.push_back(fmt::format("{}/{}", home->second, kHomeModelList));
  }
  for (const std::string& path : paths) {
    auto text = files.read(path);
    if (text) return ListFile{path, *std::move(text)};
    if (text.error().code != ErrorCode::kNotFound) {
      return fail(ErrorCode::kInvalid, "the model list: " + text.error().message);
    }
  }
  return std::nullopt;
}

}  // namespace

void ModelSetup::add_to(OptionTable& table) {
  table.text("model", "MODEL", options.model,
             fmt::format("Model, as provider/id, id, or a name of the model list; {} when only a "
                         "key is set",
                         kDefaultModel),
             "NAME");
  table.text("model-list-file-location", "MODEL_LIST_FILE_LOCATION", list_path,
             fmt::format("YAML file that names models for checks to ask for; without it {} or "
                         "~/{}, if there is one",
                         kServerModelList, kHomeModelList),
             "PATH");
  add_limits(table, options.limits);
  add_settings(table, options.settings);
  add_tuning(table, options.tuning);
  unquoted(
      table, "certificate", "CERTIFICATE", extra_ca_pem, parse_certificate, "BASE64",
      "Authority (CA) to trust beside the system's for models and Slack: a PEM file in base64");
}

Status ModelSetup::load(const Files& files, const std::map<std::string, std::string>& environment,
                        const Logger& log) {
  HOLMES_TRY(const std::optional<ListFile> file, find_list(files, list_path, environment));
  if (!file) return {};
  list_path = file->path;
  ModelList list =
      parse_model_list(file->text, {environment, options.settings, options.tuning, options.limits});
  size_t errors = 0;
  for (const Problem& problem : list.problems) {
    const std::string line = to_text(problem, file->path);
    if (problem.severity == Severity::kError) {
      ++errors;
      std::cerr << line << "\n";
    } else {
      log.warning("the model list", {{"problem", line}});
    }
  }
  if (errors > 0) {
    return fail(ErrorCode::kInvalid, fmt::format("the model list {} has {} error{}", file->path,
                                                 errors, errors == 1 ? "" : "s"));
  }
  const std::filesystem::path folder = std::filesystem::path(file->path).parent_path();
  for (const ModelEntry& entry : list.entries) {
    if (entry.recording.empty()) continue;
    HOLMES_TRY(std::vector<Recording> runs,
               read_recordings(folder / entry.recording,
                               fmt::format("{}: {}.recording", file->path, entry.name)));
    recordings.emplace(entry.name, RecordedRuns(std::move(runs)));
  }
  options.list = std::move(list.entries);
  return {};
}

}  // namespace holmes
