#include "holmes/llm/model_table.h"

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
    co_return HttpResponse{200, {}, R"({"choices":[{"message":{"content":"ok"}}]})"};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }
  HttpRequest last;
};

class ModelTableTest : public testing::Test {
 protected:
  Result<ModelTable> make(ModelOptions options) {
    return make_model_table(options, {loop_, random_, http_, metrics_, Logger()});
  }
  // The address asked and the model named there.
  std::pair<std::string, std::string> asked(const ModelTable& table) {
    Model& model = *table.find("").value();
    EXPECT_TRUE(loop_.run(model.complete({}, {})));
    return {http_.last.target,
            json_string_or(parse_json_object(http_.last.body).value(), {"model"})};
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  CapturingHttp http_;
  MetricsRegistry metrics_;
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

TEST_F(ModelTableTest, TellsWhereTheModelIs) {
  EXPECT_EQ(model_base_url({"", kKey}), "https://api.openai.com/v1");
  EXPECT_EQ(model_base_url({"openrouter/a/b", {{"OPENROUTER_API_KEY", "k"}}}),
            "https://openrouter.ai/api/v1");
  EXPECT_EQ(model_base_url({}), "");
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
  EXPECT_THAT(metrics_.expose(), HasSubstr(R"(holmes_model_concurrency_limit{model="gpt-9"} 7)"));
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
    MetricsRegistry own;
    options.scripted_demo = true;
    return make_model_table(options, {loop_, random_, http_, own, Logger()})->names();
  };
  EXPECT_THAT(with({}), ElementsAre("scripted/demo"));
  EXPECT_THAT(with({.model = "scripted/demo", .settings = kKey}), ElementsAre("scripted/demo"));
  EXPECT_THAT(with({.model = "gpt-9", .settings = kKey}), ElementsAre("gpt-9", "scripted/demo"));
  EXPECT_FALSE(make({.model = "scripted/other", .scripted_demo = true}));
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
