#include <algorithm>
#include <array>
#include <cctype>

#include <yaml-cpp/yaml.h>

#include "api/crd.h"
#include "base/strings.h"

namespace holmes {
namespace {

// Whether no YAML reader, of version 1.1 neither, could take it for something else than a string.
bool is_plain(const std::string& text) {
  constexpr std::array kOthers{"true", "false", "null", "yes",  "no",  "on",
                               "off",  "y",     "n",    ".inf", ".nan"};
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  const bool begins_well =
      !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) != 0 ||
                        (text[0] == '.' && text.size() > 1 &&
                         std::isalpha(static_cast<unsigned char>(text[1])) != 0));
  return begins_well && !text.ends_with(' ') &&
         text.find_first_of(":#'\"{}[],&*!|>%@`") == std::string::npos &&
         std::ranges::none_of(text, is_control) &&
         std::ranges::find(kOthers, to_lower(text)) == kOthers.end();
}

void emit(YAML::Emitter& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    if (object->empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& member : *object) {
      out << YAML::Key << std::string(member.key()) << YAML::Value;
      emit(out, member.value());
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    if (array->empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const json::value& item : *array) emit(out, item);
    out << YAML::EndSeq;
  } else if (const auto* string = value.if_string()) {
    const std::string content(*string);
    if (is_plain(content)) {
      out << content;
    } else {
      out << YAML::DoubleQuoted << content;
    }
  } else {
    out << to_text(value);
  }
}

}  // namespace

std::string to_yaml(const json::value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

std::string crds_yaml() {
  return to_yaml(healthcheck_crd()) + "---\n" + to_yaml(scheduledhealthcheck_crd());
}

}  // namespace holmes
