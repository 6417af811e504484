// HolmesGPT's model list file: names that checks may ask for (spec.model), and what each is.
//
//   fast:
//     model: openai/gpt-4.1-mini
//     api_key: "{{ env.OPENAI_API_KEY }}"
//     fallbacks: [strong]
//   strong: {model: anthropic/claude-sonnet-4-5, temperature: 0}
//   rehearsal: {recording: runs}
//
// The keys are those of HolmesGPT and LiteLLM, as docs/models.md lists them; `fallbacks`,
// `max_parallel_requests` and `recording` are not HolmesGPT's. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "holmes/llm/model_limits.h"
#include "holmes/llm/model_settings.h"
#include "holmes/llm/model_tuning.h"
#include "yaml/report.h"

namespace holmes {

inline constexpr size_t kMaxListedModels = 200;
inline constexpr size_t kMaxFallbacks = 10;  // of one model, those of its fallbacks included

struct ModelEntry {
  std::string name;
  std::string model;         // "provider/id"; empty: a recording
  ModelSettings settings{};  // the entry's own
  ModelTuning tuning{};      // the process's with the entry's over it
  ModelLimits limits{};      // likewise
  // Who is asked when this one cannot answer, in this order, with the fallbacks of the fallbacks.
  std::vector<std::string> fallbacks{};
  std::string recording{};  // a file or folder; relative to that of the list
  // Environment variables that the entry names and nobody has set: it cannot be used.
  std::vector<std::string> missing{};
};

struct ModelList {
  std::vector<ModelEntry> entries{};  // in the order of the text; complete when there is no error
  std::vector<Problem> problems{};    // in the order of the text
};

struct ModelListContext {
  std::map<std::string, std::string> environment{};  // what {{ env.NAME }} means
  ModelSettings settings{};                          // the process's
  ModelTuning tuning{};                              // likewise
  ModelLimits limits{};                              // likewise
};

// Every mistake is told with its place, and values that may be secret are not quoted. An entry
// whose provider lacks something is no mistake. A key that we do not know is a warning, as lists
// are written for programs that send it to the provider; it is not sent.
ModelList parse_model_list(std::string_view text, const ModelListContext& context);

}  // namespace holmes
