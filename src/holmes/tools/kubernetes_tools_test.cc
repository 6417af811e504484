#include "holmes/tools/kubernetes_tools.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"
#include "holmes/tools/kubernetes_tool.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kCoreKinds =
    R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
  {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]},
  {"name":"events","namespaced":true,"kind":"Event","verbs":["get","list"]},
  {"name":"nodes","namespaced":false,"kind":"Node","verbs":["get","list"]},
  {"name":"secrets","namespaced":true,"kind":"Secret","verbs":["get","list"],"shortNames":["sec"]}]})";
constexpr std::string_view kAppsKinds =
    R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
  {"name":"deployments","singularName":"deployment","namespaced":true,"kind":"Deployment","verbs":["get","list"],"shortNames":["deploy"]}]})";

// A small cluster: target -> body. Anything else is 404.
class KubernetesToolsTest : public testing::Test {
 public:
  KubernetesToolsTest() {
    answers["/api"] = R"({"kind":"APIVersions","versions":["v1"]})";
    answers["/apis"] = R"({"kind":"APIGroupList","groups":[{"name":"apps",
      "versions":[{"groupVersion":"apps/v1"}],"preferredVersion":{"groupVersion":"apps/v1"}}]})";
    answers["/api/v1"] = kCoreKinds;
    answers["/apis/apps/v1"] = kAppsKinds;
  }

  Result<kube::Response> reply(const kube::Request& request) {
    if (!request.path.starts_with("/api/v1/") && !request.path.starts_with("/apis/apps/v1/")) {
      return kube::Response{200, answers[request.path]};
    }
    asked.push_back(request.target());
    accepted.push_back(request.accept);
    for (const auto& [path, error] : errors) {
      if (request.path.ends_with(path)) return fail(error);
    }
    const auto found = answers.find(request.path);
    if (found == answers.end())
      return fail(ErrorCode::kNotFound, "\"" + request.path + "\" not found");
    return kube::Response{200, found->second};
  }

  ToolResult run(std::string_view tool, std::string_view arguments, Stop stop = {}) {
    return loop.run(table.find(tool)->run(parse_json_object(arguments).value(), std::move(stop)));
  }

  VirtualLoop loop;
  std::map<std::string, std::string> answers;  // by path
  std::map<std::string, Error> errors;         // by the path's end
  std::vector<std::string> asked;              // targets, without discovery
  std::vector<std::string> accepted;
  kube::FakeTransport transport{[this](const kube::Request& request) { return reply(request); }};
  ToolTable table{kubernetes_tools(loop, transport)};
};

constexpr std::string_view kFrontend = R"({"apiVersion":"apps/v1","kind":"Deployment",
  "metadata":{"name":"frontend","namespace":"shop","uid":"u1","managedFields":[]},
  "spec":{"replicas":3,"selector":{"matchLabels":{"app":"frontend"},"matchExpressions":[
    {"key":"tier","operator":"In","values":["a","b"]},{"key":"canary","operator":"DoesNotExist"}]}},
  "status":{"readyReplicas":2}})";
constexpr std::string_view kFrontendPath = "/apis/apps/v1/namespaces/shop/deployments/frontend";

TEST_F(KubernetesToolsTest, AreFourSortedByNameWithStrictSchemas) {
  std::vector<std::string> names;
  for (const auto& tool : table.all()) {
    names.push_back(tool->info().name);
    const json::object& schema = tool->info().parameters;
    EXPECT_EQ(json_bool(schema, {"additionalProperties"}), false);
    EXPECT_EQ(json_array(schema, {"required"})->size(),
              json_object(schema, {"properties"})->size());
    EXPECT_THAT(tool->info().description, HasSubstr("[redacted]"));
  }
  EXPECT_THAT(names, ElementsAre("kubernetes_describe", "kubernetes_get", "kubernetes_list",
                                 "kubernetes_logs"));
  EXPECT_EQ(table.find("kubernetes_delete"), nullptr);
}

