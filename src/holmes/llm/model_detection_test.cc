#include "holmes/llm/model_detection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What listens on this machine: URL -> body. Nothing listens elsewhere.
class FakeMachine final : public HttpClient {
 public:
  explicit FakeMachine(Loop& loop) : loop_(loop) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    asked.push_back(request.target);
    if (silent) {
      HOLMES_CO_CHECK(co_await sleep_for(loop_, std::chrono::hours(1), stop));
    }
    const auto found = answers.find(request.target);
    if (found == answers.end()) co_return fail(ErrorCode::kRefused, "connection refused");
    co_return HttpResponse{status, {}, found->second};
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest /*request*/, Stop /*stop*/) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
  int status = 200;
  bool silent = false;

 private:
  Loop& loop_;
};

constexpr const char* kTags = "http://127.0.0.1:11434/api/tags";
constexpr const char* kHealth = "http://127.0.0.1:8080/health";
constexpr const char* kModels = "http://127.0.0.1:8080/v1/models";

class FindLocalModelsTest : public testing::Test {
 protected:
  std::vector<LocalModelServer> find() { return loop_.run(find_local_models(loop_, machine_, {})); }

  VirtualLoop loop_;
  FakeMachine machine_{loop_};
};

TEST_F(FindLocalModelsTest, FindsOllamaAndLlamaCpp) {
  machine_.answers[kTags] =
      R"({"models":[{"name":"nomic-embed-text:latest"},{"name":"llama3.2:3b"},{"name":"qwen3:8b"}]})";
  machine_.answers[kHealth] = R"({"status":"ok"})";
  machine_.answers[kModels] = R"({"object":"list","data":[{"id":"gpt-oss-20b.gguf"}]})";
  EXPECT_THAT(find(),
              ElementsAre(LocalModelServer{"Ollama", kOllamaAddress, {"llama3.2:3b", "qwen3:8b"}},
                          LocalModelServer{"llama.cpp", kLlamaCppAddress, {"gpt-oss-20b.gguf"}}));
}

TEST_F(FindLocalModelsTest, AsksLoopbackOnly) {
  find();
  for (const std::string& url : machine_.asked) EXPECT_THAT(url, HasSubstr("http://127.0.0.1:"));
  EXPECT_EQ(machine_.asked.size(), 2U);
}

TEST_F(FindLocalModelsTest, WhoIsSilentIsGivenUpAfter300Milliseconds) {
  machine_.silent = true;
  const MonoTime before = loop_.mono_now();
  EXPECT_THAT(find(), IsEmpty());
  EXPECT_EQ(loop_.mono_now() - before, std::chrono::milliseconds(300));
}

TEST_F(FindLocalModelsTest, OtherProgramsOnThesePortsAreNoModelServers) {
  for (const std::string body : {"", "<html>", "[]", "{}", R"({"models":"none"})",
                                 R"({"status":"UP"})", R"({"status":"loading model"})"}) {
    machine_.answers = {{kTags, body}, {kHealth, body}, {kModels, body}};
    EXPECT_THAT(find(), IsEmpty()) << body;
  }
  machine_.status = 404;
  machine_.answers = {{kTags, R"({"models":[]})"}};
  EXPECT_THAT(find(), IsEmpty());
}

TEST_F(FindLocalModelsTest, NamesThatCouldHarmATerminalAreLeftOut) {
  machine_.answers[kTags] =
      R"({"models":[{"name":"\u001b[31mred"},{"name":""},{"name":7},{"name":"fine"},8]})";
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].models, ElementsAre("fine"));
}

const std::vector<LocalModelServer> kLocal{
    {"Ollama", kOllamaAddress, {"llama3.2:3b", "qwen3:latest"}},
    {"llama.cpp", kLlamaCppAddress, {"gpt-oss.gguf"}}};

struct Choice {
  std::map<std::string, std::string> environment;
  std::vector<LocalModelServer> local;
  std::string model;
  std::string base;
  std::string sentence;
};

