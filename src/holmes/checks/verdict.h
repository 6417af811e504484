// What a model's classification looks like, as a schema for it and as a value for us. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "holmes/llm/model.h"

namespace holmes {

enum class Verdict { kPass, kFail, kUnknown };

struct VerdictText {
  std::string rationale;
  Verdict verdict = Verdict::kUnknown;
};

// The rationale stands first, so that the verdict follows from it: small models judge much better.
ResponseSchema verdict_schema();

// Fails with kProtocol and says what is wrong with the text. A code fence around the JSON and words
// around its first object are tolerated; models without schema support write them.
Result<VerdictText> parse_verdict(std::string_view text);

}  // namespace holmes
