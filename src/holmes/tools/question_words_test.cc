#include "holmes/tools/question_words.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(QuestionWords, KnowsKindsByTheNamesThatPeopleGiveThem) {
  struct Row {
    std::string_view question;
    std::vector<std::string> kinds;
  };
  const Row rows[] = {
      {"Are all pods running?", {"Pod"}},
      {"Are all pods of Deployment 'web' ready?", {"Pod", "Deployment"}},
      {"Is any Persistent Volume Claim pending, or another PVC?", {"PersistentVolumeClaim"}},
      {"persistent volumes", {"PersistentVolume"}},
      {"Did the cron job start its jobs?", {"CronJob", "Job"}},
      {"stateful sets, daemonsets and replica sets", {"StatefulSet", "DaemonSet", "ReplicaSet"}},
      {"Do the ingresses and the HPA work?", {"Ingress", "HorizontalPodAutoscaler"}},
      {"Any Warning events on our nodes?", {"Event", "Node"}},
      {"Is the website up?", {}},
      {"Does podman or node.js matter?", {}},
      {"Is the secret there?", {}},
      {"", {}},
  };
  for (const Row& row : rows)
    EXPECT_EQ(read_question(row.question).kinds, row.kinds) << row.question;
}

TEST(QuestionWords, AreInLowerCaseWithoutWhatSurroundsThem) {
  EXPECT_THAT(read_question("Is \"API\" (v1.2), or web-7f9c's pod, ready...?").words,
              UnorderedElementsAre("is", "api", "v1.2", "or", "web-7f9c", "s", "pod", "ready"));
  EXPECT_THAT(read_question("web Web WEB").words, ElementsAre("web"));
  EXPECT_THAT(read_question("\xC3\xBC\xFF \n\t --- ...").words, IsEmpty());
}

TEST(QuestionWords, TakeForANameWhatStandsInQuotesBesideAKind) {
  const auto quoted = [](std::string_view question) { return read_question(question).quoted; };
  EXPECT_THAT(quoted("Is deployment 'search' up?"),
              ElementsAre(QuestionWords::Quoted{"Deployment", "search"}));
  EXPECT_THAT(quoted("Is the `search` StatefulSet up?"),
              ElementsAre(QuestionWords::Quoted{"StatefulSet", "search"}));
  EXPECT_THAT(quoted("Is the \"cache\" persistent volume claim bound?"),
              ElementsAre(QuestionWords::Quoted{"PersistentVolumeClaim", "cache"}));
  EXPECT_THAT(quoted("'Pending' is what no pod may be"), IsEmpty());
  EXPECT_THAT(quoted("Is no pod 'CrashLoopBackOff'?"), IsEmpty());
  EXPECT_THAT(quoted("Is deployment search up?"), IsEmpty());
  EXPECT_THAT(quoted("pod"), IsEmpty());
}

TEST(QuestionWords, FindALabelSelectorButTakeNoFieldForOne) {
  const auto labels = [](std::string_view question) {
    return read_question(question).label_selector;
  };
  EXPECT_EQ(labels("pods (label app.kubernetes.io/name=Gate_way) and tier=web"),
            "app.kubernetes.io/name=Gate_way");
  EXPECT_EQ(labels("pods with status.phase=Running"), "");
  EXPECT_EQ(labels("is a==b, =c or d= here?"), "");
}

TEST(QuestionWords, TellWhichNamespacesMayBeMeant) {
  const auto namespaces = [](std::string_view question) {
    return read_question(question).namespaces;
  };
  EXPECT_THAT(namespaces("pods in namespace 'shop'?"), ElementsAre("shop"));
  EXPECT_THAT(namespaces("pods in the kube-system namespace?"), ElementsAre("kube-system"));
  EXPECT_THAT(namespaces("all pods in this namespace and of the namespace"), IsEmpty());
  EXPECT_FALSE(read_question("pods of namespace shop").all_namespaces);
  for (const std::string_view everywhere :
       {"Are pods in all namespaces ready?", "any pod across the cluster", "Cluster-wide: pods?"}) {
    EXPECT_TRUE(read_question(everywhere).all_namespaces) << everywhere;
  }
}

TEST(QuestionWords, ReadTheBeginningOfWhatIsTooLong) {
  std::string question = "pods ";
  for (int i = 0; i < 100'000; ++i) question += "word" + std::to_string(i) + ' ';
  const QuestionWords read = read_question(question + "nodes");
  EXPECT_THAT(read.kinds, ElementsAre("Pod"));
  EXPECT_LE(read.words.size(), 1000U);
}

}  // namespace
}  // namespace holmes