TEST(ChooseModel, TheEnvironmentCountsThenThisMachineThenTheDemoModel) {
  const std::vector<Choice> choices{
      {{{"OPENAI_API_KEY", "k"}}, kLocal, "", "", "using openai/gpt-4.1 with the key in"},
      {{{"MODEL", "m"}, {"OPENAI_API_BASE", "http://x/v1"}},
       kLocal,
       "m",
       "http://x/v1",
       "using m at http://x/v1"},
      {{},
       kLocal,
       "ollama/llama3.2:3b",
       "http://127.0.0.1:11434",
       "using llama3.2:3b of Ollama at"},
      {{{"MODEL", "qwen3"}},
       kLocal,
       "ollama/qwen3:latest",
       "http://127.0.0.1:11434",
       "qwen3:latest"},
      {{{"MODEL", "ollama/llama3.2:3b"}},
       kLocal,
       "ollama/llama3.2:3b",
       "http://127.0.0.1:11434",
       ""},
      {{{"MODEL", "gpt-oss.gguf"}},
       kLocal,
       "gpt-oss.gguf",
       "http://127.0.0.1:8080/v1",
       "of llama.cpp"},
      {{}, {kLocal[1]}, "gpt-oss.gguf", "http://127.0.0.1:8080/v1", "of llama.cpp"},
      {{},
       {{"Ollama", kOllamaAddress, {"openai/x"}}},
       "ollama/openai/x",
       "http://127.0.0.1:11434",
       "using openai/x of Ollama"},
      {{},
       {{"llama.cpp", kLlamaCppAddress, {"openai/x"}}},
       "openai/openai/x",
       "http://127.0.0.1:8080/v1",
       "using openai/x of llama.cpp"},
      {{}, {{"Ollama", kOllamaAddress, {}}}, "", "", "no model is configured: using scripted/demo"},
      {{}, {}, "", "", "no model is configured: using scripted/demo"},
      {{{"MODEL", "scripted/demo"}, {"OPENAI_API_KEY", "k"}},
       kLocal,
       "scripted/demo",
       "",
       "using the demo model"},
      {{{"OPENAI_API_KEY", "  "}}, {}, "", "", "no model is configured"},
  };
  for (const Choice& choice : choices) {
    const DetectedModel detected = choose_model(choice.environment, choice.local, true);
    EXPECT_EQ(detected.options.model, choice.model) << choice.sentence;
    EXPECT_EQ(setting(detected.options.settings, {"OLLAMA_API_BASE", "OPENAI_API_BASE"}),
              choice.base)
        << choice.sentence;
    EXPECT_THAT(detected.sentence, HasSubstr(choice.sentence));
    EXPECT_TRUE(detected.options.scripted_demo);
  }
}

TEST(ChooseModel, WithoutTheDemoItSaysThatThereIsNone) {
  const DetectedModel detected = choose_model({}, {}, false);
  EXPECT_FALSE(detected.options.scripted_demo);
  EXPECT_THAT(detected.sentence, HasSubstr("checks will end as errors"));
}

TEST(ChooseModel, NamesWhatItCannotUseButNeverAKey) {
  const DetectedModel detected = choose_model({{"OPENROUTER_API_KEY", "hidden-1"},
                                               {"OPENAI_API_KEY", "hidden-2"},
                                               {"XAI_API_KEY", "hidden-3"}},
                                              kLocal, true);
  EXPECT_EQ(setting(detected.options.settings, {"OPENAI_API_KEY"}), "hidden-2");
  EXPECT_THAT(detected.notes,
              Contains("found what openrouter needs; MODEL=openrouter/... would use it"));
  EXPECT_THAT(detected.notes,
              Contains("found XAI_API_KEY, but this version has no adapter for it"));
  EXPECT_THAT(detected.notes, Contains("found: Ollama at http://127.0.0.1:11434 has llama3.2:3b, "
                                       "qwen3:latest"));
  EXPECT_THAT(detected.sentence, Not(HasSubstr("hidden")));
  for (const std::string& note : detected.notes) EXPECT_THAT(note, Not(HasSubstr("hidden")));
}

TEST(ChooseModel, UsesAnyProviderThatHasWhatItNeeds) {
  const std::map<std::string, std::string> environment{{"MODEL", "openrouter/a/b"},
                                                       {"OPENROUTER_API_KEY", "hidden"}};
  EXPECT_TRUE(names_model(environment));
  const DetectedModel detected = choose_model(environment, kLocal, true);
  EXPECT_EQ(detected.options.model, "openrouter/a/b");
  EXPECT_EQ(detected.sentence, "using openrouter/a/b");
  EXPECT_FALSE(names_model({{"MODEL", "openrouter/a/b"}, {"OPENAI_API_KEY", "k"}}));
}

TEST(ChooseModel, AFoundOllamaIsAskedAsTheEnvironmentSays) {
  const DetectedModel detected = choose_model({{"OLLAMA_CONTEXT_LENGTH", "8192"}}, kLocal, false);
  EXPECT_EQ(setting(detected.options.settings, {"OLLAMA_CONTEXT_LENGTH"}), "8192");
  EXPECT_THAT(detected.notes, ElementsAre(HasSubstr("found: llama.cpp at")));
}

TEST(ChooseModel, SaysWhyTheModelThatIsAskedForIsNotUsed) {
  const DetectedModel detected = choose_model({{"MODEL", "opus"}}, kLocal, true);
  EXPECT_THAT(detected.options.model, IsEmpty());
  EXPECT_THAT(detected.notes, Contains(HasSubstr("MODEL is opus, but there is neither")));
}

}  // namespace
}  // namespace holmes
