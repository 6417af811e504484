// OpenAI Chat Completions and the many servers that speak it: one request, one reply, no streaming.
//
// Source: platform.openai.com/docs/api-reference/chat; what compatible servers do differently is
// said where it is tolerated.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "holmes/llm/wire.h"

namespace holmes {

inline constexpr std::string_view kOpenAiApiBase = "https://api.openai.com/v1";

struct OpenAiChatOptions {
  std::string id;  // as the server knows it
  std::string base_url{kOpenAiApiBase};
  std::string path = "/chat/completions";            // below the base; with a query, where needed
  std::string_view key_name = "OPENAI_API_KEY";      // that people set; a literal
  std::pair<std::string, std::string> key_header{};  // empty: none is sent
  // Servers of others do not all know that calls may come in parallel (llama.cpp wants to be
  // told), and some loop for ever when tools without arguments are strict (vLLM).
  bool compatible = false;
  json::object extra{};  // members of each body
};

// The request's body. Tools and schemas go out as strict. Pure.
json::object encode_openai_chat(const OpenAiChatOptions& options, const ModelRequest& request,
                                const Capabilities& can);

// Reads the body of a 200. Tolerates what compatible servers send: no usage, null or piecewise
// content, arguments as an object, calls without an id, finish_reason "stop" beside tool calls. An
// error object inside the 200 is that error; anything else fails with kUnreadable. Pure.
ModelResult decode_openai_chat(std::string_view body, size_t turn);

std::unique_ptr<Wire> make_openai_chat(OpenAiChatOptions options);

}  // namespace holmes
