#include "holmes/llm/model_detection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "async/task_scope.h"
#include "base/json.h"
#include "base/strings.h"
#include "holmes/llm/providers.h"
#include "holmes/llm/scripted_demo.h"

namespace holmes {
namespace {

constexpr size_t kMaxModels = 100;
constexpr size_t kMaxModelNameBytes = 200;
constexpr size_t kMaxModelsNamed = 3;

// Keys of providers that have no adapter of their own here.
constexpr auto kOtherKeys = std::to_array<std::string_view>(
    {"AZURE_OPENAI_API_KEY", "COHERE_API_KEY", "DEEPSEEK_API_KEY", "GOOGLE_API_KEY", "GROQ_API_KEY",
     "MISTRAL_API_KEY", "TOGETHER_API_KEY", "XAI_API_KEY"});

// Names are shown on terminals and sent back.
bool is_model_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxModelNameBytes &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("._:/@-+").contains(c);
         });
}

// Those that turn text into vectors cannot answer anything.
bool can_answer(std::string_view name) {
  return !to_lower(name).contains("embed");
}

std::vector<std::string> names_in(const json::object& body, std::string_view list,
                                  std::string_view field) {
  std::vector<std::string> names;
  const json::array* items = json_array(body, {list});
  if (items == nullptr) return names;
  for (const json::value& item : *items) {
    const std::string name = json_string_or(item, {field});
    if (is_model_name(name) && can_answer(name) && names.size() < kMaxModels) {
      names.push_back(name);
    }
  }
  return names;
}

Task<std::optional<json::object>> get_json(HttpClient& http, std::string url, Stop stop) {
  const Result<HttpResponse> response =
      co_await http.send({.target = std::move(url)}, std::move(stop));
  if (!response || response->status != 200) co_return std::nullopt;
  Result<json::object> body = parse_json_object(response->body);
  if (!body) co_return std::nullopt;
  co_return *std::move(body);
}

using Probe = std::optional<LocalModelServer>;

Task<Probe> find_ollama(HttpClient& http, Stop stop) {
  const auto tags = co_await get_json(http, fmt::format("{}/api/tags", kOllamaAddress), stop);
  if (!tags || json_array(*tags, {"models"}) == nullptr) co_return std::nullopt;
  co_return LocalModelServer{kOllama, kOllamaAddress, names_in(*tags, "models", "name")};
}

// Many programs listen on that port: it must answer both as llama.cpp does.
Task<Probe> find_llama_cpp(HttpClient& http, Stop stop) {
  const auto health = co_await get_json(http, fmt::format("{}/health", kLlamaCppAddress), stop);
  if (!health || json_string(*health, {"status"}) != "ok") co_return std::nullopt;
  const auto list = co_await get_json(http, fmt::format("{}/v1/models", kLlamaCppAddress), stop);
  if (!list || json_array(*list, {"data"}) == nullptr) co_return std::nullopt;
  co_return LocalModelServer{kLlamaCpp, kLlamaCppAddress, names_in(*list, "data", "id")};
}

std::string value_of(const std::map<std::string, std::string>& environment,
                     const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : std::string(trim(found->second));
}

// A model of a local server. An Ollama is asked as one: its OpenAI route cannot be told how much a
// model may read. Elsewhere a name that looks like "provider/id" says which provider it means.
ModelOptions options_for(const LocalModelServer& server, const std::string& model,
                         ModelSettings settings) {
  if (server.name == kOllama) {
    settings["OLLAMA_API_BASE"] = server.address;
    return {.model = "ollama/" + model, .settings = std::move(settings)};
  }
  const std::string_view prefix = std::string_view(model).substr(0, model.find('/'));
  const bool ambiguous =
      model.contains('/') && (prefix == "scripted" ||
                              std::ranges::any_of(model_providers(), [&](const Provider& provider) {
                                return provider.name == prefix;
                              }));
  return {.model = ambiguous ? "openai/" + model : model,
          .settings = {{"OPENAI_API_BASE", fmt::format("{}/v1", server.address)}}};
}

