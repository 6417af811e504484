#include "kube/store/object_store.h"

#include <map>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/random.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "kube/store/journal_testing.h"

namespace holmes::kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kAlways = 1'000'000;

// An object with a text, as "a 5" is seen below with its version.
ObjectStore::Encode object(const std::string& resource, const ObjectKey& key,
                           const std::string& text, const std::vector<std::string>& owners = {}) {
  return [=](int64_t version) {
    json::array references;
    for (const std::string& uid : owners) references.push_back(json::object{{"uid", uid}});
    json::object metadata{{"name", key.name}, {"uid", "uid-" + key.name}};
    if (!key.ns.empty()) metadata["namespace"] = key.ns;
    if (!references.empty()) metadata["ownerReferences"] = references;
    return encode_stored(resource, version,
                         {{"kind", "Toy"}, {"metadata", metadata}, {"text", text}});
  };
}

std::string seen(const Stored& stored) {
  if (stored == nullptr) return "-";
  const auto parsed = parse_json_object(stored->bytes);
  return fmt::format("{} {} {}", stored->key.to_text(), json_string_or(*parsed, {"text"}),
                     json_string_or(*parsed, {"metadata", "resourceVersion"}));
}
std::string seen(const StoredChange& change) {
  return fmt::format("{}: {} -> {}", change.version, seen(change.before), seen(change.after));
}
std::vector<std::string> seen(const auto& many) {
  std::vector<std::string> all;
  for (const auto& one : many) all.push_back(seen(one));
  return all;
}

class ObjectStoreTest : public testing::Test {
 protected:
  ~ObjectStoreTest() override {
    journal_.allow(kAlways);
    loop_.run(store_.close());
  }

  int64_t put(const std::string& resource, const ObjectKey& key, const std::string& text,
              const std::vector<std::string>& owners = {}) {
    return store_.put(object(resource, key, text, owners))->version;
  }
  int64_t remove(const std::string& resource, const ObjectKey& key) {
    return store_.remove(object(resource, key, "last"))->version;
  }
  std::vector<std::string> list(const std::string& resource, const std::string& ns = "",
                                std::optional<int64_t> at = {}, std::optional<ObjectKey> after = {},
                                size_t limit = kAlways) {
    std::vector<std::string> all;
    const Status visited =
        store_.visit(resource, ns, after, at, [&all, limit](const Stored& stored) {
          all.push_back(seen(stored));
          return all.size() < limit;
        });
    EXPECT_TRUE(visited.has_value());
    return all;
  }
  // What next() gives without waiting; nullopt when it waits.
  std::optional<Result<std::vector<StoredChange>>> ready(StoreFeed& feed) {
    StopSource stop;
    std::optional<Result<std::vector<StoredChange>>> result;
    TaskScope scope(loop_);
    scope.spawn(keep(feed, stop.stop(), result));
    loop_.run_until_idle();
    const bool came = result.has_value();
    stop.request_stop();
    loop_.run(scope.close());
    if (!came) EXPECT_THAT(**result, IsEmpty());
    return came ? result : std::nullopt;
  }
  static Task<> keep(StoreFeed& feed, Stop stop,
                     std::optional<Result<std::vector<StoredChange>>>& result) {
    result.emplace(co_await feed.next(std::move(stop)));
  }
  bool is_durable(int64_t version) {
    StopSource stop({}, loop_, loop_.mono_now());
    return loop_.run(store_.durable(version, stop.stop())).has_value();
  }

  VirtualLoop loop_;
  FakeJournal journal_{loop_};
  ObjectStore store_{loop_, journal_, {.history_changes = 8, .history_bytes = 1 << 20}};
};

