// The runtime on the real thing: informer, events, discovery, the transport that only looks.

#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "async/task_scope.h"
#include "contract_testing.h"
#include "kube/client/discovery.h"
#include "kube/client/read_only_transport.h"
#include "kube/runtime/event_recorder.h"
#include "kube/runtime/informer.h"
#include "metrics/registry.h"

namespace holmes::kube {
namespace {

// Runs beside the test; stands below what it runs, and so ends before it.
class Background {
 public:
  explicit Background(AsioLoop& loop) : loop_(loop), tasks_(loop) {}
  ~Background() { loop_.run(tasks_.close()); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  template <class Runner>
  void run(Runner& runner) {
    tasks_.spawn(runner.run(tasks_.stop()));
  }

 private:
  AsioLoop& loop_;
  TaskScope tasks_;
};

class Runtime : public Contract {
 protected:
  Informer<Toy> make_informer(InformerOptions options) {
    return {loop, random, *transport, Logger(), metrics, std::move(options)};
  }
  // What the API server has, and whether the cache is the same.
  bool same(const Informer<Toy>& informer) {
    std::map<std::string, std::string> there;
    for (const Toy& toy : list().value().items) there[toy.meta.name] = toy.meta.resource_version;
    std::map<std::string, std::string> cached;
    informer.for_each([&](const Informer<Toy>::Snapshot& toy) {
      cached[toy->meta.name] = toy->meta.resource_version;
    });
    return there == cached;
  }
  Toy resize(const std::string& name, int64_t size) {
    return run(toys->merge_patch(key(name), json::object{{"spec", {{"size", size}}}}, limit()))
        .value();
  }

