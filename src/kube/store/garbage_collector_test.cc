#include "kube/store/garbage_collector.h"

#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/random.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"

namespace holmes::kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The API's rules for deletion, as far as they matter here.
class FakeApi final : public CollectorApi {
 public:
  explicit FakeApi(ObjectStore& store) : store_(store) {}

  [[nodiscard]] std::optional<OwnerKind> find_kind(std::string_view api_version,
                                                   std::string_view kind) const override {
    const auto found = kinds.find(fmt::format("{} {}", api_version, kind));
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
  }
  void remove(const Stored& live, Propagation propagation) override {
    ASSERT_EQ(store_.find(live->resource, live->key), live);
    json::object object = *parse_json_object(live->bytes);
    json::object& metadata = object["metadata"].get_object();
    json::array finalizers;
    if (const auto* now = json_array(metadata, {"finalizers"})) {
      for (const json::value& one : *now) {
        if (one != json::value("orphan") && one != json::value("foregroundDeletion")) {
          finalizers.push_back(one);
        }
      }
    }
    if (propagation == Propagation::kOrphan) finalizers.emplace_back("orphan");
    if (propagation == Propagation::kForeground) finalizers.emplace_back("foregroundDeletion");
    metadata["finalizers"] = finalizers;
    metadata["deletionTimestamp"] = "2024-01-01T00:00:00Z";
    overwrite(live, std::move(object));
  }
  void overwrite(const Stored& live, json::object next) override {
    ASSERT_EQ(store_.find(live->resource, live->key), live);
    const auto held = [&next](JsonPath path) {
      const json::array* finalizers = json_array(next, path);
      return finalizers != nullptr && !finalizers->empty();
    };
    const bool goes = json_string(next, {"metadata", "deletionTimestamp"}).has_value() &&
                      !held({"metadata", "finalizers"}) && !held({"spec", "finalizers"});
    const auto encode = [&](int64_t version) {
      return encode_stored(live->resource, version, next);
    };
    ++writes;
    if (goes) {
      order.push_back(live->key.to_text());
      store_.remove(encode);
    } else {
      store_.put(encode);
    }
  }

  std::map<std::string, OwnerKind> kinds{{"v1 Pod", {"pods", true}},
                                         {"apps/v1 ReplicaSet", {"replicasets.apps", true}},
                                         {"v1 Node", {"nodes", false}}};
  std::vector<std::string> order;  // in which objects went
  size_t writes = 0;

 private:
  ObjectStore& store_;
};

struct OwnerOf {
  std::string kind;
  std::string name;
  bool block = false;
};

class GarbageCollectorTest : public testing::Test {
 protected:
  ~GarbageCollectorTest() override {
    stop_collector();
    loop_.run(store_.close());
  }