TEST_F(ObjectStoreTest, CountsAllChangesWithOneVersion) {
  EXPECT_EQ(store_.version(), 0);
  EXPECT_EQ(put("pods", {"a", "one"}, "x"), 1);
  EXPECT_EQ(put("nodes", {"", "one"}, "x"), 2);
  EXPECT_EQ(remove("pods", {"a", "one"}), 3);
  EXPECT_EQ(put("pods", {"a", "one"}, "y"), 4);
  EXPECT_EQ(store_.version(), 4);
  EXPECT_EQ(seen(store_.find("pods", {"a", "one"})), "a/one y 4");
  EXPECT_EQ(store_.find("pods", {"a", "two"}), nullptr);
  EXPECT_EQ(store_.find("services", {"a", "one"}), nullptr);
  EXPECT_EQ(store_.count("pods"), 1U);
  EXPECT_EQ(store_.count("services"), 0U);
}

TEST_F(ObjectStoreTest, VisitsInTheOrderOfNamespacesAndNames) {
  put("pods", {"b", "one"}, "x");
  put("pods", {"a-b", "one"}, "x");
  put("pods", {"a", "two"}, "x");
  put("pods", {"a", "one"}, "x");
  EXPECT_THAT(list("pods"), ElementsAre("a/one x 4", "a/two x 3", "a-b/one x 2", "b/one x 1"));
  EXPECT_THAT(list("pods", "a"), ElementsAre("a/one x 4", "a/two x 3"));
  EXPECT_THAT(list("pods", "a-b"), ElementsAre("a-b/one x 2"));
  EXPECT_THAT(list("pods", "c"), IsEmpty());
  EXPECT_THAT(list("pods", "", {}, ObjectKey{"a", "one"}, 2),
              ElementsAre("a/two x 3", "a-b/one x 2"));
  EXPECT_THAT(list("pods", "a", {}, ObjectKey{"a", "two"}), IsEmpty());
  EXPECT_THAT(list("pods", "b", {}, ObjectKey{"a", "two"}), ElementsAre("b/one x 1"));
}

TEST_F(ObjectStoreTest, VisitsTheStateOfAnOlderVersion) {
  put("pods", {"a", "kept"}, "x");     // 1
  put("pods", {"a", "removed"}, "x");  // 2
  put("nodes", {"", "other"}, "x");    // 3
  put("pods", {"a", "kept"}, "y");     // 4
  remove("pods", {"a", "removed"});    // 5
  put("pods", {"a", "added"}, "x");    // 6
  EXPECT_THAT(list("pods", "", 0), IsEmpty());
  EXPECT_THAT(list("pods", "", 1), ElementsAre("a/kept x 1"));
  EXPECT_THAT(list("pods", "", 3), ElementsAre("a/kept x 1", "a/removed x 2"));
  EXPECT_THAT(list("pods", "", 4), ElementsAre("a/kept y 4", "a/removed x 2"));
  EXPECT_THAT(list("pods", "", 5), ElementsAre("a/kept y 4"));
  EXPECT_THAT(list("pods", "", 6), ElementsAre("a/added x 6", "a/kept y 4"));
  EXPECT_THAT(list("pods", "", 99), ElementsAre("a/added x 6", "a/kept y 4"));
  EXPECT_THAT(list("pods", "a", 3, ObjectKey{"a", "kept"}), ElementsAre("a/removed x 2"));
}

TEST_F(ObjectStoreTest, ShowsNothingBeforeItIsDurable) {
  auto feed = *store_.follow("pods", 0);
  const int64_t version = put("pods", {"a", "one"}, "x");
  EXPECT_FALSE(ready(*feed).has_value());
  EXPECT_FALSE(is_durable(version));
  EXPECT_EQ(feed->version(), 0);
  journal_.allow(1);
  EXPECT_THAT(seen(**ready(*feed)), ElementsAre("1: - -> a/one x 1"));
  EXPECT_TRUE(is_durable(version));
  EXPECT_EQ(feed->version(), 1);
  EXPECT_FALSE(ready(*feed).has_value());
}

