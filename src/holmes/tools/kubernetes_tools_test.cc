#include "holmes/tools/kubernetes_tools.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holmes/tools/kubernetes_tools_testing.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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
  // What is absent is followed by what there is.
  EXPECT_THAT(asked, ElementsAre("/api/v1/namespaces/default/pods/a",
                                 "/api/v1/namespaces/default/pods?limit=200", "/api/v1/nodes/a",
                                 "/api/v1/nodes?limit=200"));
}

TEST_F(KubernetesToolsTest, NamespaceIsTheChecksOwnUnlessGiven) {
  run("kubernetes_get", R"({"kind":"Pod","name":"a","namespace":null})", {"shop"});
  run("kubernetes_list", R"({"kind":"Pod"})", {"shop"});
  run("kubernetes_describe", R"({"kind":"Pod","name":"a"})", {"shop"});
  run("kubernetes_logs", R"({"pod":"a"})", {"shop"});
  run("kubernetes_get", R"({"kind":"Pod","name":"a","namespace":"other"})", {"shop"});
  EXPECT_THAT(
      asked,
      ElementsAre("/api/v1/namespaces/shop/pods/a", "/api/v1/namespaces/shop/pods?limit=200",
                  "/api/v1/namespaces/shop/pods?limit=200", "/api/v1/namespaces/shop/pods/a",
                  "/api/v1/namespaces/shop/pods?limit=200",
                  "/apis/apps/v1/namespaces/shop/deployments/a", "/api/v1/namespaces/shop/pods/a",
                  "/api/v1/namespaces/shop/pods?limit=200", "/api/v1/namespaces/other/pods/a",
                  "/api/v1/namespaces/other/pods?limit=200"));
  EXPECT_EQ(run("kubernetes_get", R"({"kind":"Pod","name":"a"})", {"a/b"}).outcome,
            ToolOutcome::kBadArguments);
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

TEST_F(KubernetesToolsTest, UnknownKindIsTheModelsMistakeAndNoEvidence) {
  for (const std::string_view tool : {"kubernetes_get", "kubernetes_describe", "kubernetes_list"}) {
    const std::string name = tool == "kubernetes_list" ? "" : R"(,"name":"a")";
    const ToolResult result = run(tool, R"({"kind":"Deploymint")" + name + "}");
    EXPECT_EQ(result.outcome, ToolOutcome::kBadArguments);
    EXPECT_THAT(result.text, StartsWith("error: not found (404): the cluster "));
    EXPECT_THAT(result.text, HasSubstr("'Deploymint'"));
  }
  // A kind whose definition went away: the list itself is what does not exist.
  EXPECT_EQ(run("kubernetes_list", R"({"kind":"Node"})").outcome, ToolOutcome::kBadArguments);
}

TEST_F(KubernetesToolsTest, CredentialsAreRedactedBeforeTheyAreCut) {
  const std::string secret = " ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  answers["/api/v1/namespaces/default/events"] = R"({"items":[]})";
  // The limits of annotations, of texts in a large object, and of any text.
  for (const size_t limit : {200U, 500U, 2000U}) {
    const std::string text = std::string(limit - 15, 'x') + secret + std::string(2000, 'y');
    json::object spec{{"text", text}};
    for (int i = 0; limit == 500 && i < 39; ++i) {
      spec["filler" + std::to_string(i)] = std::string(2000, 'z');
    }
    answers["/api/v1/namespaces/default/pods/a"] =
        to_text(json::object{{"kind", "Pod"},
                             {"metadata", {{"name", "a"}, {"annotations", {{"note", text}}}}},
                             {"spec", spec}});
    for (const std::string_view tool : {"kubernetes_get", "kubernetes_describe"}) {
      const ToolResult result = run(tool, R"({"kind":"Pod","name":"a"})");
      EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
      EXPECT_THAT(result.text, Not(HasSubstr("ghp_"))) << limit;
    }
  }
  errors.emplace("/pods/b", Error(ErrorCode::kUnavailable, std::string(985, 'x') + secret));
  EXPECT_THAT(run("kubernetes_get", R"({"kind":"Pod","name":"b"})").text, Not(HasSubstr("ghp_")));
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
  EXPECT_EQ(result.text,
            "error: there is no argument 'pod'; the arguments are: kind, name, namespace");
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
  EXPECT_EQ(run("kubernetes_list", R"({"kind":"Pod","namespace":"*"})").text,
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
       "no pods found in namespace shop"},
      {R"({"kind":"Pod","namespace":"*"})", "no pods found in any namespace"},
      {R"({"kind":"Node"})", "no nodes found"},
  };
  for (const auto& [arguments, text] : cases) {
    const ToolResult result = run("kubernetes_list", arguments);
    EXPECT_EQ(result.outcome, ToolOutcome::kAnswered);
    EXPECT_EQ(result.text, text);
  }
}

