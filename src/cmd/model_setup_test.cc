#include "cmd/model_setup.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "config/load_options.h"

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using Environment = std::map<std::string, std::string>;

class FakeFiles final : public Files {
 public:
  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    const auto found = contents.find(path);
    if (found == contents.end()) return fail(ErrorCode::kNotFound, path + ": no such file");
    return found->second;
  }
  std::map<std::string, std::string> contents;
};

class ModelSetupTest : public testing::Test {
 protected:
  Status read(Environment environment, std::vector<std::string> arguments = {}) {
    OptionTable table;
    setup_.add_to(table);
    const auto loaded =
        load_options(table, {std::move(arguments), std::move(environment), [](const std::string&) {
                               return Result<std::string>(fail(ErrorCode::kNotFound, "no file"));
                             }});
    if (!loaded) return fail(loaded.error());
    return {};
  }
  Status load(const Environment& environment = {}) {
    return setup_.load(files_, environment, Logger());
  }

  FakeFiles files_;
  ModelSetup setup_;
};

TEST_F(ModelSetupTest, TakesTheSettingsOfHolmesGpt) {
  ASSERT_TRUE(read({{"MODEL", "fast"},
                    {"OPENAI_API_KEY", "k"},
                    {"TEMPERATURE", "0.00000001"},
                    {"REASONING_EFFORT", "High"},
                    {"THINKING", R"({"type": "enabled", "budget_tokens": 2000})"},
                    {"LLM_REQUEST_TIMEOUT", "20"},
                    {"EXTRA_HEADERS", R"({"X-Team": "a b"})"},
                    {"MODEL_LIST_FILE_LOCATION", "/list"}}));
  EXPECT_EQ(setup_.options.model, "fast");
  EXPECT_EQ(setup_.options.settings["OPENAI_API_KEY"], "k");
  const ModelTuning& tuning = setup_.options.tuning;
  EXPECT_EQ(tuning.temperature, 1e-8);
  EXPECT_EQ(tuning.reasoning_effort, "high");
  EXPECT_EQ(tuning.thinking, (Thinking{Thinking::Kind::kBudget, 2000}));
  EXPECT_EQ(tuning.call_time_max, std::chrono::seconds(20));
  EXPECT_THAT(tuning.headers, ElementsAre(Pair("X-Team", "a b")));
  EXPECT_EQ(setup_.list_path, "/list");
}

TEST_F(ModelSetupTest, SendsNoTemperatureUnlessOneIsAskedFor) {
  EXPECT_EQ(setup_.options.tuning.temperature, std::nullopt);
  ASSERT_TRUE(read({{"TEMPERATURE", "none"}}));
  EXPECT_EQ(setup_.options.tuning.temperature, std::nullopt);
}

TEST_F(ModelSetupTest, SaysWhatIsWrongAndQuotesNoSecret) {
  const std::string key = base64_encode("-----BEGIN hidden");
  for (const auto& [variable, value, problem] :
       {std::tuple{"TEMPERATURE", "warm", "'warm' is not usable: must be a number from 0 to 2"},
        {"REASONING_EFFORT", "a b", "must be a word"},
        {"THINKING", "hidden", "must be {\"type\""},
        {"EXTRA_HEADERS", "hidden", "EXTRA_HEADERS"},
        {"EXTRA_HEADERS", R"({"X": ["hidden"]})", "the value of 'X' must be one line of text"},
        {"LLM_REQUEST_TIMEOUT", "0", "must be an integer from 1 to 3600"},
        {"CERTIFICATE", "hidden!", "CERTIFICATE"},
        {"CERTIFICATE", key.c_str(), "cannot be read as PEM"}}) {
    const Status read_one = read({{variable, value}});
    ASSERT_FALSE(read_one) << variable;
    EXPECT_THAT(read_one.error().message, HasSubstr(problem));
    if (std::string_view(variable) != "THINKING") {
      EXPECT_THAT(read_one.error().message, Not(HasSubstr("hidden")));
    }
  }
}

TEST_F(ModelSetupTest, LooksWhereHolmesGptLooks) {
  files_.contents["/homes/u/.holmes/model_list.yaml"] = "home: {model: openai/m}";
  ASSERT_TRUE(load());
  EXPECT_THAT(setup_.options.list, IsEmpty());
  ASSERT_TRUE(load({{"HOME", "/homes/u"}}));
  EXPECT_EQ(setup_.options.list.front().name, "home");
  setup_ = {};
  files_.contents["/etc/holmes/config/model_list.yaml"] = "server: {model: openai/m}";
  ASSERT_TRUE(load({{"HOME", "/homes/u"}}));
  EXPECT_EQ(setup_.options.list.front().name, "server");
  EXPECT_EQ(setup_.list_path, kServerModelList);
  setup_ = {};
  setup_.list_path = "/else";
  const Status missing = load();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(missing.error().message, HasSubstr("MODEL_LIST_FILE_LOCATION: /else"));
}

TEST_F(ModelSetupTest, RefusesAListWithMistakes) {
  setup_.list_path = "/list";
  files_.contents["/list"] = "a: {model: openai/m, rpm: 0}\nb: 1";
  const Status wrong = load();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "the model list /list has 2 errors");
  files_.contents["/list"] = "a: {model: openai/m, top_p: 1}";
  EXPECT_TRUE(load());
}

TEST_F(ModelSetupTest, ReadsRecordingsBesideTheList) {
  std::string folder = testing::TempDir() + "model-setup-XXXXXX";
  folder = ::mkdtemp(folder.data());
  Recording recording;
  recording.name = "shop/a";
  recording.query = "Is it up?";
  std::ofstream(folder + "/one.json") << to_text(to_json(recording));
  setup_.list_path = folder + "/list.yaml";
  files_.contents[setup_.list_path] = "a: {recording: one.json}\nb: {recording: " + folder + "}";
  const Status loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(setup_.recordings, SizeIs(2));
  EXPECT_NE(setup_.recordings.at("a").next("", "Is it up?"), nullptr);

  files_.contents[setup_.list_path] = "a: {recording: none}";
  const Status none = load();
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("list.yaml: a.recording: " + folder + "/none: "));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace holmes
