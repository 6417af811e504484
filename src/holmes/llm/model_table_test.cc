#include "holmes/llm/model_table.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "holmes/llm/fake_model_testing.h"

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ModelSettings kKey{{"OPENAI_API_KEY", "k"}};

class CapturingHttp final : public HttpClient {
 public:
  Task<Result<HttpResponse>> send(HttpRequest request, Stop /*stop*/) override {
    last = std::move(request);
    if (!refused.empty() && last.body.contains(refused)) {
      co_return HttpResponse{429, {}, R"({"error":{"code":"insufficient_quota","message":"x"}})"};
    }
    co_return HttpResponse{200, {}, R"({"choices":[{"message":{"content":"ok"}}]})"};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }
  HttpRequest last;
  std::string refused;  // who asks so has no money left
};

ModelOptions listed(std::string_view text, ModelOptions options = {}) {
  ModelList list = parse_model_list(text, {{}, options.settings, options.tuning, options.limits});
  EXPECT_THAT(list.problems, IsEmpty());
  options.list = std::move(list.entries);
  return options;
}

class ModelTableTest : public testing::Test {
 protected:
  Result<ModelTable> make(ModelOptions options) {
    registries_.emplace_back();
    return make_model_table(options, {loop_, random_, http_, registries_.back(), Logger()});
  }
  // The address asked and the model named there.
  std::pair<std::string, std::string> asked(const ModelTable& table, std::string_view name = "") {
    Model& model = *table.find(name).value();
    EXPECT_TRUE(loop_.run(model.complete({}, {})));
    return {http_.last.target,
            json_string_or(parse_json_object(http_.last.body).value(), {"model"})};
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  CapturingHttp http_;
  std::deque<MetricsRegistry> registries_;  // one for each table
};

TEST_F(ModelTableTest, IsEmptyWithoutKeyAndAddressAndSaysWhatToSet) {
  const auto table = make({});
  ASSERT_TRUE(table);
  EXPECT_THAT(table->names(), IsEmpty());
  const auto model = table->find("");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(model.error().message, HasSubstr("no model is configured; set MODEL"));
}

TEST_F(ModelTableTest, SaysWhatTheModelsProviderNeeds) {
  const auto table = make({"openrouter/a/b", kKey});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("").error().message,
            "no model is configured; MODEL is openrouter/a/b, which needs OPENROUTER_API_KEY");
}

TEST_F(ModelTableTest, ModelMayNameItsProvider) {
  const auto table = make({"openai/gpt-9", kKey});
  ASSERT_TRUE(table);
  EXPECT_THAT(table->names(), ElementsAre("openai/gpt-9"));
  EXPECT_THAT(asked(*table), testing::Pair("https://api.openai.com/v1/chat/completions", "gpt-9"));
}

TEST_F(ModelTableTest, ModelWithoutProviderIsOpenAis) {
  const auto table = make({"gpt-9", kKey});
  ASSERT_TRUE(table);
  EXPECT_EQ(asked(*table).second, "gpt-9");
}

TEST_F(ModelTableTest, KeyAloneIsEnough) {
  const auto table = make({"", kKey});
  ASSERT_TRUE(table);
  EXPECT_THAT(table->names(), ElementsAre(kDefaultModel));
}

TEST_F(ModelTableTest, AddressAloneIsEnoughAndItsIdsMayHaveSlashes) {
  const auto table = make({"Qwen/Qwen3-8B", {{"OPENAI_API_BASE", "http://127.0.0.1:8000/v1/"}}});
  ASSERT_TRUE(table);
  EXPECT_THAT(asked(*table),
              testing::Pair("http://127.0.0.1:8000/v1/chat/completions", "Qwen/Qwen3-8B"));
}

TEST_F(ModelTableTest, EveryModelWaitsForRoomAndHasTheLimitsThatWereSet) {
  const auto table = make({.model = "gpt-9", .settings = kKey, .limits = {.calls_max = 7}});
  ASSERT_TRUE(table);
  EXPECT_THAT(registries_.back().expose(),
              HasSubstr(R"(holmes_model_concurrency_limit{model="gpt-9"} 7)"));
}

TEST_F(ModelTableTest, AnEntryHasTheLimitsItNamesAndElseThoseOfTheProcess) {
  const auto table =
      make(listed("a: {model: openai/a, api_key: k, max_parallel_requests: 3}\n"
                  "b: {model: openai/b, api_key: k}\n",
                  {.limits = {.calls_max = 7}}));
  ASSERT_TRUE(table);
  const std::string told = registries_.back().expose();
  EXPECT_THAT(told, HasSubstr(R"(holmes_model_concurrency_limit{model="a"} 3)"));
  EXPECT_THAT(told, HasSubstr(R"(holmes_model_concurrency_limit{model="b"} 7)"));
}

TEST_F(ModelTableTest, RefusesUnknownProvidersAndBadAddresses) {
  const auto provider = make({"oracle/delphi", kKey});
  ASSERT_FALSE(provider);
  EXPECT_EQ(provider.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(provider.error().message, HasSubstr("unknown provider 'oracle'; known: openai, "));
  const auto address = make({"m", {{"OPENAI_API_BASE", "localhost:8000"}}});
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().message, HasSubstr("OPENAI_API_BASE: "));
  EXPECT_FALSE(make({"openai/", kKey}));
}

