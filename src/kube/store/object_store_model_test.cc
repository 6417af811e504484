// The store against a model that keeps everything for ever: random writes, a journal that gets on
// at random, feeds that read now and then, and compaction by hand and by limits.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/random.h"
#include "async/virtual_loop.h"
#include "kube/store/journal_testing.h"
#include "kube/store/object_store.h"

namespace holmes::kube {
namespace {

constexpr int kSteps = 250;
constexpr uint64_t kSeeds = 40;
constexpr StoreLimits kLimits{.history_changes = 40, .history_bytes = 4'000};
const std::vector<std::string> kResources{"nodes", "pods", "healthchecks.holmesgpt.dev"};

struct Event {
  std::string resource;
  ObjectKey key;
  std::string owner;
  bool removed = false;
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {}

  void run() {
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      act();
      check();
    }
    feeds_.clear();
    journal_.allow(1'000'000);
    loop_.run(store_.close());
  }

 private:
  struct Reader {
    std::unique_ptr<StoreFeed> feed;
    std::string resource;
    int64_t position = 0;
  };

  size_t below(size_t bound) { return random_.next() % bound; }
  const std::string& any_resource() { return kResources[below(kResources.size())]; }
  ObjectKey any_key() { return {fmt::format("ns{}", below(3)), fmt::format("name{}", below(5))}; }

  void act() {
    switch (below(10)) {
      case 0:
        journal_.allow(1);
        break;
      case 1:
        loop_.run_until_idle();
        break;
      case 2:
        if (below(8) == 0) store_.compact(static_cast<int64_t>(below(events_.size() + 2)));
        break;
      case 3:
        follow();
        break;
      case 4:
      case 5:
        if (!feeds_.empty()) read(below(feeds_.size()));
        break;
      default:
        write();
    }
  }

  void write() {
    Event event{any_resource(), any_key(), fmt::format("owner{}", below(4))};
    const bool there = store_.find(event.resource, event.key) != nullptr;
    event.removed = there && below(3) == 0;
    const auto encode = [&event](int64_t version) {
      return encode_stored(
          event.resource, version,
          {{"metadata",
            {{"namespace", event.key.ns},
             {"name", event.key.name},
             {"ownerReferences", json::array{json::object{{"uid", event.owner}}}}}}});
    };
    const Stored stored = event.removed ? store_.remove(encode) : store_.put(encode);
    events_.push_back(event);
    EXPECT_EQ(stored->version, std::ssize(events_));
  }

  void follow() {
    const std::string resource = below(4) == 0 ? "" : any_resource();
    const auto version = static_cast<int64_t>(below(events_.size() + 1));
    auto feed = store_.follow(resource, version);
    EXPECT_EQ(feed.has_value(), version >= store_.compacted());
    if (!feed) return;
    if (feeds_.size() < 6) {
      feeds_.push_back({std::move(*feed), resource, version});
    } else {
      feeds_[below(6)] = {std::move(*feed), resource, version};
    }
  }

  void read(size_t which) {
    Reader& reader = feeds_[which];
    std::vector<int64_t> expected;
    for (int64_t v = reader.position + 1; v <= std::ssize(events_); ++v) {
      if (reader.resource.empty() || event(v).resource == reader.resource) expected.push_back(v);
    }
    const bool gone = !expected.empty() && expected.front() <= store_.compacted();
    std::erase_if(expected, [this](int64_t v) { return v > durable(); });
    // It would wait when there is nothing.
    StopSource stop;
    if (expected.empty() && !gone) stop.request_stop();
    const auto changes = loop_.run(reader.feed->next(stop.stop()));
    if (gone) {
      ASSERT_FALSE(changes.has_value());
      EXPECT_EQ(changes.error().code, ErrorCode::kGone);
      feeds_.erase(feeds_.begin() + static_cast<ptrdiff_t>(which));
      return;
    }
    ASSERT_TRUE(changes.has_value());
    std::vector<int64_t> versions;
    for (const StoredChange& change : *changes) {
      versions.push_back(change.version);
      expect_like(change, event(change.version));
    }
    if (expected.size() > kMaxFeedBatch) expected.resize(kMaxFeedBatch);
    EXPECT_EQ(versions, expected);
    if (!versions.empty()) reader.position = versions.back();
  }

  static void expect_like(const StoredChange& change, const Event& event) {
    EXPECT_EQ(change.after == nullptr, event.removed);
    const Stored& stored = event.removed ? change.before : change.after;
    EXPECT_EQ(stored->version, change.version);
    EXPECT_EQ(stored->key, event.key);
    EXPECT_TRUE(stored->resource == event.resource);
    EXPECT_THAT(stored->owner_uids, testing::ElementsAre(event.owner));
    if (!event.removed && change.before) EXPECT_LT(change.before->version, change.version);
  }

  [[nodiscard]] int64_t durable() const {
    int64_t entries = 0;
    for (const auto& group : journal_.groups) entries += std::ssize(group);
    return entries;
  }
  [[nodiscard]] const Event& event(int64_t version) const {
    return events_[static_cast<size_t>(version - 1)];
  }
  // Keys and versions of what stood there.
  [[nodiscard]] std::map<ObjectKey, int64_t> state(const std::string& resource, int64_t at) const {
    std::map<ObjectKey, int64_t> objects;
    for (int64_t v = 1; v <= at; ++v) {
      if (event(v).resource != resource) continue;
      if (event(v).removed) {
        objects.erase(event(v).key);
      } else {
        objects[event(v).key] = v;
      }
    }
    return objects;
  }

  void check() {
    const int64_t newest = std::ssize(events_);
    EXPECT_EQ(store_.version(), newest);
    EXPECT_LE(store_.compacted(), newest);
    const std::string& resource = any_resource();
    const auto at = static_cast<int64_t>(below(events_.size() + 1));
    const std::string ns = below(2) == 0 ? "" : fmt::format("ns{}", below(3));
    std::optional<ObjectKey> after;
    if (below(2) == 0) after = any_key();
    std::vector<std::pair<ObjectKey, int64_t>> expected;
    for (const auto& [key, version] : state(resource, at)) {
      if ((ns.empty() || key.ns == ns) && (!after || key > *after))
        expected.emplace_back(key, version);
    }
    std::vector<std::pair<ObjectKey, int64_t>> visited;
    const Status status = store_.visit(resource, ns, after, at, [&visited](const Stored& stored) {
      visited.emplace_back(stored->key, stored->version);
      return true;
    });
    EXPECT_EQ(status.has_value(), at >= store_.compacted());
    if (status) EXPECT_EQ(visited, expected);
    check_owners();
    EXPECT_EQ(store_.count(resource), state(resource, newest).size());
  }

  void check_owners() {
    const std::string owner = fmt::format("owner{}", below(4));
    std::set<int64_t> expected;
    for (const std::string& resource : kResources) {
      for (const auto& [key, version] : state(resource, std::ssize(events_))) {
        if (event(version).owner == owner) expected.insert(version);
      }
    }
    std::set<int64_t> owned;
    for (const Stored& stored : store_.owned_by(owner)) owned.insert(stored->version);
    EXPECT_EQ(owned, expected);
  }

  SeededRandom random_;
  VirtualLoop loop_;
  FakeJournal journal_{loop_};
  ObjectStore store_{loop_, journal_, kLimits};
  std::vector<Event> events_;  // of version 1, 2, ...
  std::vector<Reader> feeds_;
};

TEST(ObjectStoreModel, AgreesWithOneThatForgetsNothing) {
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Model(seed).run();
  }
}

}  // namespace
}  // namespace holmes::kube