  // The uid is "uid-<name>".
  void put(const std::string& resource, const ObjectKey& key,
           const std::vector<OwnerOf>& owners = {},
           const std::vector<std::string>& finalizers = {}) {
    json::array references;
    for (const OwnerOf& owner : owners) {
      references.push_back({{"apiVersion", owner.kind == "ReplicaSet" ? "apps/v1" : "v1"},
                            {"kind", owner.kind},
                            {"name", owner.name},
                            {"uid", "uid-" + owner.name},
                            {"blockOwnerDeletion", owner.block}});
    }
    json::object metadata{{"name", key.name}, {"uid", "uid-" + key.name}};
    if (!key.ns.empty()) metadata["namespace"] = key.ns;
    if (!references.empty()) metadata["ownerReferences"] = references;
    if (!finalizers.empty())
      metadata["finalizers"] = json::array(finalizers.begin(), finalizers.end());
    json::object object{{"metadata", metadata}};
    if (resource == "namespaces") {
      object["spec"] = json::object{{"finalizers", json::array{"kubernetes"}}};
    }
    store_.put([&](int64_t version) { return encode_stored(resource, version, object); });
  }
  void remove(const std::string& resource, const ObjectKey& key,
              Propagation propagation = Propagation::kBackground) {
    api_.remove(store_.find(resource, key), propagation);
  }
  // As whoever put it there does when its work is done.
  void let_go(const std::string& resource, const ObjectKey& key) {
    const Stored live = store_.find(resource, key);
    json::object object = *parse_json_object(live->bytes);
    object["metadata"].get_object()["finalizers"] = json::array();
    api_.overwrite(live, object);
  }
  void settle() {
    if (!scope_) {
      scope_.emplace(loop_);
      scope_->spawn(collector_.run(scope_->stop()));
    }
    loop_.run_until_idle();
  }
  void stop_collector() {
    if (scope_) loop_.run(scope_->close());
    scope_.reset();
  }
  std::vector<std::string> all(const std::string& resource) {
    std::vector<std::string> names;
    (void)store_.visit(resource, "", {}, {}, [&names](const Stored& stored) {
      names.push_back(stored->key.to_text());
      return true;
    });
    return names;
  }
  std::vector<std::string> owners(const std::string& resource, const ObjectKey& key) {
    return store_.find(resource, key)->owner_uids;
  }

  VirtualLoop loop_;
  NoJournal journal_;
  ObjectStore store_{loop_, journal_, {.history_changes = 1000}};
  FakeApi api_{store_};
  GarbageCollector collector_{loop_, store_, api_};
  std::optional<TaskScope> scope_;
};

const OwnerOf kOwner{"ReplicaSet", "rs"};
const OwnerOf kBlocking{"ReplicaSet", "rs", true};

TEST_F(GarbageCollectorTest, DeletesWhatNobodyOwnsAnyMoreInTheBackground) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kOwner});
  put("pods", {"a", "child"}, {{"Pod", "one"}});
  put("pods", {"a", "free"});
  settle();
  EXPECT_EQ(api_.writes, 0U);
  remove("replicasets.apps", {"a", "rs"});
  settle();
  EXPECT_THAT(all("pods"), ElementsAre("a/free"));
  EXPECT_THAT(api_.order, ElementsAre("a/rs", "a/one", "a/child"));
}

TEST_F(GarbageCollectorTest, KeepsWhatStillHasAnOwnerAndForgetsTheOther) {
  put("replicasets.apps", {"a", "rs"});
  put("replicasets.apps", {"a", "other"});
  put("pods", {"a", "one"}, {kOwner, {"ReplicaSet", "other"}});
  settle();
  remove("replicasets.apps", {"a", "rs"});
  settle();
  EXPECT_THAT(owners("pods", {"a", "one"}), ElementsAre("uid-other"));
}

TEST_F(GarbageCollectorTest, LeavesFinalizersOfDependentsToTheirOwners) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kOwner}, {"example.com/mine"});
  settle();
  remove("replicasets.apps", {"a", "rs"});
  settle();
  ASSERT_THAT(all("pods"), ElementsAre("a/one"));
  EXPECT_TRUE(store_.find("pods", {"a", "one"})->deleting);
  let_go("pods", {"a", "one"});
  settle();
  EXPECT_THAT(all("pods"), IsEmpty());
}

TEST_F(GarbageCollectorTest, DeletesBlockingDependentsBeforeTheirOwnerInTheForeground) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "held"}, {kBlocking}, {"example.com/mine"});
  put("pods", {"a", "quick"}, {kBlocking});
  settle();
  remove("replicasets.apps", {"a", "rs"}, Propagation::kForeground);
  settle();
  EXPECT_THAT(api_.order, ElementsAre("a/quick"));
  EXPECT_THAT(all("replicasets.apps"), ElementsAre("a/rs"));
  let_go("pods", {"a", "held"});
  settle();
  EXPECT_THAT(api_.order, ElementsAre("a/quick", "a/held", "a/rs"));
  EXPECT_THAT(all("replicasets.apps"), IsEmpty());
}

