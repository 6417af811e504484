#include "holmes/llm/model_list.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/strings.h"
#include "config/suggest.h"
#include "config/values.h"
#include "holmes/llm/model_list_links.h"
#include "holmes/llm/providers.h"
#include "net/url.h"
#include "yaml/yaml_tree.h"

namespace holmes {
namespace {

constexpr size_t kMaxNameBytes = 253;  // as a check may write it
constexpr size_t kMaxValueBytes = 8192;
constexpr int64_t kMaxCount = 1'000'000'000;  // of tokens and requests
constexpr int64_t kMaxCallSeconds = 3600;

// Keys that stand for a variable of model_settings.h, whatever the provider...
struct VariableKey {
  std::string_view key;
  std::string_view variable;
  std::string_view provider;  // ...which only this one reads; names that begin so
};
constexpr auto kVariableKeys = std::to_array<VariableKey>({
    {"api_version", "AZURE_API_VERSION", "azure"},
    {"azure_ad_token", "AZURE_AD_TOKEN", "azure"},
    {"aws_access_key_id", "AWS_ACCESS_KEY_ID", "bedrock"},
    {"aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "bedrock"},
    {"aws_session_token", "AWS_SESSION_TOKEN", "bedrock"},
    {"aws_region_name", "AWS_REGION", "bedrock"},
    {"aws_bedrock_runtime_endpoint", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "bedrock"},
    {"vertex_project", "VERTEXAI_PROJECT", "vertex_ai"},
    {"vertex_location", "VERTEXAI_LOCATION", "vertex_ai"},
    {"num_ctx", "OLLAMA_CONTEXT_LENGTH", "ollama"},
});

// A kind of credential that an entry names is used, whatever other kind the process has.
void give_up_others(ModelSettings& settings) {
  if (settings.contains("AWS_ACCESS_KEY_ID")) {
    settings.try_emplace("AWS_SESSION_TOKEN", "");
    settings.try_emplace("AWS_BEARER_TOKEN_BEDROCK", "");
  }
  if (settings.contains("AZURE_AD_TOKEN")) settings.try_emplace("AZURE_API_KEY", "");
}

bool is_printable(std::string_view text, bool spaces) {
  return std::ranges::all_of(
      text, [spaces](char c) { return (c > ' ' && c <= '~') || (spaces && c == ' '); });
}

// Reads the members of one entry.
class EntryReader {
 public:
  EntryReader(const ModelListContext& context, Report& report, std::string path, ModelEntry& entry)
      : context_(context), report_(report), path_(std::move(path)), entry_(entry) {}

  void read(const YamlMember& root) {
    const YamlNode& node = root.value;
    if (node.kind != YamlNode::Kind::kMap) {
      report_.error(node.at, path_, "must be a map, such as {model: openai/gpt-4.1}");
      return;
    }
    if (node.find("recording") != nullptr) return read_recording(node);
    const YamlMember* model = node.find("model");
    if (model == nullptr) {
      report_.error(root.at, path_, "needs a model: provider/id (or a recording: PATH)");
      return;
    }
    read_model(*model, node.find("api_base") != nullptr || node.find("base_url") != nullptr);
    for (const YamlMember& member : node.members) read_member(member);
    give_up_others(entry_.settings);
  }

 private:
  using Read = void (EntryReader::*)(const YamlMember&);
  struct Key {
    std::string_view name;
    Read read;
  };
  static std::span<const Key> keys() {
    static constexpr auto kKeys = std::to_array<Key>({
        {"model", &EntryReader::skip},
        {"name", &EntryReader::skip},  // HolmesGPT reads it and does nothing with it
        {"api_key", &EntryReader::read_key},
        {"api_base", &EntryReader::read_base},
        {"base_url", &EntryReader::read_base},
        {"temperature", &EntryReader::read_temperature},
        {"reasoning_effort", &EntryReader::read_effort},
        {"thinking", &EntryReader::read_thinking},
        {"max_tokens", &EntryReader::read_output_max},
        {"max_completion_tokens", &EntryReader::read_output_max},
        {"timeout", &EntryReader::read_timeout},
        {"request_timeout", &EntryReader::read_timeout},
        {"cache_control", &EntryReader::read_cache_control},
        {"extra_headers", &EntryReader::read_headers},
        {"custom_args", &EntryReader::read_custom_args},
        {"input_cost_per_token", &EntryReader::read_price},
        {"output_cost_per_token", &EntryReader::read_price},
        {"cache_read_input_token_cost", &EntryReader::read_price},
        {"cache_creation_input_token_cost", &EntryReader::read_price},
        {"rpm", &EntryReader::read_limit},
        {"tpm", &EntryReader::read_limit},
        {"max_parallel_requests", &EntryReader::read_limit},
        {"fallbacks", &EntryReader::read_fallbacks},
        {"fallback", &EntryReader::read_fallbacks},
    });
    return kKeys;
  }

  void read_member(const YamlMember& member) {
    const auto key = std::ranges::find(keys(), member.key, &Key::name);
    if (key != keys().end()) {
      // As for HolmesGPT, null is as if the key were not there.
      if (!member.value.is_null()) (this->*key->read)(member);
      return;
    }
    const auto variable = std::ranges::find(kVariableKeys, member.key, &VariableKey::key);
    if (variable != kVariableKeys.end()) return read_variable(member, *variable);
    std::vector<std::string> known{"recording"};
    for (const Key& row : keys()) known.emplace_back(row.name);
    for (const VariableKey& row : kVariableKeys) known.emplace_back(row.key);
    warn(member, fmt::format("is not known here and is not sent to the provider{}",
                             did_you_mean(member.key, known)));
  }

  void skip(const YamlMember& /*member*/) {}

  void read_recording(const YamlNode& node) {
    for (const YamlMember& member : node.members) {
      if (member.key == "recording") {
        entry_.recording = text_of(member).value_or("");
      } else {
        error(member, "has no place beside a recording, which asks no provider");
      }
    }
  }

  void read_model(const YamlMember& member, bool has_address) {
    const auto text = text_of(member);
    if (!text || !entry_.missing.empty()) return;
    entry_.model = *text;
    provider_ = named_provider(entry_.model);
    ModelSettings settings = context_.settings;
    // At an address of its own, any name may be one of a compatible server.
    if (has_address) settings["OPENAI_API_BASE"] = "its own";
    const auto choice = choose_provider(entry_.model, settings);
    if (!choice) error(member, choice.error().message);
  }

  // The row of whoever is asked, for api_key and api_base.
  [[nodiscard]] const Provider& provider() const {
    return provider_ != nullptr ? *provider_ : model_providers().front();
  }

  void read_key(const YamlMember& member) {
    if (const auto text = credential(member)) {
      entry_.settings[std::string(provider().key)] = *text;
    }
  }

  void read_base(const YamlMember& member) {
    const auto text = text_of(member);
    if (!text || !entry_.missing.empty()) return;
    const auto url = parse_url(*text);
    if (!url) return error(member, "is no address: " + url.error().message);
    entry_.settings[std::string(provider().base)] = url->to_text();
  }

  void read_variable(const YamlMember& member, const VariableKey& row) {
    if (member.value.is_null()) return;
    if (!provider().name.starts_with(row.provider)) {
      return warn(member, fmt::format("means something to {} only", row.provider));
    }
    if (const auto text = credential(member)) {
      entry_.settings[std::string(row.variable)] = *text;
    }
  }

  void read_temperature(const YamlMember& member) {
    take(member, parse_temperature, entry_.tuning.temperature);
  }
  void read_effort(const YamlMember& member) {
    take(member, parse_effort, entry_.tuning.reasoning_effort);
  }
  void read_thinking(const YamlMember& member) {
    auto thinking = parse_thinking(to_json(member.value));
    if (!thinking) return error(member, thinking.error().message);
    entry_.tuning.thinking = *thinking;
  }
  void read_output_max(const YamlMember& member) {
    integer(member, kMaxCount, entry_.tuning.output_tokens_max);
  }
  void read_timeout(const YamlMember& member) {
    int64_t seconds = 0;
    if (integer(member, kMaxCallSeconds, seconds)) {
      entry_.tuning.call_time_max = std::chrono::seconds(seconds);
    }
  }
  void read_cache_control(const YamlMember& member) {
    const bool* value = member.value.scalar.if_bool();
    if (value == nullptr) return error(member, "must be true or false");
    entry_.tuning.cache_hints = *value;
  }

  void read_headers(const YamlMember& member) {
    json::value headers = to_json(member.value);
    if (json::object* object = headers.if_object()) {
      for (auto& header : *object) {
        const json::string* text = header.value().if_string();
        if (text != nullptr) header.value() = trim(expanded(member, *text).value_or(""));
      }
    }
    auto list = parse_headers(headers);
    if (!list) return error(member, list.error().message);
    entry_.tuning.headers = *std::move(list);
  }

  void read_custom_args(const YamlMember& member) {
    if (member.value.kind != YamlNode::Kind::kMap) return error(member, "must be a map");
    for (const YamlMember& argument : member.value.members) {
      if (argument.key == "max_context_size") {
        integer(argument, kMaxCount, entry_.tuning.context_tokens_max);
      } else {
        warn(argument, "is not known here; custom_args may have max_context_size");
      }
    }
  }

  void read_price(const YamlMember& member) {
    PriceTerms& terms = entry_.tuning.price;
    std::optional<int64_t>& term = member.key == "input_cost_per_token"    ? terms.input
                                   : member.key == "output_cost_per_token" ? terms.output
                                   : member.key == "cache_read_input_token_cost"
                                       ? terms.cached_input
                                       : terms.cache_write;
    take(member, parse_token_price, term);
  }

  void read_limit(const YamlMember& member) {
    int64_t& limit = member.key == "rpm"   ? entry_.limits.requests_per_minute
                     : member.key == "tpm" ? entry_.limits.tokens_per_minute
                                           : entry_.limits.calls_max;
    integer(member, kMaxCount, limit);
  }

  // Whether these names exist is asked when all are read (model_list_links.h).
  void read_fallbacks(const YamlMember& member) {
    const YamlNode& node = member.value;
    const auto is_name = [](const YamlNode& item) { return item.kind == YamlNode::Kind::kScalar; };
    if (node.kind == YamlNode::Kind::kMap || !std::ranges::all_of(node.items, is_name)) {
      error(member, "must be a name of this list, or a list of them");
    }
  }

  // The text of a scalar, with variables in their places; reported when it is none.
  std::optional<std::string> text_of(const YamlMember& member) {
    const YamlNode& node = member.value;
    if (node.kind != YamlNode::Kind::kScalar || node.is_null()) {
      error(member, R"(must be text; write {{ env.NAME }} in quotes: "{{ env.NAME }}")");
      return std::nullopt;
    }
    return expanded(member, node.text);
  }

  std::optional<std::string> credential(const YamlMember& member) {
    auto text = text_of(member);
    if (!text) return std::nullopt;
    text = std::string(trim(*text));
    if (text->size() <= kMaxValueBytes && is_printable(*text, false)) return text;
    error(member, "must be printable ASCII without spaces");
    return std::nullopt;
  }

  std::optional<std::string> expanded(const YamlMember& member, std::string_view text) {
    static const re2::RE2 variable(R"(\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\})");
    std::string result;
    re2::StringPiece rest(text.data(), text.size());
    std::string name;
    while (true) {
      const re2::StringPiece before = rest;
      if (!re2::RE2::FindAndConsume(&rest, variable, &name)) break;
      const auto found = context_.environment.find(name);
      if (found == context_.environment.end()) {
        if (std::ranges::find(entry_.missing, name) == entry_.missing.end()) {
          entry_.missing.push_back(name);
        }
      }
      const std::string_view consumed(before.data(), before.size() - rest.size());
      result += consumed.substr(0, consumed.rfind("{{"));
      if (found != context_.environment.end()) result += found->second;
    }
    if (std::string_view(rest.data(), rest.size()).contains("{{")) {
      error(member, "has {{ without a variable behind it, as in {{ env.NAME }}");
      return std::nullopt;
    }
    result += std::string_view(rest.data(), rest.size());
    return result;
  }

  // An entry with variables that nobody has set cannot be used anyway.
  template <class T, class Parse>
  void take(const YamlMember& member, Parse parse, T& target) {
    const auto text = text_of(member);
    if (!text || !entry_.missing.empty()) return;
    auto value = parse(*text);
    if (!value) return error(member, value.error().message);
    target = *std::move(value);
  }

  bool integer(const YamlMember& member, int64_t max, int64_t& target) {
    bool read = false;
    take(
        member,
        [max, &read](const std::string& text) {
          auto number = parse_integer(text, 1, max);
          read = number.has_value();
          return number;
        },
        target);
    return read;
  }

  void error(const YamlMember& member, std::string message) {
    report_.error(member.value.at, place(member), std::move(message));
  }
  void warn(const YamlMember& member, std::string message) {
    report_.warning(member.at, place(member), std::move(message));
  }
  [[nodiscard]] std::string place(const YamlMember& member) const {
    return fmt::format("{}.{}", path_, member.key);
  }

  const ModelListContext& context_;
  Report& report_;
  std::string path_;
  ModelEntry& entry_;
  const Provider* provider_ = nullptr;
};

void read_entry(const YamlMember& member, const ModelListContext& context, Report& report,
                std::vector<ModelEntry>& entries) {
  if (trim(member.key).empty() || member.key.size() > kMaxNameBytes ||
      !is_printable(member.key, true)) {
    report.error(
        member.at, "",
        fmt::format("a model's name must be printable ASCII of 1 to {} characters", kMaxNameBytes));
    return;
  }
  if (member.key.starts_with("scripted/")) {
    report.error(member.at, member.key, "names that begin with scripted/ are taken");
    return;
  }
  ModelEntry entry{.name = member.key, .model = ""};
  entry.tuning = context.tuning;
  entry.limits = context.limits;
  EntryReader(context, report, member.key, entry).read(member);
  entries.push_back(std::move(entry));
}

}  // namespace

ModelList parse_model_list(std::string_view text, const ModelListContext& context) {
  ModelList list;
  Report report;
  const std::vector<YamlNode> documents = parse_yaml(text, report);
  if (documents.size() > 1) {
    report.error(documents[1].at, "", "a model list is one document");
  } else if (!documents.empty() && documents.front().kind != YamlNode::Kind::kMap) {
    report.error(documents.front().at, "",
                 "a model list is a map of names to models: {fast: {model: openai/gpt-4.1}}");
  } else if (!documents.empty()) {
    const YamlNode& root = documents.front();
    if (root.members.size() > kMaxListedModels) {
      report.error(root.at, "", fmt::format("must have at most {} models", kMaxListedModels));
    } else {
      for (const YamlMember& member : root.members) {
        read_entry(member, context, report, list.entries);
      }
      link_fallbacks(root, list.entries, report);
    }
  }
  list.problems = report.take();
  return list;
}

}  // namespace holmes
