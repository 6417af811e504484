// YAML of users: any text gives documents within the limits, or problems that say where.
#include "fuzz/input.h"
#include "manifest/validate.h"
#include "yaml/yaml_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const std::string_view text = fuzz::text(data, size);
  Report report;
  for (const YamlNode& document : parse_yaml(text, report)) {
    HOLMES_ASSERT(json_depth_within(to_json(document), kMaxYamlDepth + 1));
  }
  for (const Problem& problem : validate_manifest(text).problems) {
    HOLMES_ASSERT(!problem.message.empty());
  }
  return 0;
}
