// How each wire format asks for an answer of a schema, when its provider refuses one way after the
// other: the schema itself, a call of the one tool that takes it, some JSON object, words.
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/llm/wire_testing.h"

namespace holmes {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"verdict":{"type":"string"}},"required":["verdict"],)"
    R"("additionalProperties":false})";

// What the body says in this rung, and how a provider refuses that.
struct Rung {
  std::string_view member;
  std::string value;
  std::string_view refusal;
};

const std::map<std::string, std::vector<Rung>>& ladders() {
  static const std::map<std::string, std::vector<Rung>> all{
      {"OpenAi",
       {{"response_format",
         fmt::format(
             R"({{"type":"json_schema","json_schema":{{"name":"verdict","strict":true,"schema":{}}}}})",
             kSchema),
         "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
         "model."},
        {"tool_choice", R"({"type":"function","function":{"name":"submit_verdict"}})",
         "Thinking mode does not support this tool_choice"},
        {"response_format", R"({"type":"json_object"})",
         "'response_format' of type 'json_object' is not supported with this model"}}},
      {"Anthropic",
       {{"output_config",
         fmt::format(R"({{"format":{{"type":"json_schema","schema":{}}}}})", kSchema),
         "output_config: Extra inputs are not permitted"},
        {"tool_choice", R"({"type":"tool","name":"submit_verdict"})",
         "Thinking may not be enabled when tool_choice forces tool use."}}},
      {"Gemini",
       {{"generationConfig",
         fmt::format(R"({{"responseMimeType":"application/json","responseJsonSchema":{}}})",
                     kSchema),
         R"(Unknown name "responseJsonSchema" at 'generation_config': Cannot find field.)"},
        {"toolConfig",
         R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["submit_verdict"]}})",
         "Function calling mode ANY is not supported by this model"},
        {"generationConfig", R"({"responseMimeType":"application/json"})",
         "JSON mode is not enabled for models/m"}}},
      {"Bedrock",
       {{"outputConfig",
         fmt::format(
             R"({{"textFormat":{{"type":"json_schema","structure":{{"jsonSchema":{{"name":"verdict","schema":{}}}}}}}}})",
             to_text(json::value(kSchema))),
         "This model doesn't support the outputConfig field."},
        {"toolConfig", "",  // below: it holds the tools, too
         "This model doesn't support the toolConfig.toolChoice.tool field."}}},
      {"Ollama",
       {{"format", std::string(kSchema), "invalid format: this model takes no schema"},
        {"format", R"("json")", "format is not supported"}}}};
  return all;
}

class SchemaLadderTest : public testing::TestWithParam<WireCase> {
 protected:
  [[nodiscard]] json::object body(const Capabilities& can) const {
    ModelRequest request = verdict_request();
    request.output_tokens_max = 0;
    return parse_json_object(wire_->encode(within(can, std::move(request)), can, {}).body).value();
  }
  static bool asks_for_form(const json::object& body) {
    for (const std::string_view member : {"response_format", "tools", "tool_choice", "toolConfig",
                                          "output_config", "outputConfig", "format"}) {
      if (json_find(body, {member}) != nullptr) return true;
    }
    return json_find(body, {"generationConfig", "responseMimeType"}) != nullptr;
  }

  const std::unique_ptr<Wire> wire_ = GetParam().make();
  Capabilities can_ = wire_->capabilities();
};

TEST_P(SchemaLadderTest, EachRefusalLeadsToTheNextRungAndTheLastIsWords) {
  for (const Rung& rung : ladders().at(GetParam().name)) {
    const json::object sent = body(can_);
    const json::value* member = json_find(sent, {rung.member});
    ASSERT_NE(member, nullptr) << rung.member << " of " << to_text(sent);
    if (!rung.value.empty()) {
      EXPECT_EQ(*member, json_of(rung.value));
    }
    const ModelRequest asked = within(can_, verdict_request());
    EXPECT_TRUE(asked.schema ||
                asked.messages.back().content.contains(fmt::format("JSON Schema:\n{}", kSchema)));
    ASSERT_TRUE(give_up(rung.refusal, wire_->refusal_words(), used_by(asked, can_), can_))
        << rung.refusal;
    EXPECT_TRUE(can_.tools);
    EXPECT_TRUE(can_.reasoning_effort || GetParam().name == "Bedrock");
  }
  const json::object last = body(can_);
  EXPECT_FALSE(asks_for_form(last)) << to_text(last);
  EXPECT_THAT(to_text(last), HasSubstr("Answer with nothing but one JSON object"));
  const ModelRequest words = within(can_, verdict_request());
  for (const Rung& rung : ladders().at(GetParam().name)) {
    EXPECT_FALSE(give_up(rung.refusal, wire_->refusal_words(), used_by(words, can_), can_))
        << "what was not said cannot be refused: " << rung.refusal;
  }
}

TEST_P(SchemaLadderTest, TheForcedToolsArgumentsAreTheAnswer) {
  can_.schema = false;
  if (!can_.forced_tool) return;  // Ollama's
  const ModelRequest sent = within(can_, verdict_request());
  ASSERT_EQ(sent.tools.size(), 1U);
  EXPECT_EQ(sent.tools[0].parameters, json_of(kSchema));
  EXPECT_THAT(to_text(body(can_)), HasSubstr("Answer by calling submit_verdict, or with nothing"));
  const ModelResult reply =
      wire_->decode(GetParam().with_calls({{{"id", "1"},
                                            {"name", "submit_verdict"},
                                            {"arguments", json::object{{"verdict", "pass"}}}}}),
                    2);
  ASSERT_TRUE(reply) << reply.error().message;
  const ModelReply answer = as_asked(verdict_request(), *reply);
  EXPECT_EQ(answer.content, R"({"verdict":"pass"})");
  EXPECT_TRUE(answer.tool_calls.empty());
  EXPECT_EQ(answer.finish, FinishReason::kStop);
}

// Cannot be told from a whole one by its text alone.
TEST_P(SchemaLadderTest, AnAnswerThatWasCutOffStaysOne) {
  ModelReply reply;
  reply.finish = FinishReason::kLength;
  reply.tool_calls = {{"1", "submit_verdict", R"({"verdict":"pass"})"}};
  EXPECT_EQ(as_asked(verdict_request(), reply).finish, FinishReason::kLength);
}

TEST(BedrockLadder, ItsToolConfigNamesTheTool) {
  ModelRequest request = within({.schema = false}, verdict_request());
  const json::object body = encode_bedrock("m", request, {});
  EXPECT_EQ(body.at("toolConfig").at("toolChoice"),
            json_of(R"({"tool":{"name":"submit_verdict"}})"));
}

TEST(OpenAiLadder, CompatibleServersAreNotAskedForCallsAtOnceOfOneTool) {
  const ModelRequest request = within({.schema = false}, verdict_request());
  const json::object body = encode_openai_chat({.id = "m", .compatible = true}, request, {});
  EXPECT_EQ(json_find(body, {"parallel_tool_calls"}), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, SchemaLadderTest, testing::ValuesIn(all_wires()),
                         [](const testing::TestParamInfo<WireCase>& info) {
                           return info.param.name;
                         });

}  // namespace
}  // namespace holmes