  MetricsRegistry registry;
  RuntimeMetrics metrics{registry};
};

TEST_F(Runtime, AnInformerSeesEverything) {
  for (int i = 0; i < 10; ++i) make(fmt::format("old-{}", i));
  Informer<Toy> informer = make_informer({.namespaces = {ns}});
  std::map<std::string, int> came;
  std::map<std::string, int> went;
  informer.on_change([&](const Informer<Toy>::Change& change) {
    if (change.before == nullptr) ++came[change.now->meta.uid];
    if (change.now == nullptr) ++went[change.before->meta.uid];
  });
  Background background(loop);
  background.run(informer);
  ASSERT_TRUE(run(informer.wait_synced(limit())).has_value());
  EXPECT_TRUE(same(informer));
  for (int i = 0; i < 10; ++i) {
    make(fmt::format("new-{}", i));
    resize(fmt::format("new-{}", i), i);
    ASSERT_TRUE(run(toys->remove(key(fmt::format("old-{}", i)), {}, limit())).has_value());
    make(fmt::format("old-{}", i));  // another one of the same name
  }
  EXPECT_TRUE(eventually([&] { return same(informer); }));
  EXPECT_EQ(came.size(), 30U);
  EXPECT_EQ(went.size(), 10U);
  for (const auto& [uid, count] : came) EXPECT_EQ(count, 1);
  for (const auto& [uid, count] : went) EXPECT_EQ(count, 1);
}

TEST_F(Runtime, AnInformerOfASelectorSeesItsOwnOnly) {
  make("a");
  make("b");
  Informer<Toy> informer = make_informer({.namespaces = {ns}, .field_selector = "metadata.name=b"});
  Background background(loop);
  background.run(informer);
  ASSERT_TRUE(run(informer.wait_synced(limit())).has_value());
  EXPECT_EQ(informer.get(key("a")), nullptr);
  EXPECT_NE(informer.get(key("b")), nullptr);
}

TEST_F(Runtime, OwnWritesAreReadAtOnce) {
  make("a");
  Informer<Toy> informer = make_informer({.namespaces = {ns}});
  Background background(loop);
  background.run(informer);
  ASSERT_TRUE(run(informer.wait_synced(limit())).has_value());
  for (int i = 1; i <= 50; ++i) {
    const Toy written = resize("a", i);
    if (i % 2 == 0) {
      informer.note_write(written);
    } else {
      informer.note_write(key("a"), written.meta.resource_version);
    }
    const auto fresh = run(informer.get_fresh(key("a"), limit()));
    ASSERT_TRUE(fresh.has_value()) << fresh.error().message;
    EXPECT_EQ((*fresh)->size, i);
  }
}

TEST_F(Runtime, AKindThatIsNotServedIsMissing) {
  struct Doll : Toy {
    static const ResourceType& resource() {
      static const ResourceType kType{"contract.test", "v1", "dolls", "Doll", true};
      return kType;
    }
    static Result<Doll> from_json(const json::object& object) {
      HOLMES_TRY(Toy toy, Toy::from_json(object));
      return Doll{std::move(toy)};
    }
  };
  Informer<Doll> informer(loop, random, *transport, Logger(), metrics, {.namespaces = {ns}});
  Background background(loop);
  background.run(informer);
  EXPECT_TRUE(eventually([&] { return informer.missing_type(); }));
  EXPECT_FALSE(informer.synced());
}

TEST_F(Runtime, AnEventIsWrittenAsPeopleReadIt) {
  const Toy toy = make("a");
  EventRecorder recorder(loop, random, *transport, Logger(), metrics,
                         {.source = {.controller = "contract.test/toys", .instance = "one"}});
  Background background(loop);
  background.run(recorder);
  recorder.record({.regarding = reference_to(Toy::resource(), toy.meta),
                   .type = EventType::kWarning,
                   .reason = "Broken",
                   .action = "Play",
                   .note = std::string(5000, 'x')});
  ASSERT_TRUE(run(recorder.flush(limit())).has_value());
  const ResourceType events{"events.k8s.io", "v1", "events", "Event", true};
  const DecodedList all = decode_list(send(list_request(events, {.ns = ns})).value().body).value();
  ASSERT_EQ(all.items.size(), 1U);
  const json::object& event = all.items[0];
  EXPECT_EQ(json_string(event, {"regarding", "uid"}), toy.meta.uid);
  EXPECT_EQ(json_string(event, {"regarding", "kind"}), "Toy");
  EXPECT_EQ(json_string(event, {"type"}), "Warning");
  EXPECT_EQ(json_string(event, {"reason"}), "Broken");
  EXPECT_EQ(json_string(event, {"action"}), "Play");
  EXPECT_EQ(json_string(event, {"reportingController"}), "contract.test/toys");
  EXPECT_LE(json_string(event, {"note"})->size(), kMaxEventNoteBytes);
}

TEST_F(Runtime, DiscoveryFindsAKindByAnyOfItsNames) {
  Discovery discovery(loop, *transport);
  for (const std::string_view name : {"toys", "toy", "Toy", "ty", "toys.contract.test"}) {
    const auto found = run(discovery.resolve(std::string(name), "", limit()));
    ASSERT_TRUE(found.has_value()) << name << ": " << found.error().message;
    EXPECT_EQ(*found, Toy::resource()) << name;
  }
  const auto pods = run(discovery.resolve("po", "", limit()));
  ASSERT_TRUE(pods.has_value()) << pods.error().message;
  EXPECT_EQ(*pods, kPods);
  const auto deployments = run(discovery.resolve("Deployment", "apps/v1", limit()));
  ASSERT_TRUE(deployments.has_value()) << deployments.error().message;
  EXPECT_EQ(deployments->plural, "deployments");
  EXPECT_EQ(run(discovery.resolve("dolls", "", limit())).error().code, ErrorCode::kNotFound);
}

TEST_F(Runtime, TheReadOnlyTransportReadsAndWritesNothing) {
  make("a", 1);
  ReadOnlyTransport looking(*transport);
  Api<Toy> api(looking);
  EXPECT_EQ(run(api.get(key("a"), limit())).value().size, 1);
  EXPECT_EQ(run(api.list({.ns = ns}, limit())).value().items.size(), 1U);
  EXPECT_TRUE(run(api.watch({.ns = ns}, limit())).has_value());
  const json::object other = new_toy("b").to_json();
  EXPECT_EQ(run(api.create(ns, other, limit())).error().code, ErrorCode::kForbidden);
  EXPECT_EQ(
      run(api.merge_patch(key("a"), json::object{{"spec", {{"size", 2}}}}, limit())).error().code,
      ErrorCode::kForbidden);
  EXPECT_EQ(run(api.remove(key("a"), {}, limit())).error().code, ErrorCode::kForbidden);
  const ResourceType secrets{"", "v1", "secrets", "Secret", true};
  EXPECT_EQ(run(looking.send(list_request(secrets, {.ns = ns}), limit())).error().code,
            ErrorCode::kForbidden);
  EXPECT_EQ(live("a").size, 1);
  EXPECT_EQ(list().value().items.size(), 1U);
}

}  // namespace
}  // namespace holmes::kube
