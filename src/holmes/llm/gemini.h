// Google's generateContent, of the Gemini API (with a key) and of Vertex AI (with a bearer token):
// one request, one reply, no streaming.
//
// Source: ai.google.dev/api/generate-content, and Vertex AI's reference of the same method.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "holmes/llm/wire.h"

namespace holmes {

inline constexpr std::string_view kGeminiApiBase = "https://generativelanguage.googleapis.com";

struct GeminiOptions {
  std::string id;
  std::string base_url{kGeminiApiBase};
  std::string models_path = "/v1beta/models/";   // below the base
  std::string_view key_name = "GEMINI_API_KEY";  // that people set; a literal
  std::string api_key{};
  std::string bearer_token{};  // sent instead of the key
};

// The request's body; the model is part of the address. Pure.
json::object encode_gemini(const ModelRequest& request);

// Reads the body of a 200; parts with a thought or a signature are kept as opaque. Pure.
ModelResult decode_gemini(std::string_view body, size_t turn);

std::unique_ptr<Wire> make_gemini(GeminiOptions options);
// Vertex AI's address and path for a project and a location ("global", "europe-west4", ...).
std::string vertex_base_url(std::string_view location);
std::string vertex_models_path(std::string_view project, std::string_view location);

}  // namespace holmes
