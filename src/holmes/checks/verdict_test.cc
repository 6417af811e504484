#include "holmes/checks/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Verdict, SchemaPutsTheRationaleFirstAndIsStrict) {
  const ResponseSchema schema = verdict_schema();
  EXPECT_EQ(schema.name, "verdict");
  const json::object& properties = *json_object(schema.schema, {"properties"});
  EXPECT_EQ(properties.begin()->key(), "rationale");
  EXPECT_EQ(to_text(properties.at("verdict").at("enum")), R"(["pass","fail","unknown"])");
  EXPECT_EQ(to_text(schema.schema.at("required")), R"(["rationale","verdict"])");
  EXPECT_EQ(json_bool(schema.schema, {"additionalProperties"}), false);
}

TEST(Verdict, ReadsTheThreeVerdicts) {
  const std::pair<std::string_view, Verdict> cases[] = {
      {R"({"rationale":" 3 of 3 ready. ","verdict":"pass"})", Verdict::kPass},
      {R"({"verdict":"fail","rationale":"3 of 3 ready."})", Verdict::kFail},
      {R"( {"rationale":"3 of 3 ready.","verdict":"unknown","more":1} )", Verdict::kUnknown},
      {"```json\n{\"rationale\":\"3 of 3 ready.\",\"verdict\":\"pass\"}\n```\n", Verdict::kPass},
      {R"(Sure: {"rationale":"3 of 3 ready.","verdict":"pass"} as you see)", Verdict::kPass},
  };
  for (const auto& [text, verdict] : cases) {
    const auto parsed = parse_verdict(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->verdict, verdict) << text;
    EXPECT_EQ(parsed->rationale, "3 of 3 ready.") << text;
  }
}

TEST(Verdict, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "pass", "```", "``````", R"({"rationale": "it is all)", "[]", R"({"verdict":"pass"})",
        R"({"rationale":"x"})", R"({"rationale":"x","verdict":"maybe"})",
        R"({"rationale":"x","verdict":"PASS"})", R"({"rationale":"x","verdict":true})",
        R"({"rationale":null,"verdict":"pass"})"}) {
    const auto parsed = parse_verdict(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kProtocol) << text;
  }
}

}  // namespace
}  // namespace holmes