TEST_F(GarbageCollectorTest, DoesNotWaitForDependentsThatDoNotBlock) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "held"}, {kOwner}, {"example.com/mine"});
  settle();
  remove("replicasets.apps", {"a", "rs"}, Propagation::kForeground);
  settle();
  EXPECT_THAT(all("replicasets.apps"), IsEmpty());
  EXPECT_TRUE(store_.find("pods", {"a", "held"})->deleting);
}

TEST_F(GarbageCollectorTest, CarriesTheForegroundOnToDependentsOfDependents) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kBlocking});
  put("pods", {"a", "child"}, {{"Pod", "one", true}});
  settle();
  remove("replicasets.apps", {"a", "rs"}, Propagation::kForeground);
  settle();
  EXPECT_THAT(api_.order, ElementsAre("a/child", "a/one", "a/rs"));
}

TEST_F(GarbageCollectorTest, EndsACircleOfOwnersThatWaitForEachOther) {
  put("pods", {"a", "one"}, {{"Pod", "two", true}});
  put("pods", {"a", "two"}, {{"Pod", "one", true}});
  settle();
  remove("pods", {"a", "one"}, Propagation::kForeground);
  settle();
  EXPECT_THAT(all("pods"), IsEmpty());
}

TEST_F(GarbageCollectorTest, OrphansDependentsWhenAsked) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kBlocking});
  settle();
  remove("replicasets.apps", {"a", "rs"}, Propagation::kOrphan);
  settle();
  EXPECT_THAT(all("replicasets.apps"), IsEmpty());
  EXPECT_THAT(all("pods"), ElementsAre("a/one"));
  EXPECT_THAT(owners("pods", {"a", "one"}), IsEmpty());
}

TEST_F(GarbageCollectorTest, FindsAtItsStartWhatWasLeftBehind) {
  put("pods", {"a", "lost"}, {kOwner});
  put("replicasets.apps", {"a", "rs2"}, {}, {"foregroundDeletion"});
  remove("replicasets.apps", {"a", "rs2"}, Propagation::kForeground);
  put("namespaces", {"", "b"});
  put("pods", {"b", "one"});
  remove("namespaces", {"", "b"});
  settle();
  EXPECT_THAT(all("pods"), IsEmpty());
  EXPECT_THAT(all("replicasets.apps"), IsEmpty());
  EXPECT_THAT(all("namespaces"), IsEmpty());
}

struct OwnerCase {
  std::string what;
  ObjectKey dependent;
  OwnerOf owner;
  bool stays = false;
};

TEST_F(GarbageCollectorTest, TreatsOwnersItCannotFindAsTheRealOneDoes) {
  put("replicasets.apps", {"a", "rs"});
  put("nodes", {"", "node"});
  const std::vector<OwnerCase> cases{
      {"made after its owner went", {"a", "late"}, {"ReplicaSet", "none"}, false},
      {"in another namespace", {"b", "far"}, {"ReplicaSet", "rs"}, false},
      {"without a namespace, of one with", {"", "cluster"}, {"ReplicaSet", "none"}, true},
      {"of a kind that is not served", {"a", "strange"}, {"Toy", "none"}, true},
      {"in a namespace, of one without", {"a", "on-node"}, {"Node", "node"}, true},
      {"in a namespace, of none without", {"a", "off-node"}, {"Node", "gone"}, false},
  };
  for (const OwnerCase& one : cases) {
    put("things", one.dependent, {one.owner});
    settle();
    EXPECT_EQ(store_.find("things", one.dependent) != nullptr, one.stays) << one.what;
  }
}