TEST_F(KubernetesToolsTest, GetProjectsOneObject) {
  answers[std::string(kFrontendPath)] = kFrontend;
  for (const std::string_view kind : {"Deployment", "deployments", "deploy", "DEPLOYMENT"}) {
    const ToolResult result = run(
        "kubernetes_get", R"({"namespace":"shop","name":"frontend","api_version":null,"kind":")" +
                              std::string(kind) + "\"}");
    EXPECT_EQ(result.outcome, ToolOutcome::kAnswered) << result.text;
    const json::object object = parse_json_object(result.text).value();
    EXPECT_EQ(json_int(object, {"spec", "replicas"}), 3);
    EXPECT_EQ(json_int(object, {"status", "readyReplicas"}), 2);
    EXPECT_THAT(result.text, Not(HasSubstr("managedFields")));
  }
}

TEST_F(KubernetesToolsTest, NamespaceIsDefaultUnlessGiven) {
  run("kubernetes_get", R"({"kind":"Pod","name":"a"})");
  run("kubernetes_get", R"({"kind":"Node","name":"a","namespace":"ignored"})");
  EXPECT_THAT(asked, ElementsAre("/api/v1/namespaces/default/pods/a", "/api/v1/nodes/a"));
}

TEST_F(KubernetesToolsTest, ErrorsSayWhatTheyAreWorth) {
  struct Case {
    Error error;
    ToolOutcome outcome;
    std::string_view text;
  };
  const Case cases[] = {
      {{ErrorCode::kNotFound, "pods \"a\" not found"},
       ToolOutcome::kAnswered,
       "error: not found (404): pods \"a\" not found"},
      {{ErrorCode::kForbidden, "no rights"},
       ToolOutcome::kDenied,
       "error: forbidden (403): no rights"},
      {{ErrorCode::kUnauthenticated, "who?"},
       ToolOutcome::kDenied,
       "error: unauthorized (401): who?"},
      {{ErrorCode::kUnavailable, "broken"}, ToolOutcome::kFailed, "error: broken"},
      {{ErrorCode::kRefused, "no connection"}, ToolOutcome::kFailed, "error: no connection"},
      {{ErrorCode::kTimeout, "late"}, ToolOutcome::kTimeout, "error: timeout: late"},
      {{ErrorCode::kInvalid, "bad selector"}, ToolOutcome::kBadArguments, "error: bad selector"},
      {{ErrorCode::kUnavailable, "password=x"}, ToolOutcome::kFailed, "error: password=[redacted]"},
  };
  for (const Case& c : cases) {
    errors.clear();
    errors.emplace("/pods/a", c.error);
    const ToolResult result = run("kubernetes_get", R"({"kind":"Pod","name":"a"})");
    EXPECT_EQ(result.outcome, c.outcome) << c.text;
    EXPECT_EQ(result.text, c.text);
  }
}

TEST_F(KubernetesToolsTest, UnknownKindIsAnAnswerOfTheCluster) {
  const ToolResult result = run("kubernetes_get", R"({"kind":"Deploymint","name":"a"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  EXPECT_THAT(result.text, StartsWith("error: not found (404): "));
  EXPECT_THAT(result.text, HasSubstr("Deploymint"));
}

TEST_F(KubernetesToolsTest, SecretsAreRefusedBeforeAnythingIsSent) {
  for (const std::string_view kind :
       {"Secret", "secret", "secrets", "SECRETS", " Secrets ", "v1/Secret", "secrets.v1",
        "secret/db", "core/v1/secrets", "Secret.v1."}) {
    for (const std::string_view tool :
         {"kubernetes_get", "kubernetes_describe", "kubernetes_list"}) {
      const std::string name = tool == "kubernetes_list" ? "" : R"(,"name":"db")";
      const ToolResult result =
          run(tool, R"({"kind":")" + std::string(kind) + R"(","namespace":"a")" + name + "}");
      EXPECT_EQ(result.outcome, ToolOutcome::kDenied) << kind;
      EXPECT_THAT(result.text, StartsWith("error: forbidden (403): Secrets are never read"));
    }
  }
  EXPECT_TRUE(transport.requests.empty());
  // A short name is only known to the cluster.
  EXPECT_EQ(run("kubernetes_list", R"({"kind":"sec"})").outcome, ToolOutcome::kDenied);
  EXPECT_TRUE(asked.empty());
}

TEST_F(KubernetesToolsTest, NamesCannotChangeThePath) {
  for (const std::string_view name :
       {"../secrets/db", "a/log", "a%2f..", "a?x=1", "a b", "..", "."}) {
    const ToolResult result =
        run("kubernetes_get", R"({"kind":"Pod","name":")" + std::string(name) + "\"}");
    EXPECT_NE(result.outcome, ToolOutcome::kAnswered) << name;
    EXPECT_EQ(run("kubernetes_logs", R"({"pod":")" + std::string(name) + "\"}").outcome,
              ToolOutcome::kBadArguments);
    EXPECT_EQ(run("kubernetes_list", R"({"kind":"Pod","namespace":")" + std::string(name) + "\"}")
                  .outcome,
              ToolOutcome::kBadArguments);
  }
  EXPECT_TRUE(asked.empty());
}

