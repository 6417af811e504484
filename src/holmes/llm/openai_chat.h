// OpenAI Chat Completions and the many servers that speak it (vLLM, llama.cpp, Ollama, OpenRouter,
// LiteLLM, Azure's v1 route): one request, one reply, no streaming.
//
// Source: platform.openai.com/docs/api-reference/chat; what compatible servers do differently is
// said where it is tolerated.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "async/loop.h"
#include "base/json.h"
#include "base/result.h"
#include "holmes/llm/model.h"
#include "net/http.h"

namespace holmes {

inline constexpr std::string_view kOpenAiApiBase = "https://api.openai.com/v1";

// The request's body. Tools and schemas go out as strict. Pure.
json::object encode_openai_chat(std::string_view model_id, const ModelRequest& request);

// Reads the body of a 200. Tolerates what compatible servers send: no usage, null or piecewise
// content, arguments as an object, calls without an id (which become "call_<turn>_<n>", so `turn`
// must differ from reply to reply of a conversation), finish_reason "stop" beside tool calls. An
// error object inside the 200 is an error like below; anything else fails with kProtocol. Pure.
Result<ModelReply> decode_openai_chat(std::string_view body, size_t turn);

// What an answer other than 200 means; the codes are those of Model::complete. The provider's
// sentence is quoted, but not that of a 401, which quotes the key. Pure.
Error decode_openai_error(int status, std::string_view body);

struct OpenAiChatOptions {
  std::string name;  // as configured
  std::string id;    // as the server knows it
  std::string api_base = std::string(kOpenAiApiBase);
  std::string api_key;  // empty: no Authorization header
};

// Sends each request once. Clock and client outlive it.
class OpenAiChat final : public Model {
 public:
  OpenAiChat(const Clock& clock, HttpClient& http, OpenAiChatOptions options);

  [[nodiscard]] const std::string& name() const override { return options_.name; }
  Task<Result<ModelReply>> complete(ModelRequest request, Stop stop) override;

 private:
  const Clock& clock_;
  HttpClient& http_;
  OpenAiChatOptions options_;
};

}  // namespace holmes
