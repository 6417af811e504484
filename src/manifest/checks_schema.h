// What may stand in HolmesGPT's checks.yaml, as a schema for schema_walk.h. Private to
// src/manifest; pure.
#pragma once

#include "base/json.h"

namespace holmes {

// Of a whole document. The fields and limits of a check are those of a HealthCheck where it has
// them.
json::object checks_file_schema();

}  // namespace holmes
