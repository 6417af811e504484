#include "holmes/checks/text_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/checks/json_text.h"

namespace holmes {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::vector<ToolSpec> offered() {
  return {
      {"get",
       "",
       {{"type", "object"},
        {"properties",
         {{"name", {{"type", json::array{"string", "null"}}}}, {"limit", {{"type", "integer"}}}}}}},
      {"list", "", {{"type", "object"}}}};
}

TEST(TextCalls, ReadsTheCallsThatModelsWriteAsText) {
  constexpr std::string_view kArguments = R"({"name":"web-1"})";
  for (const std::string_view text : {
           R"(<tool_call>{"name":"get","arguments":{"name":"web-1"}}</tool_call>)",
           "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"name\": \"web-1\"}}",
           R"([TOOL_CALLS] [{"name":"get","arguments":{"name":"web-1"}}])",
           R"(<|python_tag|>{"name":"get","parameters":{"name":"web-1"}})",
           R"({"name":"get","parameters":{"name":"web-1"}})",
           "```json\n{\"name\":\"get\",\"arguments\":{\"name\":\"web-1\"}}\n```",
           R"([{"name":"get","arguments":"{\"name\":\"web-1\"}"}])",
           R"(<invoke name="get"><parameter name="name">web-1</parameter></invoke>)",
       }) {
    const TextCalls read = read_text_calls(text, offered(), 3);
    ASSERT_THAT(read.calls, SizeIs(1)) << text;
    EXPECT_EQ(read.calls[0], (ToolCall{"text_3_0", "get", std::string(kArguments)})) << text;
    EXPECT_EQ(read.before, "") << text;
  }
}

TEST(TextCalls, KeepsWhatWasSaidBeforeAndTheOrder) {
  const TextCalls read = read_text_calls(
      "Let me look.\n<tool_call>{\"name\":\"list\",\"arguments\":{}}</tool_call>\n"
      "<tool_call>{\"name\":\"get\",\"arguments\":{\"name\":\"}\"}}</tool_call>",
      offered(), 0);
  EXPECT_EQ(read.before, "Let me look.");
  ASSERT_THAT(read.calls, SizeIs(2));
  EXPECT_EQ(read.calls[0].name, "list");
  EXPECT_EQ(read.calls[1].arguments, R"({"name":"}"})");
  EXPECT_NE(read.calls[0].id, read.calls[1].id);
}

TEST(TextCalls, TypesOfWrittenParametersAreThoseOfTheTool) {
  const TextCalls read = read_text_calls(
      "<invoke name=\"get\"><parameter name=\"name\">12</parameter>"
      "<parameter name=\"limit\">12</parameter></invoke>",
      offered(), 0);
  ASSERT_THAT(read.calls, SizeIs(1));
  EXPECT_EQ(read.calls[0].arguments, R"({"name":"12","limit":12})");
}

TEST(TextCalls, IsATextForToolsThatWereNotOffered) {
  for (const std::string_view text : {
           "All 3 pods are ready.",
           "",
           R"({"name":"rm","arguments":{}})",
           R"(<tool_call>{"name":"shell_exec","arguments":{}}</tool_call>)",
           R"(<invoke name="rm"><parameter name="path">/</parameter></invoke>)",
           R"({"name":"get"})",
           "<tool_call>get</tool_call>",
           "<tool_call>{\"name\":\"get\"",
           "<invoke name=\"get",
           "[TOOL_CALLS]",
           R"({"rationale":"x","verdict":"pass"})",
           // An object of the cluster that is quoted.
           R"(The pod is {"name":"get","arguments":{}} as it says.)",
       }) {
    EXPECT_THAT(read_text_calls(text, offered(), 0).calls, IsEmpty()) << text;
  }
}

TEST(TextCalls, OneTextHasAtMostSoMany) {
  std::string text;
  for (size_t i = 0; i < kMaxTextCalls + 5; ++i) {
    text += R"(<tool_call>{"name":"get","arguments":{}}</tool_call>)";
  }
  EXPECT_THAT(read_text_calls(text, offered(), 0).calls, SizeIs(kMaxTextCalls));
}

TEST(JsonText, FirstObjectEndsWhereItsBraceCloses) {
  EXPECT_EQ(first_object(R"(So: {"a":{"b":"}\"}"}} and {})"), R"({"a":{"b":"}\"}"}})");
  EXPECT_EQ(first_object("{ never closed"), "");
  EXPECT_EQ(first_object("none"), "");
}

}  // namespace
}  // namespace holmes
