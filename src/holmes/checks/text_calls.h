// Tool calls that a model wrote as text instead of making them: small models and some servers do.
// Pure.
//
// Read are the ways of Hermes and Qwen (<tool_call>{...}</tool_call>), Mistral ([TOOL_CALLS]
// [...]), Llama (<|python_tag|>{...}), Claude (<invoke name="..."><parameter name="...">), and a
// text that is nothing but the JSON of calls, fenced or not. Each only for tools that were offered,
// so that a text that merely quotes something stays a text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "holmes/llm/model.h"

namespace holmes {

inline constexpr size_t kMaxTextCalls = 16;  // of one text; the rest is dropped

struct TextCalls {
  std::string before;  // what was said before the first call
  std::vector<ToolCall> calls;
};

// No calls: the text is a text. `turn` must differ from reply to reply: ids are made of it.
TextCalls read_text_calls(std::string_view text, const std::vector<ToolSpec>& offered, size_t turn);

}  // namespace holmes
