#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/tools/kubernetes_tools_testing.h"

namespace holmes {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class KubernetesLogsTest : public KubernetesToolsTest {
 public:
  KubernetesLogsTest() {
    answers["/api/v1/namespaces/default/pods/web"] =
        R"({"kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"app"}]}})";
    answers["/api/v1/namespaces/default/pods/two"] =
        R"({"kind":"Pod","metadata":{"name":"two","annotations":{
          "kubectl.kubernetes.io/default-container":"main"}},
          "spec":{"containers":[{"name":"side"},{"name":"main"}],"initContainers":[{"name":"init"}]}})";
  }
  std::string& log(const std::string& pod) {
    return answers["/api/v1/namespaces/default/pods/" + pod + "/log"];
  }
};

TEST_F(KubernetesLogsTest, ShowTheLastLines) {
  log("web") = "one\ntwo password=x\n";
  const ToolResult result = run("kubernetes_logs", R"({"pod":"web"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  EXPECT_EQ(result.text, "[log of container app: 2 lines]\none\ntwo password=[redacted]\n");
  EXPECT_EQ(asked.back(), "/api/v1/namespaces/default/pods/web/log?container=app&tailLines=100");
}

TEST_F(KubernetesLogsTest, AskForWhatWasAskedFor) {
  log("web") = "a\n";
  EXPECT_THAT(run("kubernetes_logs", R"({"pod":"web","previous":true,"tail_lines":5})").text,
              StartsWith("[previous log of container app: 1 lines]\n"));
  EXPECT_THAT(asked.back(), EndsWith("?container=app&previous=true&tailLines=5"));
  run("kubernetes_logs", R"({"pod":"web","tail_lines":999999})");
  EXPECT_THAT(asked.back(), EndsWith("tailLines=1000"));
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","tail_lines":0})").text,
            "error: argument 'tail_lines' must be 1 to 1000");
}

TEST_F(KubernetesLogsTest, SayWhichContainersExist) {
  log("two") = "a\n";
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"two"})").text,
            "[log of container main (of side, main, init): 1 lines]\na\n");
  EXPECT_THAT(run("kubernetes_logs", R"({"pod":"two","container":"side"})").text,
              StartsWith("[log of container side"));
  const ToolResult unknown = run("kubernetes_logs", R"({"pod":"two","container":"x"})");
  EXPECT_EQ(unknown.outcome, ToolOutcome::kAnswered);
  EXPECT_EQ(unknown.text,
            "error: not found (404): the pod has no container 'x'; it has: side, main, init");
}

TEST_F(KubernetesLogsTest, FilterInLinearTime) {
  log("web") = "ok 1\nERROR a\nok 2\nerror b token=x\n" + std::string(30'000, 'a') + "\n";
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","filter":"(?i)error"})").text,
            "[log of container app: 2 lines that match, of the last 5000 read]\n"
            "ERROR a\nerror b token=[redacted]\n");
  EXPECT_THAT(asked.back(), EndsWith("tailLines=5000"));
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","filter":"(a+)+b$"})").text,
            "[log of container app: no lines that match, of the last 5000 read]");
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","filter":"token=x"})").text,
            "[log of container app: no lines that match, of the last 5000 read]");
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","filter":"("})").outcome,
            ToolOutcome::kBadArguments);
}

TEST_F(KubernetesLogsTest, CutTheOldEndAtALine) {
  std::string& text = log("web");
  for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + std::string(90, '.') + "\n";
  const ToolResult result = run("kubernetes_logs", R"({"pod":"web","tail_lines":1000})");
  EXPECT_LE(result.text.size(), KubernetesToolOptions().output_bytes_max);
  EXPECT_THAT(result.text, EndsWith("line 999" + std::string(90, '.') + "\n"));
  EXPECT_THAT(result.text.substr(0, 200), HasSubstr("older ones are left out, narrow with filter"));
  EXPECT_THAT(result.text, Not(HasSubstr("line 0.")));
}

TEST_F(KubernetesLogsTest, WithoutALogSayWhy) {
  errors.emplace("/log",
                 Error(ErrorCode::kInvalid, "container is waiting to start: ImagePullBackOff\n"));
  const ToolResult waiting = run("kubernetes_logs", R"({"pod":"web"})");
  EXPECT_EQ(waiting.outcome, ToolOutcome::kAnswered);
  EXPECT_EQ(waiting.text,
            "[no log of container app: container is waiting to start: ImagePullBackOff]");
  errors.clear();
  log("web") = "";
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web"})").text, "[log of container app: empty]");
  EXPECT_THAT(run("kubernetes_logs", R"({"pod":"gone"})").text,
              StartsWith("error: not found (404)"));
}

TEST_F(KubernetesLogsTest, ReadFewerLinesWhenTheyAreTooLong) {
  errors.emplace("/log", Error(ErrorCode::kTooLarge, "too large"));
  const ToolResult result = run("kubernetes_logs", R"({"pod":"web","tail_lines":1000})");
  EXPECT_EQ(result.outcome, ToolOutcome::kFailed);
  EXPECT_EQ(result.text, "error: even the last 10 lines of the log are too large");
  EXPECT_EQ(asked.size(), 4U);  // the pod; 1000, 100 and 10 lines
}

// More would keep everything else waiting while it is redacted and searched.
TEST_F(KubernetesLogsTest, LookOnlyAtTheNewestMebibyte) {
  constexpr size_t kMebibyte = size_t{1} << 20U;
  log("web") = "needle old\n";
  for (int i = 0; i < 2000; ++i) log("web") += std::string(999, '.') + "\n";
  log("web") += "needle new\n";
  EXPECT_EQ(run("kubernetes_logs", R"({"pod":"web","filter":"needle"})").text,
            "[log of container app: 1 lines that match, of the last 1049 read; only the last 1049 "
            "were read, as they are long]\nneedle new\n");
  EXPECT_EQ(asked.size(), 2U);  // the pod, its log
  // One line that is longer: its beginning.
  log("web") = "old\nneedle" + std::string(2 * kMebibyte, '.') + "\n";
  const ToolResult one = run("kubernetes_logs", R"({"pod":"web"})");
  EXPECT_THAT(one.text, HasSubstr("only the last 1 were read, as they are long]\nneedle..."));
  EXPECT_LE(one.text.size(), KubernetesToolOptions().output_bytes_max);
}

}  // namespace
}  // namespace holmes