TEST_F(GarbageCollectorTest, TakesAnOwnerOfThatNameWithAnotherUidForAbsent) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kOwner});
  settle();
  remove("replicasets.apps", {"a", "rs"});
  store_.put([](int64_t version) {
    return encode_stored("replicasets.apps", version,
                         {{"metadata", {{"namespace", "a"}, {"name", "rs"}, {"uid", "new"}}}});
  });
  settle();
  EXPECT_THAT(all("pods"), IsEmpty());
  EXPECT_THAT(all("replicasets.apps"), ElementsAre("a/rs"));
}

TEST_F(GarbageCollectorTest, LooksAgainWhenAKindComesToBeServed) {
  put("pods", {"a", "one"}, {{"Toy", "none"}});
  settle();
  EXPECT_THAT(all("pods"), ElementsAre("a/one"));
  api_.kinds["v1 Toy"] = {"toys", true};
  put("customresourcedefinitions.apiextensions.k8s.io", {"", "toys"});
  settle();
  EXPECT_THAT(all("pods"), IsEmpty());
}

TEST_F(GarbageCollectorTest, EmptiesANamespaceAndThenRemovesIt) {
  put("namespaces", {"", "a"});
  put("namespaces", {"", "b"});
  put("pods", {"b", "other"});
  put("replicasets.apps", {"a", "rs"});
  constexpr size_t kHeld = 3 * kMaxCollectorBatch;
  for (size_t i = 0; i < kHeld; ++i) {
    put("pods", {"a", std::to_string(i)}, {}, {"example.com/mine"});
  }
  settle();
  remove("namespaces", {"", "a"});
  settle();
  EXPECT_THAT(all("replicasets.apps"), IsEmpty());
  EXPECT_EQ(store_.count("pods"), kHeld + 1);
  for (size_t i = 0; i < kHeld; ++i) {
    EXPECT_THAT(all("namespaces"), ElementsAre("a", "b"));
    ASSERT_TRUE(store_.find("pods", {"a", std::to_string(i)})->deleting);
    let_go("pods", {"a", std::to_string(i)});
    settle();
  }
  EXPECT_THAT(all("pods"), ElementsAre("b/other"));
  EXPECT_THAT(all("namespaces"), ElementsAre("b"));
}

TEST_F(GarbageCollectorTest, GoesOnWhenCompactionOvertookIt) {
  put("replicasets.apps", {"a", "rs"});
  put("pods", {"a", "one"}, {kOwner});
  settle();
  remove("replicasets.apps", {"a", "rs"});
  const int64_t removal = store_.version();
  for (int i = 0; i < 2000; ++i) put("nodes", {"", "node"});
  settle();
  EXPECT_GT(store_.compacted(), removal);
  EXPECT_THAT(all("pods"), IsEmpty());
}

TEST_F(GarbageCollectorTest, LeavesNothingWithoutAnOwnerWhateverTheOrder) {
  for (uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SeededRandom random(seed);
    const auto any = [&random] { return fmt::format("p{}", random.next() % 12); };
    for (int step = 0; step < 150; ++step) {
      const std::string name = any();
      const Stored live = store_.find("pods", {"a", name});
      if (live == nullptr) {
        std::vector<OwnerOf> owners;
        if (random.next() % 3 > 0) owners.push_back({"Pod", any(), random.next() % 2 == 0});
        if (random.next() % 3 == 0) owners.push_back({"Pod", any(), random.next() % 2 == 0});
        put("pods", {"a", name}, owners);
      } else if (!live->deleting) {
        remove("pods", {"a", name},
               random.next() % 2 == 0 ? Propagation::kForeground : Propagation::kBackground);
      }
      if (random.next() % 4 == 0) settle();
    }
    settle();
    for (const Stored& stored : store_.in_namespace("a")) {
      EXPECT_FALSE(stored->deleting) << "seed " << seed << ": " << stored->bytes;
      for (const std::string& uid : stored->owner_uids) {
        EXPECT_NE(store_.find("pods", {"a", uid.substr(4)}), nullptr) << stored->bytes;
      }
    }
  }
}

}  // namespace
}  // namespace holmes::kube