TEST_F(ModelTableTest, OffersTheDemoModelOnlyWhenAskedFor) {
  EXPECT_THAT(make({.model = "scripted/demo"})->names(), IsEmpty());
  const auto with = [&](ModelOptions options) {
    options.scripted_demo = true;
    return make(std::move(options))->names();
  };
  EXPECT_THAT(with({}), ElementsAre("scripted/demo"));
  EXPECT_THAT(with({.model = "scripted/demo", .settings = kKey}), ElementsAre("scripted/demo"));
  EXPECT_THAT(with({.model = "gpt-9", .settings = kKey}), ElementsAre("gpt-9", "scripted/demo"));
  EXPECT_FALSE(make({.model = "scripted/other", .scripted_demo = true}));
}

constexpr std::string_view kList =
    "fast: {model: openai/small, api_key: k1, extra_headers: {X-A: b}, max_tokens: 7}\n"
    "strong: {model: anthropic/large}\n"
    "local: {model: org/name, api_base: 'http://127.0.0.1:9/v1'}\n"
    "rehearsal: {recording: runs}\n";

TEST_F(ModelTableTest, EveryEntryOfTheListIsAModelAndTheFirstIsTheDefault) {
  const auto table = make(listed(kList));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->names(), ElementsAre("fast", "local", "rehearsal"));
  EXPECT_EQ(table->default_name(), "fast");
  EXPECT_THAT(asked(*table), testing::Pair("https://api.openai.com/v1/chat/completions", "small"));
  EXPECT_EQ(http_.last.headers.find("X-A"), "b");
  EXPECT_EQ(http_.last.headers.find("Authorization"), "Bearer k1");
  EXPECT_EQ(json_int(parse_json_object(http_.last.body).value(), {"max_completion_tokens"}), 7);
  EXPECT_THAT(asked(*table, "local"),
              testing::Pair("http://127.0.0.1:9/v1/chat/completions", "org/name"));
}

TEST_F(ModelTableTest, AnEntryWhoseProviderLacksSomethingSaysWhat) {
  const auto table = make(listed(kList));
  const auto strong = table->find("strong");
  ASSERT_FALSE(strong);
  EXPECT_EQ(strong.error(), Error(ErrorCode::kUnavailable,
                                  "the model 'strong' is anthropic/large, which needs "
                                  "ANTHROPIC_API_KEY"));
  EXPECT_THAT(table->troubles(), ElementsAre(strong.error().message));
  const auto missing = make(listed("a: {model: openai/m, api_key: '{{ env.NOPE }}'}"));
  EXPECT_EQ(missing->find("").error().message,
            "the model 'a' needs the variable NOPE, which is not set");
}

// Else a list whose key is forgotten would send a question to whoever is at that address.
TEST_F(ModelTableTest, AProviderOfTheListIsMeantWhateverOpenAiApiBaseSays) {
  const ModelOptions process{"", {{"OPENAI_API_BASE", "http://127.0.0.1:9/v1"}}};
  const auto table = make(listed("a: {model: anthropic/large}\nb: {model: openai/m}", process));
  EXPECT_FALSE(table->find("a"));
  EXPECT_EQ(asked(*table, "b").first, "http://127.0.0.1:9/v1/chat/completions");
}

TEST_F(ModelTableTest, ModelMayNameAnEntryOrStandBesideTheList) {
  const auto named = make(listed(kList, {.model = "local"}));
  EXPECT_THAT(named->names(), ElementsAre("local", "fast", "rehearsal"));
  const auto beside = make(listed(kList, {.model = "gpt-9", .settings = kKey}));
  EXPECT_THAT(beside->names(), ElementsAre("gpt-9", "fast", "local", "rehearsal"));
  const auto lacking = make(listed(kList, {.model = "gpt-9"}));
  EXPECT_EQ(lacking->find("").error().message,
            "MODEL is gpt-9, which needs OPENAI_API_KEY or OPENAI_API_BASE");
  EXPECT_TRUE(lacking->find("fast"));
}

TEST_F(ModelTableTest, FallsBackInTheOrderOfTheList) {
  const auto table =
      make(listed("a: {model: openai/a, api_key: k, fallbacks: [none, b]}\n"
                  "none: {model: anthropic/x}\n"
                  "b: {model: openai/b, api_key: k}\n"));
  ASSERT_TRUE(table);
  http_.refused = "\"model\":\"a\"";
  const auto reply = loop_.run(table->find("a").value()->complete({}, {}));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->stand_in->name, "b");
  EXPECT_EQ(table->find("a").value()->name(), "a");
}

TEST_F(ModelTableTest, FindsByNameAndElseNamesWhatThereIs) {
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(std::make_unique<FakeModel>(loop_, std::vector<FakeModel::Turn>{}, "a"));
  models.push_back(std::make_unique<FakeModel>(loop_, std::vector<FakeModel::Turn>{}, "b"));
  const ModelTable table(std::move(models));
  EXPECT_EQ(table.find("").value()->name(), "a");
  EXPECT_EQ(table.find("b").value()->name(), "b");
  EXPECT_EQ(table.find("c").error(),
            Error(ErrorCode::kUnavailable, "no model 'c' is configured; there is: a, b"));
}

}  // namespace
}  // namespace holmes