TEST_F(KubernetesToolsTest, AFilterThatFindsNothingDoesNotHideWhatThereIs) {
  const std::string path = "/api/v1/namespaces/shop/pods";
  answers[path] = R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[]})";
  answers[path + "?"] = R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],
    "rows":[{"cells":["web"]}]})";
  EXPECT_EQ(
      run("kubernetes_list", R"({"kind":"Pod","namespace":"shop","label_selector":"a=b"})").text,
      "[no pods found in namespace shop with labels a=b; without it there are:]\nNAME\nweb\n");
  errors.emplace("a%3Db", Error(ErrorCode::kInvalid, "no such field"));
  const ToolResult refused =
      run("kubernetes_list", R"({"kind":"Pod","namespace":"shop","field_selector":"a=b"})");
  EXPECT_EQ(refused.outcome, ToolOutcome::kAnswered);
  EXPECT_EQ(refused.text,
            "[the filter is refused: no such field; without it there are:]\nNAME\nweb\n");
}

TEST_F(KubernetesToolsTest, NodesAreListedWithTheirConditions) {
  answers["/api/v1/nodes"] = R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],
    "rows":[{"cells":["n1"],"object":{"kind":"Node","status":{"conditions":[
      {"type":"DiskPressure","status":"True"},{"type":"Ready","status":"True"}]}}},
      {"cells":["n2"],"object":{"kind":"Node","status":{"conditions":[
      {"type":"DiskPressure","status":"False"},{"type":"Ready","status":"True"}]}}}]})";
  EXPECT_EQ(run("kubernetes_list", R"({"kind":"Node"})").text,
            "[2 rows; conditions: n1 DiskPressure=True]\n"
            "NAME  CONDITIONS\nn1    DiskPressure=True\nn2    DiskPressure=False\n");
  EXPECT_THAT(asked, ElementsAre("/api/v1/nodes?limit=100&includeObject=Object"));
}

TEST_F(KubernetesToolsTest, NotFoundTellsWhatThereIs) {
  const auto found = [&] {
    return run("kubernetes_get", R"({"kind":"Pod","name":"web","namespace":"shop"})");
  };
  answers["/api/v1/namespaces/shop/pods"] = R"({"kind":"Table","metadata":{"continue":"x"},
    "columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["web-1"]},{"cells":["web-2"]}]})";
  EXPECT_EQ(found().outcome, ToolOutcome::kAnswered);
  EXPECT_THAT(found().text,
              EndsWith("not found; there are:\n[2 rows]\nNAME\nweb-1\nweb-2\n[and more]"));
  answers["/api/v1/namespaces/shop/pods"] =
      R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[]})";
  EXPECT_THAT(found().text, EndsWith("not found; there are none"));
  answers["/api/v1/namespaces/shop/pods"] =
      R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],
    "rows":[{"cells":["db-1"],"object":{"metadata":{"name":"db-1"}}},
            {"cells":["web-7"],"object":{"metadata":{"name":"web-7"}}}]})";
  EXPECT_THAT(found().text, EndsWith("not found; named like it are:\nNAME\nweb-7\n"));
}