TEST_F(KubernetesToolsTest, WrongArgumentsAreTheModelsMistake) {
  const ToolResult result = run("kubernetes_get", R"({"kind":"Pod","pod":"a"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kBadArguments);
  EXPECT_EQ(
      result.text,
      "error: there is no argument 'pod'; the arguments are: kind, name, namespace, api_version");
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(KubernetesToolsTest, ListRendersTheServersTable) {
  answers["/api/v1/namespaces/shop/pods"] = R"({"kind":"Table","metadata":{"remainingItemCount":7},
    "columnDefinitions":[{"name":"Name","priority":0},{"name":"Status","priority":0}],
    "rows":[{"cells":["web","Running"]}]})";
  const ToolResult result = run(
      "kubernetes_list",
      R"({"kind":"po","namespace":"shop","label_selector":"app=web","field_selector":"status.phase=Running"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  EXPECT_EQ(result.text,
            "NAME  STATUS\nweb   Running\n[7 more; narrow with label_selector or namespace]\n");
  EXPECT_THAT(asked,
              ElementsAre("/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&fieldSelector="
                          "status.phase%3DRunning&limit=200"));
  EXPECT_THAT(accepted[0], HasSubstr("as=Table"));
}

TEST_F(KubernetesToolsTest, ListOfAllNamespacesShowsThem) {
  answers["/api/v1/pods"] = R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],
    "rows":[{"cells":["web"],"object":{"metadata":{"namespace":"shop"}}}]})";
  EXPECT_EQ(run("kubernetes_list", R"({"kind":"Pod","all_namespaces":true})").text,
            "NAMESPACE  NAME\nshop       web\n");
}

TEST_F(KubernetesToolsTest, EmptyListIsAnAnswer) {
  const std::string empty = R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[]})";
  answers["/api/v1/namespaces/shop/pods"] = empty;
  answers["/api/v1/pods"] = empty;
  answers["/api/v1/nodes"] = empty;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"kind":"Pod","namespace":"shop"})", "no pods found in namespace shop"},
      {R"({"kind":"Pod","namespace":"shop","label_selector":"a=b"})",
       "no pods found in namespace shop with labels a=b"},
      {R"({"kind":"Pod","all_namespaces":true})", "no pods found in any namespace"},
      {R"({"kind":"Node"})", "no nodes found"},
  };
  for (const auto& [arguments, text] : cases) {
    const ToolResult result = run("kubernetes_list", arguments);
    EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
    EXPECT_EQ(result.text, text);
  }
}

