// What the model is told. The system prompts never change and the time stands last, so that
// providers can reuse what they computed for the same beginning. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace holmes {

// Phase 1, with tools: find out.
std::string_view investigation_prompt();
// The query as written, then the lines "namespace: X" (when there is one), "call first: ..." (each
// of these calls) and "time: ...".
std::string investigation_question(std::string_view query, std::string_view check_namespace,
                                   const std::vector<std::string>& first_calls, WallTime now);

// Phase 2, without tools: judge.
std::string_view verdict_prompt();
// The query, one line per tool call, and last the findings, if there are any.
std::string verdict_question(std::string_view query, const std::vector<std::string>& tool_lines,
                             std::string_view findings);
// Ends the question that is asked again after a pass although a tool told of trouble.
std::string verdict_doubt(std::string_view sign);
// After an answer that cannot be used, because of `why`.
std::string verdict_repair(std::string_view why);

}  // namespace holmes
