#include <yaml-cpp/yaml.h>

#include "api/crd.h"

namespace holmes {
namespace {

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
    // Quoted whenever a YAML reader could take it for something else than a string.
    const bool plain = content.find_first_of(":#'\"{}[],&*!|>%@`\n") == std::string::npos &&
                       !content.empty() && content != "True" && content != "False" &&
                       content != "true" && content != "false" && content != "null";
    if (plain) {
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
