// Ollama's own /api/chat, which unlike its OpenAI route can be told how much a model may read.
//
// Source: github.com/ollama/ollama/blob/main/docs/api.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "holmes/llm/wire.h"

namespace holmes {

inline constexpr std::string_view kOllamaApiBase = "http://127.0.0.1:11434";
// Ollama itself may read as little as 4,096 tokens and forgets the rest without a word; an
// investigation with a few answers of tools needs more.
inline constexpr int64_t kOllamaContextTokens = 32'768;

struct OllamaOptions {
  std::string id;
  std::string base_url{kOllamaApiBase};
  int64_t context_tokens = kOllamaContextTokens;  // 0: as the server likes
  std::string api_key{};                          // of a proxy in front of it; empty: none
};

// The request's body. Pure.
json::object encode_ollama(const OllamaOptions& options, const ModelRequest& request);

// Reads the body of a 200; thinking is kept as opaque. Pure.
ModelResult decode_ollama(std::string_view body, size_t turn);

std::unique_ptr<Wire> make_ollama(OllamaOptions options);

}  // namespace holmes