TEST_F(ObjectStoreTest, GathersWhatComesWhileAnAppendIsUnderWay) {
  put("pods", {"a", "one"}, "x");
  put("pods", {"a", "two"}, "x");
  loop_.run_until_idle();  // the append of both has begun
  for (int i = 0; i < 5; ++i) put("pods", {"a", "three"}, std::to_string(i));
  remove("pods", {"a", "one"});
  journal_.allow(1);
  EXPECT_TRUE(is_durable(2));
  EXPECT_FALSE(is_durable(3));
  journal_.allow(1);
  EXPECT_TRUE(loop_.run(store_.durable(8, {})).has_value());
  ASSERT_EQ(journal_.groups.size(), 2U);
  EXPECT_EQ(journal_.groups[0].size(), 2U);
  ASSERT_EQ(journal_.groups[1].size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(journal_.groups[1][i].version, static_cast<int64_t>(i + 3));
  }
  EXPECT_TRUE(journal_.groups[1][5].removed);
  EXPECT_EQ(journal_.groups[1][5].object->key.name, "one");
}

TEST_F(ObjectStoreTest, LimitsWhatGoesToTheJournalAtOnce) {
  constexpr size_t kPuts = 2 * kMaxGroupEntries + 1;
  for (size_t i = 0; i < kPuts; ++i) put("pods", {"a", "one"}, "x");
  journal_.allow(1);
  EXPECT_TRUE(loop_.run(store_.durable(kMaxGroupEntries, {})).has_value());
  EXPECT_FALSE(is_durable(kMaxGroupEntries + 1));
  journal_.allow(2);
  EXPECT_TRUE(loop_.run(store_.durable(kPuts, {})).has_value());
  std::vector<int64_t> versions;
  for (const auto& group : journal_.groups) {
    for (const JournalEntry& entry : group) versions.push_back(entry.version);
  }
  ASSERT_EQ(versions.size(), kPuts);
  for (size_t i = 0; i < kPuts; ++i) EXPECT_EQ(versions[i], static_cast<int64_t>(i + 1));
}

TEST_F(ObjectStoreTest, FeedsOneResourceOrAllInOrder) {
  journal_.allow(kAlways);
  put("pods", {"a", "one"}, "x");
  auto pods = *store_.follow("pods", 0);
  auto later = *store_.follow("pods", 1);
  auto all = *store_.follow("", 0);
  put("nodes", {"", "n"}, "x");
  put("pods", {"a", "one"}, "y");
  remove("pods", {"a", "one"});
  EXPECT_THAT(seen(**ready(*pods)), ElementsAre("1: - -> a/one x 1", "3: a/one x 1 -> a/one y 3",
                                                "4: a/one last 4 -> -"));
  EXPECT_THAT(seen(**ready(*later)),
              ElementsAre("3: a/one x 1 -> a/one y 3", "4: a/one last 4 -> -"));
  EXPECT_EQ((*ready(*all))->size(), 4U);
  put("nodes", {"", "n"}, "y");
  EXPECT_FALSE(ready(*pods).has_value());
  EXPECT_EQ(pods->version(), 5);  // what a bookmark may say
  EXPECT_EQ(all->version(), 4);
}

TEST_F(ObjectStoreTest, WakesAFeedThatWaits) {
  auto feed = *store_.follow("pods", 0);
  std::optional<Result<std::vector<StoredChange>>> result;
  TaskScope scope(loop_);
  scope.spawn(keep(*feed, {}, result));
  loop_.run_until_idle();
  journal_.allow(kAlways);
  put("nodes", {"", "n"}, "x");
  loop_.run_until_idle();
  EXPECT_FALSE(result.has_value());
  put("pods", {"a", "one"}, "x");
  loop_.run(scope.drain({}));
  EXPECT_THAT(seen(**result), ElementsAre("2: - -> a/one x 2"));
}

TEST_F(ObjectStoreTest, HandsOutALongHistoryInParts) {
  VirtualLoop loop;
  NoJournal journal;
  ObjectStore store(loop, journal);
  auto feed = *store.follow("pods", 0);
  constexpr size_t kChanges = 2 * kMaxFeedBatch + 1;
  for (size_t i = 0; i < kChanges; ++i) store.put(object("pods", {"a", "one"}, "x"));
  ASSERT_TRUE(loop.run(store.durable(kChanges, {})).has_value());
  EXPECT_EQ(loop.run(feed->next({}))->size(), kMaxFeedBatch);
  EXPECT_EQ(feed->version(), static_cast<int64_t>(kMaxFeedBatch));
  EXPECT_EQ(loop.run(feed->next({}))->size(), kMaxFeedBatch);
  EXPECT_EQ(loop.run(feed->next({}))->size(), 1U);
  EXPECT_EQ(feed->version(), static_cast<int64_t>(kChanges));
}

