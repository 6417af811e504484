// What is wrong with a schema as a document, before it is built (Schema::parse). Pure.
// Rules: apiextensions-apiserver's validation of CRDs: structural schemas, and the keywords that
// they may have.
#pragma once

#include <string>

#include "base/json.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

// Keywords whose value is of the wrong JSON type. Everything else here takes right ones for
// granted. (The API server does not get so far: it answers 400.)
Causes check_schema_shape(const json::object& schema, const std::string& path);

// What keeps it from being structural, sorted as the API server sorts it.
Causes check_schema_structure(const json::object& schema, const std::string& path);

// Keywords that are forbidden or do not go together.
struct KeywordFindings {
  Causes causes;
  // Whether the structure can be looked at: the API server keeps silent about it when there is a
  // keyword that structural schemas do not know at all.
  bool structure_is_readable = true;
};
KeywordFindings check_schema_keywords(const json::object& schema, const std::string& path);

}  // namespace holmes::kube