std::string describe(const LocalModelServer& server) {
  if (server.models.empty()) {
    return fmt::format("{} at {} has no model that can answer", server.name, server.address);
  }
  const size_t shown = std::min(server.models.size(), kMaxModelsNamed);
  const std::vector<std::string> first(server.models.begin(),
                                       server.models.begin() + static_cast<ptrdiff_t>(shown));
  const size_t more = server.models.size() - shown;
  return fmt::format("{} at {} has {}{}", server.name, server.address, fmt::join(first, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

struct LocalChoice {
  const LocalModelServer* server;
  std::string model;
};

// The one that MODEL names, with or without "ollama/", else the first.
std::optional<LocalChoice> choose_local(const std::vector<LocalModelServer>& local,
                                        std::string_view wanted) {
  static constexpr std::string_view kOllamaPrefix = "ollama/";
  if (wanted.starts_with(kOllamaPrefix)) wanted.remove_prefix(kOllamaPrefix.size());
  for (const LocalModelServer& server : local) {
    for (const std::string& model : server.models) {
      if (wanted.empty() || model == wanted || model == fmt::format("{}:latest", wanted)) {
        return LocalChoice{&server, model};
      }
    }
  }
  return std::nullopt;
}

ModelOptions options_of(const std::map<std::string, std::string>& environment) {
  ModelOptions options;
  options.model = value_of(environment, "MODEL");
  for (const ModelSetting& row : model_settings()) {
    const std::string variable(row.variable);
    std::string value = value_of(environment, variable);
    if (!value.empty()) options.settings[variable] = std::move(value);
  }
  return options;
}

// The provider of that model, when it has what it needs. A model that is not known is a mistake
// that is told when the table is made.
const Provider* configured_provider(const ModelOptions& options) {
  const std::string name = options.model.empty() ? std::string(kDefaultModel) : options.model;
  const auto choice = choose_provider(name, options.settings);
  const bool usable = choice && choice->provider->configured(options.settings);
  return usable ? choice->provider : nullptr;
}

std::string sentence_of(const ModelOptions& options, const Provider& provider) {
  const std::string name = options.model.empty() ? std::string(kDefaultModel) : options.model;
  const std::string base = setting(options.settings, {"OPENAI_API_BASE"});
  if (provider.name != "openai") return fmt::format("using {}", name);
  return base.empty() ? fmt::format("using {} with the key in OPENAI_API_KEY", name)
                      : fmt::format("using {} at {} (OPENAI_API_BASE)", name, cut(base, 200));
}

std::string why_not(const ModelOptions& options) {
  const auto choice = choose_provider(options.model, options.settings);
  if (!choice) return choice.error().message;
  return fmt::format("MODEL is {}, but there is neither {}, nor a local server that has it",
                     cut(options.model, 200), choice->provider->needs);
}

void choose(const std::map<std::string, std::string>& environment,
            const std::vector<LocalModelServer>& local, bool demo, DetectedModel& detected) {
  ModelOptions options = options_of(environment);
  const Provider* provider = configured_provider(options);
  if (demo && options.model == kScriptedDemo) {
    detected.options = {.model = options.model};
    detected.sentence = fmt::format("using the demo model {}, as MODEL says", kScriptedDemo);
  } else if (provider != nullptr) {
    detected.sentence = sentence_of(options, *provider);
    detected.options = std::move(options);
  } else if (const auto choice = choose_local(local, options.model)) {
    detected.options = options_for(*choice->server, choice->model, options.settings);
    detected.sentence = fmt::format("using {} of {} at {}, which was found on this machine",
                                    choice->model, choice->server->name, choice->server->address);
  } else {
    if (!options.model.empty()) detected.notes.push_back(why_not(options));
    detected.sentence =
        demo ? fmt::format(
                   "no model is configured: using {}, which only knows a few questions; "
                   "set MODEL with OPENAI_API_KEY or OPENAI_API_BASE for a real one",
                   kScriptedDemo)
             : "no model is configured: checks will end as errors; set MODEL with OPENAI_API_KEY "
               "or OPENAI_API_BASE";
  }
  detected.options.scripted_demo = demo;
}

// Providers that could be used if MODEL said so.
void note_others(const ModelSettings& settings, DetectedModel& detected) {
  const Provider* used = configured_provider(detected.options);
  for (const Provider& provider : model_providers()) {
    if (&provider == used || !provider.configured(settings) || provider.name == "ollama_chat") {
      continue;
    }
    detected.notes.push_back(fmt::format("found what {} needs; MODEL={}/... would use it",
                                         provider.name, provider.name));
  }
}

}  // namespace

Task<std::vector<LocalModelServer>> find_local_models(Loop& loop, HttpClient& http, Stop stop) {
  const StopSource limit(stop, loop, loop.mono_now() + kProbeTime);
  std::vector<Task<Probe>> probes;
  probes.push_back(find_ollama(http, limit.stop()));
  probes.push_back(find_llama_cpp(http, limit.stop()));
  std::vector<Probe> found = co_await when_all(loop, std::move(probes));
  std::vector<LocalModelServer> servers;
  for (Probe& probe : found) {
    if (probe) servers.push_back(*std::move(probe));
  }
  co_return servers;
}

bool names_model(const std::map<std::string, std::string>& environment) {
  return configured_provider(options_of(environment)) != nullptr;
}

DetectedModel choose_model(const std::map<std::string, std::string>& environment,
                           const std::vector<LocalModelServer>& local, bool demo) {
  DetectedModel detected;
  choose(environment, local, demo, detected);
  for (const LocalModelServer& server : local) {
    const std::string base =
        setting(detected.options.settings, {"OLLAMA_API_BASE", "OPENAI_API_BASE"});
    if (!base.starts_with(server.address))
      detected.notes.push_back(fmt::format("found: {}", describe(server)));
  }
  note_others(options_of(environment).settings, detected);
  for (const std::string_view key : kOtherKeys) {
    if (value_of(environment, std::string(key)).empty()) continue;
    detected.notes.push_back(fmt::format("found {}, but this version has no adapter for it", key));
  }
  return detected;
}

}  // namespace holmes
