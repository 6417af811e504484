// `holmes validate` without its files: what is wrong with the HealthChecks and
// ScheduledHealthChecks of a manifest. Pure, but for the zone files that cron/time_zone.h reads.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "yaml/yaml_tree.h"

namespace holmes {

struct Validation {
  std::vector<Problem> problems;  // in the order of the text
  size_t objects = 0;             // of our kinds, also inside a List
};

// Reads YAML, of one or more documents, or JSON. Types, limits, enums and unknown fields follow the
// schemas of api/crd.h; to these come what no schema can tell: cron text, zone, jitter, names, the
// size of a destination's config. Objects of other kinds are only mentioned.
Validation validate_manifest(std::string_view text);

// The same of documents that were read. Returns how many objects are of our kinds.
size_t validate_documents(const std::vector<YamlNode>& documents, Report& report);

}  // namespace holmes
