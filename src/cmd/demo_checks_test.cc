// All parts of `holmes local --demo` that answer its checks, joined: the sample cluster, the store,
// the real tools and the demo model.
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "demo/demo_cluster.h"
#include "holmes/checks/check_runner.h"
#include "holmes/llm/scripted_demo.h"
#include "holmes/tools/kubernetes_tools.h"
#include "kube/store/journal.h"
#include "kube/store/store_transport.h"
#include "manifest/validate.h"
#include "yaml/yaml_tree.h"

namespace holmes {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

ModelTable demo_model(Loop& loop) {
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(std::make_unique<ScriptedDemo>(loop));
  return ModelTable(std::move(models));
}

class DemoChecksTest : public testing::Test {
 protected:
  DemoChecksTest() {
    EXPECT_TRUE(loop_.run(cluster_.fill({})));
    scope_.spawn(cluster_.run(scope_.stop()));
    loop_.run_until_idle();
  }
  ~DemoChecksTest() override {
    loop_.run(scope_.close());
    loop_.run(store_.close());
  }

  CheckResponse ask(std::string question) {
    return loop_.run(runner_.run({std::move(question), "default/check", ""}, {}));
  }

  VirtualLoop loop_;
  SeededRandom random_{1};
  kube::NoJournal journal_;
  kube::ObjectStore store_{loop_, journal_};
  kube::ApiServer server_{loop_, random_, store_, {.pod_log = demo_pod_log(store_)}};
  kube::StoreTransport transport_{server_};
  DemoCluster cluster_{loop_, store_, server_};
  MetricsRegistry metrics_;
  ModelTable models_ = demo_model(loop_);
  ToolTable tools_{kubernetes_tools(loop_, transport_)};
  CheckRunner runner_{loop_, models_, tools_, metrics_, Logger()};
  TaskScope scope_{loop_};
};

// The queries of examples/demo.yaml, by the name of their object.
std::map<std::string, std::string> queries() {
  Report report;
  std::map<std::string, std::string> queries;
  for (const YamlNode& document : parse_yaml(demo_manifests(), report)) {
    const json::value object = to_json(document);
    queries[json_string_or(object, {"metadata", "name"})] =
        json_string_or(object, {"spec", "query"});
  }
  return queries;
}

TEST_F(DemoChecksTest, EveryExampleEndsAsItsCommentSays) {
  const std::map<std::string, CheckStatus> expected{
      {"frontend-healthy", CheckStatus::kPass}, {"nodes-ready", CheckStatus::kPass},
      {"payments-healthy", CheckStatus::kFail}, {"reports-available", CheckStatus::kFail},
      {"export-succeeded", CheckStatus::kFail}, {"latency-fine", CheckStatus::kError},
      {"search-ready", CheckStatus::kFail},     {"shop-pods", CheckStatus::kFail},
  };
  std::map<std::string, CheckStatus> seen;
  for (const auto& [name, query] : queries()) {
    const CheckResponse answer = ask(query);
    seen[name] = answer.status;
    EXPECT_EQ(answer.model_used, "scripted/demo");
    EXPECT_FALSE(answer.message.empty());
    RecordProperty(name, answer.message);
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(DemoChecksTest, SearchFlipsWhenItHeals) {
  const std::string query = queries().at("search-ready");
  EXPECT_THAT(ask(query).message, HasSubstr("Check failed. Deployment 'search' has 1 of 2"));
  loop_.advance(seconds(70));
  EXPECT_THAT(ask(query).message, HasSubstr("Check passed. Deployment 'search' has 2 of 2"));
}

TEST_F(DemoChecksTest, RationalesQuoteWhatWasSeen) {
  const auto all = queries();
  EXPECT_THAT(ask(all.at("payments-healthy")).rationale,
              AllOf(HasSubstr("readyReplicas 0, replicas 1"), HasSubstr("CrashLoopBackOff with "),
                    HasSubstr("cannot connect to database payments-db:5432")));
  EXPECT_THAT(ask(all.at("reports-available")).rationale,
              AllOf(HasSubstr("is Pending"), HasSubstr("FailedScheduling: 0/1 nodes are available: "
                                                       "1 Insufficient memory")));
  EXPECT_THAT(ask(all.at("export-succeeded")).rationale,
              AllOf(HasSubstr("Failed True"), HasSubstr("no space left on device")));
  EXPECT_THAT(ask(all.at("shop-pods")).rationale,
              AllOf(HasSubstr("of 6 pods are not healthy"), HasSubstr("CrashLoopBackOff")));
  EXPECT_THAT(ask(all.at("latency-fine")).error,
              AllOf(HasSubstr("demo model that only knows"), HasSubstr("OPENAI_API_KEY")));
}

TEST_F(DemoChecksTest, OtherQuestionsOfTheKindsItKnowsAreAnsweredToo) {
  const std::map<std::string, CheckStatus> questions{
      {"Are all deployments in namespace shop healthy?", CheckStatus::kFail},
      {"Is deployment 'nothing' in namespace shop healthy?", CheckStatus::kFail},
      {"Are all pods in the cluster healthy?", CheckStatus::kFail},
      {"Has any pod in namespace 'shop' restarted more than 2 times?", CheckStatus::kFail},
      {"Has any pod in namespace 'shop' restarted more than 200 times?", CheckStatus::kPass},
      {"Are there warning events in namespace shop?", CheckStatus::kFail},
      {"Are there warning events in namespace default?", CheckStatus::kPass},
      {"Does ConfigMap 'payments-config' exist in namespace shop?", CheckStatus::kPass},
      {"Does service 'payments-db' exist in namespace shop?", CheckStatus::kFail},
      {"Are all jobs in namespace analytics fine?", CheckStatus::kFail},
      {"Is node 'demo-node' ready?", CheckStatus::kPass},
      {"Are deployments 'frontend' and 'payments' in namespace 'shop' healthy?",
       CheckStatus::kFail},
      {"Are all replicasets in namespace shop ready?", CheckStatus::kFail},
  };
  for (const auto& [question, status] : questions) {
    const CheckResponse answer = ask(question);
    EXPECT_EQ(answer.status, status) << question << ": " << answer.message;
  }
}

}  // namespace
}  // namespace holmes
