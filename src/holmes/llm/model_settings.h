// What may be set about models and their providers: one row for each environment variable, which is
// also a flag and a key of the configuration file. The names are those of HolmesGPT and of the
// providers' own tools.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace holmes {

enum class SettingKind { kText, kSecret, kUrl };

struct ModelSetting {
  std::string_view variable;
  SettingKind kind;
  std::string_view value_name;  // "URL"; empty for secrets
  std::string_view help;

  [[nodiscard]] std::string flag() const;  // "openai-api-key"
};

std::span<const ModelSetting> model_settings();

// Values by variable.
using ModelSettings = std::map<std::string, std::string>;

// The first of these that is set, trimmed; "" when none is.
std::string setting(const ModelSettings& settings,
                    std::initializer_list<std::string_view> variables);

}  // namespace holmes
