#include "config/config_file.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/suggest.h"

namespace holmes {
namespace {

std::optional<std::string> word_of(const YAML::Node& value) {
  if (value.IsNull()) return "";
  if (value.IsScalar()) return value.Scalar();
  if (!value.IsSequence()) return std::nullopt;
  std::string joined;
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += item.Scalar();
  }
  return joined;
}

Result<std::map<std::string, std::string>> read_map(const YAML::Node& root, const std::string& path,
                                                    const std::vector<std::string>& known) {
  std::map<std::string, std::string> words;
  if (root.IsNull()) return words;
  if (!root.IsMap()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: must be a map of options, one 'key: value' per line", path));
  }
  for (const auto& member : root) {
    if (!member.first.IsScalar()) {
      return fail(ErrorCode::kInvalid, fmt::format("{}: a key must be a word", path));
    }
    const std::string& key = member.first.Scalar();
    if (std::ranges::find(known, key) == known.end()) {
      return fail(ErrorCode::kInvalid, fmt::format("{}: {}: no option has this key{}; --help lists "
                                                   "them",
                                                   path, key, did_you_mean(key, known)));
    }
    auto word = word_of(member.second);
    if (!word) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{}: {}: must be a word or a list of words", path, key));
    }
    if (!words.emplace(key, std::move(*word)).second) {
      return fail(ErrorCode::kInvalid, fmt::format("{}: {}: stands there twice", path, key));
    }
  }
  std::erase_if(words, [](const auto& entry) { return entry.second.empty(); });
  return words;
}

}  // namespace

Result<std::map<std::string, std::string>> parse_config_file(std::string_view text,
                                                             const std::string& path,
                                                             const std::vector<Option>& options) {
  std::vector<std::string> known;
  for (const Option& option : options) {
    if (!option.environment.empty()) known.push_back(option.file_key());
  }
  try {
    return read_map(YAML::Load(std::string(text)), path, known);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: not YAML, line {}: {}", path, error.mark.line + 1, error.msg));
  }
}

}  // namespace holmes