TEST_F(ObjectStoreTest, TellsAFeedThatCompactionOvertookIt) {
  journal_.allow(kAlways);
  auto slow = *store_.follow("pods", 0);
  auto quiet = *store_.follow("nodes", 0);
  for (int i = 0; i < 20; ++i) put("pods", {"a", "one"}, std::to_string(i));
  ASSERT_TRUE(loop_.run(store_.durable(20, {})).has_value());
  EXPECT_EQ(store_.compacted(), 12);  // 8 changes are kept
  const auto gone = ready(*slow);
  ASSERT_TRUE(gone && !gone->has_value());
  EXPECT_EQ(gone->error().code, ErrorCode::kGone);
  // Nothing that this one should have seen is lost.
  EXPECT_FALSE(ready(*quiet).has_value());
  put("nodes", {"", "n"}, "x");
  EXPECT_THAT(seen(**ready(*quiet)), ElementsAre("21: - -> n x 21"));

  EXPECT_EQ(store_.follow("pods", store_.compacted() - 1).error().code, ErrorCode::kGone);
  EXPECT_TRUE(store_.follow("pods", store_.compacted()).has_value());
  const auto old =
      store_.visit("pods", "", {}, store_.compacted() - 1, [](const Stored&) { return true; });
  EXPECT_EQ(old.error().code, ErrorCode::kGone);
}

