#include "holmes/llm/capabilities.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::HasSubstr;

constexpr auto kWords = std::to_array<RefusalWord>({
    {"max_completion_tokens", &Capabilities::max_completion_tokens},
    {"temperature", &Capabilities::temperature},
});

TEST(Capabilities, GiveUpWhatTheProviderNames) {
  Capabilities known;
  EXPECT_TRUE(
      give_up("Unsupported value: 'Temperature' does not support 0.5", kWords, known, known));
  EXPECT_FALSE(known.temperature);
  EXPECT_TRUE(known.max_completion_tokens);
}

TEST(Capabilities, NothingIsGivenUpTwiceOrForOtherReasons) {
  Capabilities known;
  known.temperature = false;
  EXPECT_FALSE(give_up("temperature is wrong", kWords, known, known));
  EXPECT_FALSE(give_up("messages.1: unknown role", kWords, known, known));
  EXPECT_EQ(known.max_completion_tokens, true);
}

TEST(Capabilities, WhatARequestDoesNotSayCannotBeRefused) {
  ModelRequest request;
  const Capabilities nothing = used_by(request, {});
  EXPECT_EQ(nothing, (Capabilities{.tools = false,
                                   .temperature = false,
                                   .reasoning_effort = false,
                                   .schema = false,
                                   .forced_tool = false,
                                   .json_mode = false,
                                   .strict_tools = false,
                                   .parallel_calls = false,
                                   .max_completion_tokens = false}));
  request.thinking = Thinking{};
  EXPECT_TRUE(used_by(request, {}).reasoning_effort);
  request.thinking.reset();
  request.temperature = 0;
  request.reasoning_effort = "low";
  request.schema = ResponseSchema{};
  request.tools.push_back({"x", "", {}});
  request.output_tokens_max = 1;
  request.forced_tool = "x";
  request.json_object = true;
  EXPECT_EQ(used_by(request, {}), Capabilities());
  EXPECT_FALSE(used_by(request, {.temperature = false}).temperature);
}

// Two requests may be under way when the first refusal arrives.
TEST(Capabilities, ARequestThatWasSentBeforeIsTriedAgainToo) {
  Capabilities used;
  Capabilities known;
  known.temperature = false;
  EXPECT_TRUE(give_up("temperature", kWords, used, known));
}

TEST(Capabilities, ASchemaThatCannotBeSentIsTold) {
  ModelRequest request;
  request.messages.push_back({Role::kUser, "Judge.", {}, "", {}});
  request.schema = ResponseSchema{"verdict", {{"type", "object"}}};
  request.temperature = 0.5;
  request.reasoning_effort = "low";
  request.thinking = Thinking{};
  Capabilities can;
  can.schema = can.temperature = can.reasoning_effort = can.forced_tool = false;
  const ModelRequest sent = within(can, request);
  EXPECT_FALSE(sent.schema);
  EXPECT_EQ(sent.forced_tool, "");
  EXPECT_TRUE(sent.json_object);
  EXPECT_THAT(sent.messages[0].content, HasSubstr("JSON Schema:\n{\"type\":\"object\"}"));
  EXPECT_FALSE(sent.temperature);
  EXPECT_EQ(sent.reasoning_effort, "");
  EXPECT_FALSE(sent.thinking);
  EXPECT_TRUE(within({}, request).schema);
  can.json_mode = false;
  EXPECT_FALSE(within(can, request).json_object);
}

TEST(Capabilities, ASchemaThatCannotBeSentIsAToolThatMustBeCalled) {
  ModelRequest request;
  request.messages.push_back({Role::kUser, "Judge.", {}, "", {}});
  request.schema = ResponseSchema{"verdict", {{"type", "object"}}};
  Capabilities can;
  can.schema = false;
  const ModelRequest sent = within(can, request);
  ASSERT_EQ(sent.tools.size(), 1U);
  EXPECT_EQ(sent.tools[0].name, "submit_verdict");
  EXPECT_EQ(sent.forced_tool, "submit_verdict");
  EXPECT_FALSE(sent.json_object);
  EXPECT_EQ(sent.tools[0].parameters, request.schema->schema);
  EXPECT_THAT(sent.messages[0].content, HasSubstr("by calling submit_verdict, or with"));

  ModelReply reply;
  reply.finish = FinishReason::kToolCalls;
  reply.tool_calls = {{"1", "submit_verdict", R"({"verdict":"pass"})"}};
  const ModelReply answer = as_asked(request, reply);
  EXPECT_EQ(answer.content, R"({"verdict":"pass"})");
  EXPECT_TRUE(answer.tool_calls.empty());
  EXPECT_EQ(answer.finish, FinishReason::kStop);

  can.tools = false;
  EXPECT_TRUE(within(can, request).tools.empty());
  EXPECT_TRUE(within(can, request).json_object);
}

}  // namespace
}  // namespace holmes
