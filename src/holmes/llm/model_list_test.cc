#include "holmes/llm/model_list.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const ModelListContext kContext{
    // Secrets often end with a line break.
    {{"OPENAI_API_KEY", "k-openai\n"}, {"EMPTY", ""}, {"TEAM", "blue"}, {"LINE", "x\n"}},
    {},
    {}};

ModelList parse(std::string_view text, const ModelListContext& context = kContext) {
  return parse_model_list(text, context);
}

// "line:column: severity: path: message" of each problem.
std::vector<std::string> problems(std::string_view text) {
  std::vector<std::string> lines;
  for (const Problem& problem : parse(text).problems) {
    lines.push_back(to_text(problem, "f").substr(2));
  }
  return lines;
}

ModelEntry one(std::string_view text, const ModelListContext& context = kContext) {
  ModelList list = parse(text, context);
  EXPECT_THAT(list.problems, IsEmpty()) << to_text(list.problems.front(), "f");
  EXPECT_THAT(list.entries, SizeIs(1));
  return list.entries.front();
}

// As HolmesGPT's documentation shows it.
TEST(ModelList, ReadsAListOfHolmesGpt) {
  const ModelList list = parse(R"(
openai-4.1:
  api_key: "{{ env.OPENAI_API_KEY }}"
  model: openai/gpt-4.1
  temperature: 0
azure-41:
  api_key: "k"
  model: azure/gpt-4.1
  api_base: https://your-resource.openai.azure.com/
  api_version: "2025-01-01-preview"
claude-opus:
  api_key: k
  model: anthropic/claude-opus-4-6
  temperature: 1
  thinking: {type: enabled, budget_tokens: 1024}
  custom_args: {max_context_size: 50000}
  input_cost_per_token: 5e-06
  output_cost_per_token: 0.000025
  cache_read_input_token_cost: 5.0e-07
  cache_creation_input_token_cost: 6.25e-06
bedrock-claude:
  aws_access_key_id: id
  aws_region_name: us-east-1
  aws_secret_access_key: secret
  model: bedrock/us.anthropic.claude-opus-4-6-v1:0
  cache_control: false
local:
  model: Qwen/Qwen3-8B
  base_url: http://127.0.0.1:8000/v1
  max_tokens: 2000
  reasoning_effort: low
  timeout: 20
  rpm: 10
  tpm: 20000
  max_parallel_requests: 2
  extra_headers: {X-Team: "{{ env.TEAM }} team", X-Line: "{{ env.LINE }}"}
)");
  EXPECT_THAT(list.problems, IsEmpty()) << to_text(list.problems.front(), "f");
  ASSERT_THAT(list.entries, SizeIs(5));
  EXPECT_EQ(list.entries[0].name, "openai-4.1");
  EXPECT_EQ(list.entries[0].model, "openai/gpt-4.1");
  EXPECT_EQ(list.entries[0].tuning.temperature, 0);
  EXPECT_THAT(list.entries[0].settings, ElementsAre(Pair("OPENAI_API_KEY", "k-openai")));
  EXPECT_THAT(list.entries[1].settings,
              UnorderedElementsAre(Pair("AZURE_API_KEY", "k"),
                                   Pair("AZURE_API_BASE", "https://your-resource.openai.azure.com"),
                                   Pair("AZURE_API_VERSION", "2025-01-01-preview")));
  const ModelTuning& claude = list.entries[2].tuning;
  EXPECT_EQ(claude.thinking, (Thinking{Thinking::Kind::kBudget, 1024}));
  EXPECT_EQ(claude.context_tokens_max, 50000);
  EXPECT_EQ(claude.price, (PriceTerms{5'000'000, 500'000, 6'250'000, 25'000'000}));
  EXPECT_EQ(list.entries[3].settings.at("AWS_REGION"), "us-east-1");
  EXPECT_EQ(list.entries[3].tuning.cache_hints, false);
  const ModelEntry& local = list.entries[4];
  EXPECT_THAT(local.settings, ElementsAre(Pair("OPENAI_API_BASE", "http://127.0.0.1:8000/v1")));
  EXPECT_EQ(local.tuning.output_tokens_max, 2000);
  EXPECT_EQ(local.tuning.reasoning_effort, "low");
  EXPECT_EQ(local.tuning.call_time_max, std::chrono::seconds(20));
  EXPECT_THAT(local.tuning.headers, ElementsAre(Pair("X-Team", "blue team"), Pair("X-Line", "x")));
  EXPECT_EQ(local.limits.requests_per_minute, 10);
  EXPECT_EQ(local.limits.tokens_per_minute, 20000);
  EXPECT_EQ(local.limits.calls_max, 2);
}

TEST(ModelList, MayBeEmpty) {
  for (const char* text : {"", "{}", "# none\n"}) {
    const ModelList list = parse(text);
    EXPECT_THAT(list.entries, IsEmpty());
    EXPECT_THAT(list.problems, IsEmpty());
  }
}

TEST(ModelList, EntriesGoBeforeTheProcess) {
  ModelListContext context;
  context.tuning.temperature = 1;
  context.tuning.headers = {{"A", "b"}};
  const ModelEntry plain = one("a: {model: openai/m}", context);
  EXPECT_EQ(plain.tuning, context.tuning);
  const ModelEntry null = one("a: {model: openai/m, temperature: null}", context);
  EXPECT_EQ(null.tuning.temperature, 1);
  const ModelEntry none =
      one("a: {model: openai/m, temperature: none, extra_headers: {}}", context);
  EXPECT_EQ(none.tuning.temperature, std::nullopt);
  EXPECT_THAT(none.tuning.headers, IsEmpty());
}

TEST(ModelList, ACredentialOfTheEntryTakesThePlaceOfOtherKinds) {
  const ModelEntry aws =
      one("a: {model: bedrock/m, aws_access_key_id: id, aws_secret_access_key: s}");
  EXPECT_EQ(aws.settings.at("AWS_SESSION_TOKEN"), "");
  EXPECT_EQ(aws.settings.at("AWS_BEARER_TOKEN_BEDROCK"), "");
  const ModelEntry azure = one("a: {model: azure/m, azure_ad_token: t}");
  EXPECT_EQ(azure.settings.at("AZURE_API_KEY"), "");
}

TEST(ModelList, AVariableThatNobodyHasSetMakesOneEntryUnusable) {
  const ModelList list = parse(
      "a: {model: \"{{env.M}}\", api_key: \"{{ env.K }}{{ env.M }}\", rpm: \"{{ env.R }}\"}\n"
      "b: {model: openai/m, api_key: \"{{ env.EMPTY }}\"}");
  EXPECT_THAT(list.problems, IsEmpty());
  ASSERT_THAT(list.entries, SizeIs(2));
  EXPECT_THAT(list.entries[0].missing, ElementsAre("M", "K", "R"));
  EXPECT_THAT(list.entries[1].missing, IsEmpty());
  EXPECT_EQ(list.entries[1].settings.at("OPENAI_API_KEY"), "");
}

TEST(ModelList, FollowsFallbacks) {
  const ModelList list = parse(
      "a: {model: openai/a, fallbacks: [b, d]}\n"
      "b: {model: openai/b, fallback: c}\n"
      "c: {model: openai/c}\n"
      "d: {model: openai/d, fallbacks: [c]}");
  EXPECT_THAT(list.problems, IsEmpty());
  EXPECT_THAT(list.entries[0].fallbacks, ElementsAre("b", "c", "d"));
  EXPECT_THAT(list.entries[1].fallbacks, ElementsAre("c"));
  EXPECT_THAT(list.entries[2].fallbacks, IsEmpty());
}

TEST(ModelList, ARecordingAsksNobody) {
  const ModelEntry entry = one("a: {recording: runs/}");
  EXPECT_EQ(entry.recording, "runs/");
  EXPECT_EQ(entry.model, "");
}

struct Mistake {
  std::string_view text;
  std::string_view problem;
};
class ModelListMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(ModelListMistakeTest, IsToldWithItsPlaceAndWhatWouldBeRight) {
  EXPECT_THAT(problems(GetParam().text), ElementsAre(HasSubstr(GetParam().problem)))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ModelListMistakeTest,
    testing::Values(
        Mistake{"[a]", "1:1: error: a model list is a map of names to models"},
        Mistake{"a: {model: openai/m}\n---\nb: 1\n", "error: a model list is one document"},
        Mistake{"a: {model: openai/m}\na: {model: openai/m}\n", "2:1: error: 'a' stands twice"},
        Mistake{"a: openai/m", "1:4: error: a: must be a map, such as {model: openai/gpt-4.1}"},
        Mistake{"a:\n  temperature: 1\n", "1:1: error: a: needs a model: provider/id"},
        Mistake{"a: {model: oracle/delphi}",
                "1:12: error: a.model: the model 'oracle/delphi' names the "
                "unknown provider 'oracle'; known: openai"},
        Mistake{"a: {model: openai/}", "1:12: error: a.model: the model 'openai/' has no name"},
        Mistake{"a: {model: [m]}", "1:12: error: a.model: must be text"},
        Mistake{"a: {model: openai/m, api_key: '{{ K }}'}", "a.api_key: has {{ without a variable"},
        Mistake{"a: {model: openai/m, api_key: 'two words'}", "must be printable ASCII"},
        Mistake{"a:\n  model: openai/m\n  api_base: localhost:8000\n",
                "3:13: error: a.api_base: is no address: "},
        Mistake{"a: {model: openai/m, temperature: 3}",
                "1:35: error: a.temperature: must be a number "
                "from 0 to 2, or none"},
        Mistake{"a: {model: openai/m, thinking: true}",
                R"(a.thinking: must be {"type": "enabled")"},
        Mistake{"a: {model: openai/m, reasoning_effort: 'a b'}",
                "a.reasoning_effort: must be a word"},
        Mistake{"a: {model: openai/m, max_tokens: many}",
                "a.max_tokens: must be an integer from 1"},
        Mistake{"a: {model: openai/m, rpm: 0}", "a.rpm: must be an integer from 1"},
        Mistake{"a: {model: openai/m, timeout: 0.5}",
                "a.timeout: must be an integer from 1 to 3600"},
        Mistake{"a: {model: openai/m, cache_control: maybe}", "a.cache_control: must be true or"},
        Mistake{"a: {model: openai/m, input_cost_per_token: 3}",
                "must be US dollars for one token"},
        Mistake{"a: {model: openai/m, extra_headers: {Host: x}}", "belongs to the request itself"},
        Mistake{"a: {model: openai/m, custom_args: 1}", "a.custom_args: must be a map"},
        Mistake{"a: {model: openai/m, fallbacks: {b: 1}}",
                "must be a name of this list, or a list"},
        Mistake{"scripted/x: {model: openai/m}", "names that begin with scripted/ are taken"},
        Mistake{"\"a\\tb\": {model: openai/m}", "a model's name must be printable ASCII"},
        Mistake{"fast: {model: openai/m, fallbacks: [fst]}",
                "1:37: error: fast.fallbacks: 'fst' is no model of this list (did you mean fast?)"},
        Mistake{"a: {model: openai/m, fallbacks: [b]}\nb: {recording: x}",
                "'b' is a recording, which cannot stand in for a model"},
        Mistake{"a: {model: openai/m, fallback: a}",
                "a circle: 'a' stands in for itself in the end"},
        Mistake{"a: {model: openai/m, fallbacks: [b]}\nb: {model: openai/m, fallbacks: [c]}\n"
                "c: {model: openai/m, fallbacks: [a]}",
                "3:34: error: c.fallbacks: a circle: 'a' stands in for itself"},
        Mistake{"a: {recording: x, model: openai/m}", "a.model: has no place beside a recording"},
        // Warnings.
        Mistake{"a: {model: openai/m, top_p: 1}",
                "1:22: warning: a.top_p: is not known here and is not sent to the provider"},
        Mistake{"a: {model: openai/m, temprature: 1}", "did you mean temperature?"},
        Mistake{"a: {model: openai/m, aws_region_name: x}",
                "warning: a.aws_region_name: means "
                "something to bedrock only"},
        Mistake{"a: {model: openai/m, custom_args: {x: 1}}", "warning: a.x: is not known here"}));

TEST(ModelList, TellsHowVariablesAreWritten) {
  EXPECT_THAT(problems("a: {model: openai/m, api_key: {{ env.K }}}"),
              Contains("1:31: error: a.api_key: must be text; write {{ env.NAME }} in quotes: "
                       "\"{{ env.NAME }}\""));
}

TEST(ModelList, TellsEveryMistakeAtOnce) {
  EXPECT_THAT(problems("a: {model: openai/m, rpm: x, tpm: y}\nb: 1"), SizeIs(3));
}

TEST(ModelList, QuotesNoSecret) {
  for (const char* key : {"api_key", "aws_secret_access_key", "azure_ad_token"}) {
    for (const std::string& line :
         problems(fmt::format("a: {{model: openai/m, {}: 'hidden value'}}", key))) {
      EXPECT_THAT(line, Not(HasSubstr("hidden")));
    }
  }
}

TEST(ModelList, HasLimits) {
  std::string many;
  for (size_t i = 0; i <= kMaxListedModels; ++i) many += fmt::format("m{}: {{model: a}}\n", i);
  EXPECT_THAT(problems(many), ElementsAre(HasSubstr("must have at most 200 models")));
  std::string chain;
  for (size_t i = 0; i <= kMaxFallbacks + 1; ++i) {
    chain += fmt::format("m{}: {{model: a, fallbacks: [{}]}}\n", i,
                         i <= kMaxFallbacks ? fmt::format("m{}", i + 1) : "");
  }
  EXPECT_THAT(problems(chain), ElementsAre(HasSubstr("at most 10 models may stand in for one")));
}

}  // namespace
}  // namespace holmes
