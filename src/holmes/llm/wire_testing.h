// What the tests of all wire formats need: one conversation, and each format made for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "holmes/llm/anthropic_messages.h"
#include "holmes/llm/bedrock_converse.h"
#include "holmes/llm/gemini.h"
#include "holmes/llm/model.h"
#include "holmes/llm/ollama_chat.h"
#include "holmes/llm/openai_chat.h"
#include "holmes/llm/wire.h"

namespace holmes {

inline json::value json_of(std::string_view text) {
  return parse_json(text).value();
}

inline ToolSpec list_tool() {
  return {"kubernetes_list", "Lists objects.",
          json_of(R"({"type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],
                      "additionalProperties":false})")
              .as_object()};
}

inline ToolSpec version_tool() {
  return {"version", "Tells it.",
          json_of(R"({"type":"object","properties":{},"required":[],"additionalProperties":false})")
              .as_object()};
}

inline ModelRequest opening_request() {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Be exact.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Are all pods healthy?", {}, "", {}});
  request.tools = {list_tool(), version_tool()};
  request.output_tokens_max = 8192;
  return request;
}

// The opening, that reply with two calls, and their results.
inline ModelRequest request_after(const ModelReply& reply) {
  ModelRequest request = opening_request();
  request.messages.push_back({Role::kAssistant, reply.content, reply.tool_calls, "", reply.opaque});
  for (const ToolCall& call : reply.tool_calls) {
    request.messages.push_back({Role::kTool, "answer of " + call.name, {}, call.id, {}});
  }
  return request;
}

inline ModelRequest verdict_request() {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Judge.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Findings: \"fine\" \u2713", {}, "", {}});
  request.schema = ResponseSchema{
      "verdict", json_of(R"({"type":"object","properties":{"verdict":{"type":"string"}},
                             "required":["verdict"],"additionalProperties":false})")
                     .as_object()};
  return request;
}

struct WireCase {
  std::string name;
  std::unique_ptr<Wire> (*make)();
  // A reply of this format with these calls, as JSON: {"id", "name", "arguments" (an object)}.
  std::string (*with_calls)(const std::vector<json::object>& calls);
  bool has_ids = true;  // its calls carry some
};

inline void PrintTo(const WireCase& wire, std::ostream* out) {
  *out << wire.name;
}

namespace wire_testing {

inline std::string openai_calls(const std::vector<json::object>& calls) {
  json::array list;
  for (const json::object& call : calls) {
    list.push_back(
        {{"id", call.at("id")},
         {"type", "function"},
         {"function", {{"name", call.at("name")}, {"arguments", to_text(call.at("arguments"))}}}});
  }
  return to_text(json::object{
      {"choices",
       json::array{json::object{
           {"finish_reason", "tool_calls"},
           {"message", {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", list}}}}}}});
}

inline std::string anthropic_calls(const std::vector<json::object>& calls) {
  json::array blocks;
  for (const json::object& call : calls) {
    blocks.push_back({{"type", "tool_use"},
                      {"id", call.at("id")},
                      {"name", call.at("name")},
                      {"input", call.at("arguments")}});
  }
  return to_text(
      json::object{{"type", "message"}, {"content", blocks}, {"stop_reason", "tool_use"}});
}

inline std::string gemini_calls(const std::vector<json::object>& calls) {
  json::array parts;
  for (const json::object& call : calls) {
    parts.push_back(
        {{"functionCall",
          {{"id", call.at("id")}, {"name", call.at("name")}, {"args", call.at("arguments")}}}});
  }
  return to_text(json::object{
      {"candidates", json::array{json::object{{"content", {{"role", "model"}, {"parts", parts}}},
                                              {"finishReason", "STOP"}}}}});
}

inline std::string bedrock_calls(const std::vector<json::object>& calls) {
  json::array blocks;
  for (const json::object& call : calls) {
    blocks.push_back({{"toolUse",
                       {{"toolUseId", call.at("id")},
                        {"name", call.at("name")},
                        {"input", call.at("arguments")}}}});
  }
  return to_text(
      json::object{{"output", {{"message", {{"role", "assistant"}, {"content", blocks}}}}},
                   {"stopReason", "tool_use"}});
}

inline std::string ollama_calls(const std::vector<json::object>& calls) {
  json::array list;
  for (const json::object& call : calls) {
    list.push_back(
        {{"id", call.at("id")},
         {"function", {{"name", call.at("name")}, {"arguments", call.at("arguments")}}}});
  }
  return to_text(
      json::object{{"message", {{"role", "assistant"}, {"content", ""}, {"tool_calls", list}}},
                   {"done", true},
                   {"done_reason", "stop"}});
}

}  // namespace wire_testing

inline std::vector<WireCase> all_wires() {
  return {
      {"OpenAi", [] { return make_openai_chat({.id = "m"}); }, wire_testing::openai_calls},
      {"Anthropic", [] { return make_anthropic({.id = "m", .api_key = "k"}); },
       wire_testing::anthropic_calls},
      {"Gemini", [] { return make_gemini({.id = "m", .api_key = "k"}); },
       wire_testing::gemini_calls},
      {"Bedrock",
       [] {
         return make_bedrock(
             {.id = "anthropic.m:0", .base_url = "https://b.example", .region = "us-east-1"});
       },
       wire_testing::bedrock_calls},
      {"Ollama", [] { return make_ollama({.id = "m"}); }, wire_testing::ollama_calls},
  };
}

}  // namespace holmes
