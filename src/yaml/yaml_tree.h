// YAML (and so JSON) as a tree that knows where each part stands, with scalars as kubectl reads
// them: YAML 1.1, so a plain yes is true and 010 is eight. Anchors are resolved, merge keys (<<)
// merged. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "yaml/report.h"

namespace holmes {

inline constexpr size_t kMaxYamlDepth = 64;
inline constexpr size_t kMaxYamlNodes = 100'000;  // of a manifest, aliases counted at each use

struct YamlMember;

struct YamlNode {
  enum class Kind { kScalar, kList, kMap };

  Kind kind = Kind::kScalar;
  Position at;
  json::value scalar;  // kScalar: null, a boolean, a number or a string
  std::string text;    // kScalar: as it is written, without quotes
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // in their order, each key once

  [[nodiscard]] bool is_null() const { return kind == Kind::kScalar && scalar.is_null(); }
  // nullptr when this is no map or has no such key.
  [[nodiscard]] const YamlMember* find(std::string_view key) const;
  // The string of that key; "" when there is none.
  [[nodiscard]] std::string_view string_at(std::string_view key) const;
};

struct YamlMember {
  std::string key;
  Position at;  // of the key
  YamlNode value;
};

json::value to_json(const YamlNode& node);

// The documents of a file. What is wrong goes to the report: bad syntax (the documents before it
// are still returned), a key that stands twice (the first counts), keys that are no words, nesting
// and sizes beyond the limits. Empty documents are left out.
std::vector<YamlNode> parse_yaml(std::string_view text, Report& report,
                                 size_t nodes_max = kMaxYamlNodes);

}  // namespace holmes
