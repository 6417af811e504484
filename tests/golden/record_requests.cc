// Has one conversation with the model that its arguments describe, so that a server can record what
// our adapters send:
//   record_requests MODEL=anthropic/claude-x ANTHROPIC_API_KEY=k
//   ANTHROPIC_API_BASE=http://127.0.0.1:1
// The model is asked with two tools, told what it called for, and asked for a verdict with a
// schema, twice. Prints its four replies as JSON, one a line, or what went wrong.
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "async/asio_loop.h"
#include "async/random.h"
#include "base/json.h"
#include "holmes/llm/model_table.h"
#include "net/curl_client.h"

namespace holmes {
namespace {

constexpr std::string_view kListParameters = R"({"type":"object","properties":{
    "kind":{"type":"string","description":"Kind of the objects."},
    "namespace":{"type":["string","null"],"description":"Namespace; null for all."}},
  "required":["kind","namespace"],"additionalProperties":false})";
constexpr std::string_view kNoParameters =
    R"({"type":"object","properties":{},"required":[],"additionalProperties":false})";
constexpr std::string_view kVerdict = R"({"type":"object","properties":{
    "rationale":{"type":"string"},
    "verdict":{"type":"string","enum":["pass","fail","unknown"]}},
  "required":["rationale","verdict"],"additionalProperties":false})";

json::object object(std::string_view text) {
  return parse_json_object(text).value();
}

ModelRequest investigation() {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Be exact.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Are all pods healthy?", {}, "", {}});
  request.tools.push_back(
      {"kubernetes_list", "Lists objects of one kind.", object(kListParameters)});
  request.tools.push_back({"kubernetes_version", "Tells the version.", object(kNoParameters)});
  request.output_tokens_max = 2000;
  return request;
}

ModelRequest verdict(const std::string& findings) {
  ModelRequest request;
  request.messages.push_back({Role::kSystem, "Judge.", {}, "", {}});
  request.messages.push_back({Role::kUser, "Findings: " + findings, {}, "", {}});
  request.schema = ResponseSchema{"verdict", object(kVerdict)};
  request.output_tokens_max = 2000;
  return request;
}

json::object to_json(const ModelReply& reply) {
  json::array calls;
  for (const ToolCall& call : reply.tool_calls) {
    calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
  }
  return {{"content", reply.content},
          {"calls", std::move(calls)},
          {"finish", to_string(reply.finish)},
          {"input", reply.usage.input_tokens},
          {"output", reply.usage.output_tokens}};
}

// nullopt after a failure, which was told.
std::optional<ModelReply> ask(AsioLoop& loop, Model& model, const ModelRequest& request) {
  ModelResult reply = loop.run(model.complete(request, {}));
  if (reply) {
    std::cout << to_text(to_json(*reply)) << "\n";
    return *std::move(reply);
  }
  std::cout << to_string(reply.error().kind) << ": " << reply.error().message << "\n";
  return std::nullopt;
}

int converse(AsioLoop& loop, Model& model) {
  ModelRequest request = investigation();
  const auto calls = ask(loop, model, request);
  if (!calls) return EXIT_FAILURE;
  request.messages.push_back(
      {Role::kAssistant, calls->content, calls->tool_calls, "", calls->opaque});
  for (const ToolCall& call : calls->tool_calls) {
    request.messages.push_back({Role::kTool, "answer of " + call.name, {}, call.id, {}});
  }
  const auto findings = ask(loop, model, request);
  if (!findings) return EXIT_FAILURE;
  for (int i = 0; i < 2; ++i) {
    if (!ask(loop, model, verdict(findings->content))) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

int run(int count, char** words) {
  ModelOptions options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name(word.substr(0, equals));
    const std::string value(word.substr(std::min(equals + 1, word.size())));
    (name == "MODEL" ? options.model : options.settings[name]) = value;
  }
  AsioLoop loop;
  SystemRandom random;
  MetricsRegistry metrics;
  const auto http = make_curl_client(loop);
  const auto table = make_model_table(options, {loop, random, *http, metrics, Logger()});
  if (!table) {
    std::cout << table.error().message << "\n";
    return EXIT_FAILURE;
  }
  const auto model = table->find("");
  if (!model) {
    std::cout << model.error().message << "\n";
    return EXIT_FAILURE;
  }
  return converse(loop, **model);
}

}  // namespace
}  // namespace holmes

int main(int count, char** words) {
  return holmes::run(count, words);
}