TEST_F(KubernetesToolsTest, DescribeTakesTheNameOfAWorkloadForThatOfItsPods) {
  answers[std::string(kFrontendPath)] = kFrontend;
  const ToolResult result =
      run("kubernetes_describe", R"({"kind":"Pod","name":"frontend","namespace":"shop"})");
  EXPECT_EQ(json_string(parse_json_object(result.text).value(), {"object", "kind"}), "Deployment");
  EXPECT_THAT(
      run("kubernetes_describe", R"({"kind":"Pod","name":"absent","namespace":"shop"})").text,
      HasSubstr("error: not found (404)"));
}

TEST_F(KubernetesToolsTest, DescribeOfEveryNameIsAList) {
  answers["/api/v1/nodes"] =
      R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[{"cells":["n1"]}]})";
  EXPECT_THAT(run("kubernetes_describe", R"({"kind":"Node","name":"*"})").text, HasSubstr("n1"));
}

TEST_F(KubernetesToolsTest, NullArgumentsAskForNothing) {
  answers["/api/v1/namespaces/shop/pods"] =
      R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[]})";
  EXPECT_EQ(
      run("kubernetes_list", R"({"kind":"Pod","namespace":"shop","api_version":null})").outcome,
      ToolOutcome::kAnswered);
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

TEST_F(KubernetesToolsTest, DescribeSaysWhatItLeavesOut) {
  answers[std::string(kFrontendPath)] = kFrontend;
  std::string events;
  for (int i = 10; i < 35; ++i) {
    events += (events.empty() ? "" : ",") + (R"({"lastTimestamp":")" + std::to_string(i)) + "\"}";
  }
  const std::string pod = R"({"metadata":{"name":"frontend-1"}})";
  const auto describe = [&](const std::string& metadata) {
    answers["/api/v1/namespaces/shop/events"] =
        R"({"metadata":)" + metadata + R"(,"items":[)" + events + "]}";
    answers["/api/v1/namespaces/shop/pods"] =
        R"({"metadata":)" + metadata + R"(,"items":[)" + pod + "]}";
    return parse_json_object(run("kubernetes_describe",
                                 R"({"kind":"Deployment","name":"frontend","namespace":"shop"})")
                                 .text)
        .value();
  };
  // With a selector the server does not count what is left.
  const json::object paged = describe(R"({"continue":"x"})");
  EXPECT_EQ(json_bool(paged, {"podsMoreExist"}), true);
  EXPECT_EQ(json_bool(paged, {"eventsMoreExist"}), true);
  EXPECT_EQ(json_int(paged, {"eventsLeftOut"}), 5);
  EXPECT_FALSE(paged.contains("podsLeftOut"));
  const json::object counted = describe(R"({"continue":"x","remainingItemCount":7})");
  EXPECT_EQ(json_int(counted, {"podsLeftOut"}), 7);
  EXPECT_EQ(json_int(counted, {"eventsLeftOut"}), 12);
  EXPECT_FALSE(counted.contains("podsMoreExist"));
  const json::object whole = describe("{}");
  EXPECT_FALSE(whole.contains("podsMoreExist") || whole.contains("podsLeftOut"));
  EXPECT_FALSE(whole.contains("eventsMoreExist"));
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

TEST(KubernetesTools, EndWithTheStopOrAfterTheirOwnLimit) {
  VirtualLoop loop;
  SilentTransport transport(loop);
  const ToolTable table(kubernetes_tools(loop, transport));
  for (const auto& [deadline, expected] :
       {std::pair{seconds(3), seconds(3)}, {seconds(300), seconds(20)}}) {
    const MonoTime began = loop.mono_now();
    const StopSource source({}, loop, began + deadline);
    const ToolResult result = loop.run(
        table.find("kubernetes_get")->run({{"kind", "Pod"}, {"name", "a"}}, {}, source.stop()));
    EXPECT_EQ(result.outcome, ToolOutcome::kTimeout);
    EXPECT_THAT(result.text, StartsWith("error: timeout: "));
    EXPECT_EQ(loop.mono_now() - began, expected);
  }
}

}  // namespace
}  // namespace holmes