TEST_F(ObjectStoreTest, CompactsByBytesThatOnlyTheHistoryKeeps) {
  VirtualLoop loop;
  NoJournal journal;
  ObjectStore store(loop, journal, {.history_bytes = 100'000});
  for (int i = 0; i < 100; ++i) {
    store.put(object("pods", {"a", std::to_string(i)}, std::string(10'000, 'x')));
  }
  ASSERT_TRUE(loop.run(store.durable(100, {})).has_value());
  EXPECT_EQ(store.compacted(), 0);  // all of it is the present
  for (int i = 0; i < 100; ++i) {
    store.put(object("pods", {"a", std::to_string(i)}, std::string(10'000, 'y')));
  }
  ASSERT_TRUE(loop.run(store.durable(200, {})).has_value());
  EXPECT_EQ(store.version() - store.compacted(), 9);
}

TEST_F(ObjectStoreTest, CompactsByHandWhatIsDurable) {
  journal_.allow(1);
  put("pods", {"a", "one"}, "x");
  ASSERT_TRUE(loop_.run(store_.durable(1, {})).has_value());
  put("pods", {"a", "one"}, "y");
  store_.compact(2);
  EXPECT_EQ(store_.compacted(), 1);
  auto feed = *store_.follow("pods", 1);
  journal_.allow(1);
  EXPECT_THAT(seen(**ready(*feed)), ElementsAre("2: a/one x 1 -> a/one y 2"));
}

TEST_F(ObjectStoreTest, WritesNothingMoreOnceTheJournalFailed) {
  auto feed = *store_.follow("pods", 0);
  journal_.allow(1);
  put("pods", {"a", "one"}, "x");
  ASSERT_TRUE(loop_.run(store_.durable(1, {})).has_value());
  EXPECT_TRUE(store_.health().has_value());
  put("pods", {"a", "two"}, "x");
  loop_.run_until_idle();
  put("pods", {"a", "three"}, "x");
  journal_.failure = Error(ErrorCode::kInternal, "the disk is full");
  journal_.allow(kAlways);
  for (const int64_t version : {2, 3, 1}) {
    const Status durable = loop_.run(store_.durable(version, {}));
    ASSERT_FALSE(durable.has_value());
    EXPECT_EQ(durable.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(durable.error().message, "write objects: the disk is full");
  }
  EXPECT_FALSE(store_.health().has_value());
  journal_.failure.reset();
  put("pods", {"a", "four"}, "x");
  loop_.run_until_idle();
  EXPECT_FALSE(loop_.run(store_.durable(4, {})).has_value());
  EXPECT_EQ(journal_.calls, 2U);
  EXPECT_EQ(journal_.groups.size(), 1U);
  EXPECT_THAT(seen(**ready(*feed)), ElementsAre("1: - -> a/one x 1"));
  EXPECT_EQ(ready(*feed)->error().code, ErrorCode::kUnavailable);
}

TEST_F(ObjectStoreTest, EndsWaitsByTheirStop) {
  put("pods", {"a", "one"}, "x");
  StopSource stop;
  stop.request_stop();
  EXPECT_EQ(loop_.run(store_.durable(1, stop.stop())).error().code, ErrorCode::kCancelled);
  auto feed = *store_.follow("pods", 0);
  EXPECT_THAT(*loop_.run(feed->next(stop.stop())), IsEmpty());
}

TEST_F(ObjectStoreTest, ClosesWhenEverythingIsDurable) {
  put("pods", {"a", "one"}, "x");
  loop_.run_until_idle();
  put("pods", {"a", "two"}, "x");
  journal_.allow(2);
  loop_.run(store_.close());
  EXPECT_EQ(journal_.groups.size(), 2U);
}

TEST_F(ObjectStoreTest, KnowsWhoIsOwnedAndWhatStandsInANamespace) {
  put("pods", {"a", "one"}, "x", {"u1", "u2"});
  put("jobs", {"a", "two"}, "x", {"u1", "u1"});
  put("nodes", {"", "n"}, "x");
  put("pods", {"ab", "one"}, "x");
  EXPECT_THAT(seen(store_.owned_by("u1")), ElementsAre("a/one x 1", "a/two x 2"));
  EXPECT_THAT(seen(store_.owned_by("u2")), ElementsAre("a/one x 1"));
  EXPECT_THAT(seen(store_.in_namespace("a")), ElementsAre("a/two x 2", "a/one x 1"));
  put("pods", {"a", "one"}, "y", {"u2"});
  remove("jobs", {"a", "two"});
  EXPECT_THAT(store_.owned_by("u1"), IsEmpty());
  EXPECT_THAT(seen(store_.owned_by("u2")), ElementsAre("a/one y 5"));
  EXPECT_THAT(seen(store_.in_namespace("a")), ElementsAre("a/one y 5"));
}

TEST_F(ObjectStoreTest, GoesOnAfterWhatWasLoaded) {
  const auto old = object("pods", {"a", "one"}, "x", {"u1"})(7);
  store_.load({std::make_shared<const StoredObject>(old)}, 9);
  EXPECT_EQ(store_.version(), 9);
  EXPECT_EQ(store_.compacted(), 9);
  EXPECT_TRUE(is_durable(9));
  EXPECT_EQ(store_.follow("pods", 8).error().code, ErrorCode::kGone);
  EXPECT_THAT(seen(store_.owned_by("u1")), ElementsAre("a/one x 7"));
  auto feed = *store_.follow("pods", 9);
  journal_.allow(1);
  EXPECT_EQ(remove("pods", {"a", "one"}), 10);
  EXPECT_THAT(seen(**ready(*feed)), ElementsAre("10: a/one last 10 -> -"));
  EXPECT_THAT(list("pods", "", 9), ElementsAre("a/one x 7"));
  EXPECT_THAT(store_.owned_by("u1"), IsEmpty());
}

TEST(ObjectStoreDeathTest, OutlivesItsFeeds) {
  EXPECT_DEATH(
      {
        VirtualLoop loop;
        NoJournal journal;
        auto store = std::make_unique<ObjectStore>(loop, journal);
        const auto feed = *store->follow("pods", 0);
        store.reset();
      },
      "feeds == 0");
}

}  // namespace
}  // namespace holmes::kube
