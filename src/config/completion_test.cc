#include "config/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    OptionTable run;
    run.texts("file", "", texts_, "Read", "FILE");
    run.short_name('f');
    run.choice("output", "", text_, {"table", "json"}, "Format");
    run.integer<int>("parallel", "", number_, 1, 2, "At once");
    run.bare_word("2");
    run.count("verbose", count_, "More");
    OptionTable shell;
    shell.argument("bash|zsh", text_, "Shell");
    OptionTable validate;
    validate.arguments("FILE...", texts_, "Files");
    commands_ = {{{"check", "run"}, "run checks", run.all(), run.arguments()},
                 {{"completion"}, "print", shell.all(), shell.arguments()},
                 {{"validate"}, "validate", validate.all(), validate.arguments()}};
  }

  std::vector<std::string> words(std::vector<std::string> line) {
    completion_ = complete(commands_, std::move(line));
    std::vector<std::string> words;
    for (const Candidate& candidate : completion_.candidates) words.push_back(candidate.word);
    return words;
  }

  std::string text_;
  std::vector<std::string> texts_;
  int number_ = 1;
  size_t count_ = 0;
  std::vector<CompletableCommand> commands_;
  Completion completion_;
};

TEST_F(CompletionTest, CommandsAndTheirParts) {
  EXPECT_THAT(words({}), ElementsAre("check", "completion", "validate"));
  EXPECT_THAT(words({"c"}), ElementsAre("check", "completion"));
  EXPECT_THAT(words({"check", ""}), ElementsAre("run"));
  EXPECT_EQ(completion_.candidates[0], (Candidate{"run", "run checks"}));
  EXPECT_THAT(words({"nothing", ""}), IsEmpty());
}

TEST_F(CompletionTest, FlagsThatCanStillBeGiven) {
  EXPECT_THAT(words({"check", "run", ""}),
              ElementsAre("--file", "--output", "--parallel", "--verbose", "--help"));
  EXPECT_THAT(words({"check", "run", "--output", "json", "--file=a", "-v", "--"}),
              ElementsAre("--file", "--parallel", "--verbose", "--help"));
  EXPECT_THAT(words({"check", "run", "--o"}), ElementsAre("--output"));
  EXPECT_THAT(words({"check", "run", "--parallel", "--o"}), ElementsAre("--output"));
}

TEST_F(CompletionTest, ValuesOfAFlag) {
  EXPECT_THAT(words({"check", "run", "--output", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(words({"check", "run", "--output=j"}), ElementsAre("--output=json"));
  EXPECT_FALSE(completion_.files);
  for (const char* flag : {"-f", "--file"}) {
    EXPECT_THAT(words({"check", "run", flag, "a"}), IsEmpty());
    EXPECT_TRUE(completion_.files);
  }
  EXPECT_THAT(words({"check", "run", "--file=a"}), IsEmpty());
  EXPECT_TRUE(completion_.files);
}

TEST_F(CompletionTest, ArgumentsOfACommand) {
  EXPECT_THAT(words({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(words({"validate", ""}), IsEmpty());
  EXPECT_TRUE(completion_.files);
  EXPECT_THAT(words({"validate", "-"}), ElementsAre("--help"));
}

}  // namespace
}  // namespace holmes
