// What a model writes as text: calls, verdicts and counts are read from it, or it is a text.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "fuzz/input.h"
#include "holmes/checks/json_text.h"
#include "holmes/checks/quoted_counts.h"
#include "holmes/checks/recording.h"
#include "holmes/checks/text_calls.h"
#include "holmes/checks/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const std::string_view text = fuzz::text(data, size);
  const std::vector<ToolSpec> offered{{"get", "", {{"type", "object"}}},
                                      {"list", "", {{"type", "object"}}}};
  const TextCalls read = read_text_calls(text, offered, 1);
  HOLMES_ASSERT(read.calls.size() <= kMaxTextCalls);
  std::set<std::string> ids;
  for (const ToolCall& call : read.calls) {
    HOLMES_ASSERT(call.name == "get" || call.name == "list");
    HOLMES_ASSERT(ids.insert(call.id).second);
  }
  HOLMES_ASSERT(read.before.size() <= text.size());

  const std::string_view object = first_object(text);
  HOLMES_ASSERT(object.empty() || (object.starts_with("{") && object.ends_with("}")));
  if (const auto verdict = parse_verdict(text)) HOLMES_ASSERT(text.contains("verdict"));

  const auto count = unsupported_count(text, {});
  HOLMES_ASSERT(!count || text.contains(*count));
  unsupported_count("3 of 4", {std::string(text)});

  if (const auto recording = parse_recording(text)) {
    const auto again = parse_recording(to_text(to_json(*recording)));
    HOLMES_ASSERT(again.has_value());
    HOLMES_ASSERT(again->turns.size() == recording->turns.size());
  }
  return 0;
}