TEST_F(KubernetesToolsTest, DescribeAddsEventsAndPods) {
  answers[std::string(kFrontendPath)] = kFrontend;
  answers["/api/v1/namespaces/shop/events"] =
      R"({"items":[{"type":"Warning","reason":"FailedCreate","count":2,"lastTimestamp":"t","message":"m"}]})";
  answers["/api/v1/namespaces/shop/pods"] =
      R"({"items":[{"metadata":{"name":"frontend-1"},"status":{"phase":"Pending"}}]})";
  const ToolResult result =
      run("kubernetes_describe", R"({"kind":"Deployment","name":"frontend","namespace":"shop"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  const json::object answer = parse_json_object(result.text).value();
  EXPECT_EQ(json_string(answer, {"object", "metadata", "name"}), "frontend");
  EXPECT_THAT(result.text,
              HasSubstr(R"("events":[{"type":"Warning","reason":"FailedCreate","count":2,)"
                        R"("lastSeen":"t","message":"m"}])"));
  EXPECT_THAT(result.text,
              EndsWith(R"("pods":[{"name":"frontend-1","phase":"Pending","ready":"0/0",)"
                       R"("restarts":0}]})"));
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_THAT(asked[1],
              HasSubstr("involvedObject.name%3Dfrontend%2CinvolvedObject.kind%3DDeployment"
                        "%2CinvolvedObject.uid%3Du1"));
  EXPECT_THAT(asked[2],
              HasSubstr("labelSelector=app%3Dfrontend%2Ctier%20in%20%28a%2Cb%29%2C%21canary&"));
}

TEST_F(KubernetesToolsTest, DescribeSaysWhatItCouldNotRead) {
  answers[std::string(kFrontendPath)] = kFrontend;
  errors.emplace("/events", Error(ErrorCode::kForbidden, "no"));
  errors.emplace("/pods", Error(ErrorCode::kUnavailable, "down"));
  const ToolResult result =
      run("kubernetes_describe", R"({"kind":"Deployment","name":"frontend","namespace":"shop"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  EXPECT_THAT(result.text,
              EndsWith(R"("events":"error: forbidden (403): no","pods":"error: down"})"));
}

TEST_F(KubernetesToolsTest, DescribeOfAMissingObjectIsNotFound) {
  const ToolResult result = run("kubernetes_describe", R"({"kind":"Pod","name":"a"})");
  EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
  EXPECT_THAT(result.text, StartsWith("error: not found (404)"));
}

TEST_F(KubernetesToolsTest, AnswersAreLimitedAndStillJson) {
  json::object labels;
  for (int i = 0; i < 2000; ++i) labels["label" + std::to_string(i)] = std::string(60, 'x');
  answers["/api/v1/namespaces/default/pods/a"] =
      to_text(json::object{{"kind", "Pod"}, {"metadata", {{"name", "a"}}}, {"spec", labels}});
  const ToolResult result = run("kubernetes_get", R"({"kind":"Pod","name":"a"})");
  EXPECT_LE(result.text.size(), KubernetesToolOptions().output_bytes_max);
  EXPECT_TRUE(parse_json_object(result.text));
}

TEST_F(KubernetesToolsTest, UnreadableAnswersAreAFailure) {
  answers["/api/v1/namespaces/default/pods/a"] = "<html>";
  EXPECT_EQ(run("kubernetes_get", R"({"kind":"Pod","name":"a"})").outcome, ToolOutcome::kFailed);
}

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

// A cluster that never answers.
class SilentTransport final : public kube::Transport {
 public:
  explicit SilentTransport(Loop& loop) : never_(loop) {}
  Task<Result<kube::Response>> send(kube::Request, Stop stop) override {
    HOLMES_CO_CHECK(co_await never_.wait(std::move(stop)));
    co_return fail(ErrorCode::kInternal, "impossible");
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

 private:
  Event never_;
};

TEST(KubernetesTools, EndWithTheStopOrAfterTheirOwnLimit) {
  VirtualLoop loop;
  SilentTransport transport(loop);
  const ToolTable table(kubernetes_tools(loop, transport));
  for (const auto& [deadline, expected] :
       {std::pair{seconds(3), seconds(3)}, {seconds(300), seconds(20)}}) {
    const MonoTime began = loop.mono_now();
    const StopSource source({}, loop, began + deadline);
    const ToolResult result = loop.run(
        table.find("kubernetes_get")->run({{"kind", "Pod"}, {"name", "a"}}, source.stop()));
    EXPECT_EQ(result.outcome, ToolOutcome::kTimeout);
    EXPECT_THAT(result.text, StartsWith("error: timeout: "));
    EXPECT_EQ(loop.mono_now() - began, expected);
  }
}

}  // namespace
}  // namespace holmes
