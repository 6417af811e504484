#include "kube/runtime/informer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/runtime/informer_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ObjectKey kA{"default", "a"};
const ObjectKey kB{"default", "b"};

TEST_F(InformerTest, HoldsWhatTheListAndTheWatchSay) {
  api.answer(page("10", {{.name = "a", .version = "5"}}, "t"));
  make();
  EXPECT_FALSE(informer_->synced());
  api.answer(page("10", {{.name = "b", .version = "6"}}));
  pipe_ = api.stream();
  loop.run_until_idle();
  EXPECT_TRUE(informer_->synced());
  EXPECT_THAT(changes(), ElementsAre("+a:u1@5", "+b:u1@6"));

  say("MODIFIED", {.name = "a", .version = "11", .size = "7"});
  say("DELETED", {.name = "b", .version = "12"});
  EXPECT_THAT(changes(), ElementsAre("a:u1@5->11", "-b:u1@6"));
  EXPECT_EQ(informer_->get(kA)->size, 7);
  EXPECT_EQ(informer_->get(kB), nullptr);
  EXPECT_EQ(informer_->size(), 1U);
  std::vector<std::string> names;
  informer_->for_each([&](const auto& toy) { names.push_back(toy->meta.name); });
  EXPECT_THAT(names, ElementsAre("a"));
  EXPECT_TRUE(metric(R"(holmes_cache_objects{resource="toys.toys.dev"} 1)"));
}

TEST_F(InformerTest, ASnapshotNeverChanges) {
  start("10", {{.name = "a", .version = "5", .size = "1"}});
  const auto held = informer_->get(kA);
  say("MODIFIED", {.name = "a", .version = "11", .size = "2"});
  say("DELETED", {.name = "a", .version = "12"});
  EXPECT_EQ(held->size, 1);
}

TEST_F(InformerTest, WaitsUntilTheFirstListWasTold) {
  make();
  bool told_first = false;
  informer_->on_change([&](const auto&) { told_first = !informer_->synced(); });
  api.answer(page("10", {{.name = "a"}}));
  EXPECT_TRUE(loop.run(informer_->wait_synced({})).has_value());
  EXPECT_TRUE(told_first);
  EXPECT_EQ(informer_->size(), 1U);
}

TEST_F(InformerTest, AWaitForTheFirstListCanBeStopped) {
  make();
  StopSource source({}, loop, loop.mono_now() + seconds(3));
  const Status waited = loop.run(informer_->wait_synced(source.stop()));
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().code, ErrorCode::kTimeout);
}

TEST_F(InformerTest, DeletedAndMadeAgainIsSeenAsTwoObjectsInTheWatch) {
  start("10", {{.name = "a", .version = "5", .uid = "u1"}});
  say("MODIFIED", {.name = "a", .version = "12", .uid = "u2"});  // the rest was missed
  EXPECT_THAT(changes(), ElementsAre("?a:u1@5", "+a:u2@12"));
}

TEST_F(InformerTest, DeletedAndMadeAgainIsSeenAsTwoObjectsInALaterList) {
  start("10", {{.name = "a", .version = "5", .uid = "u1"}, {.name = "b", .version = "6"}});
  relist("20", {{.name = "a", .version = "15", .uid = "u2"}});
  EXPECT_THAT(changes(), ElementsAre("?a:u1@5", "+a:u2@15", "?b:u1@6"));
}

TEST_F(InformerTest, ALaterListTellsOnlyWhatIsDifferent) {
  start("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "6"}});
  relist("20", {{.name = "a", .version = "5"}, {.name = "b", .version = "19"}});
  EXPECT_THAT(changes(), ElementsAre("b:u1@6->19"));
}

TEST_F(InformerTest, AnUnreadableObjectIsLeftOutAndTheOthersGoOn) {
  start("10", {{.name = "a", .version = "5", .size = "\"large\""}, {.name = "b", .version = "6"}});
  EXPECT_EQ(informer_->size(), 1U);
  EXPECT_THAT(logs, ElementsAre("object is unreadable and left out"));
  say("ADDED", {.name = "c", .version = "11", .size = "null"});
  say("MODIFIED", {.name = "b", .version = "12", .size = "3"});
  EXPECT_EQ(informer_->get(kB)->size, 3);
  EXPECT_EQ(logs.size(), 2U);
  EXPECT_TRUE(metric(R"(holmes_watch_unreadable_objects_total{resource="toys.toys.dev"} 2)"));
}

TEST_F(InformerTest, AnObjectThatBecomesUnreadableIsRemoved) {
  start("10", {{.name = "a", .version = "5"}});
  say("MODIFIED", {.name = "a", .version = "11", .size = "{}"});
  EXPECT_THAT(changes(), ElementsAre("?a:u1@5"));
  say("MODIFIED", {.name = "a", .version = "12"});
  EXPECT_THAT(changes(), ElementsAre("+a:u1@12"));
}

TEST_F(InformerTest, AnAbsurdlyDeepObjectDoesNotHideTheOthers) {
  const std::string deep = std::string(9000, '[') + std::string(9000, ']');
  start("10", {{.name = "a", .version = "5", .extra = deep}, {.name = "b", .version = "6"}});
  EXPECT_EQ(informer_->size(), 1U);
  say("ADDED", {.name = "c", .version = "11", .extra = deep});
  say("MODIFIED", {.name = "b", .version = "12"});
  EXPECT_EQ(version(kB), "12");
  EXPECT_TRUE(metric(R"(holmes_watch_unreadable_objects_total{resource="toys.toys.dev"} 2)"));
}

TEST_F(InformerTest, ANotedWriteIsSeenAtOnceAndToldOnce) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(toy_of({.name = "a", .version = "11", .size = "9"}));
  informer_->note_write(toy_of({.name = "b", .version = "12"}));
  EXPECT_EQ(informer_->get(kA)->size, 9);
  EXPECT_THAT(changes(), ElementsAre("a:u1@5->11", "+b:u1@12"));
  say("MODIFIED", {.name = "a", .version = "11", .size = "9"});
  say("ADDED", {.name = "b", .version = "12"});
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(InformerTest, AnOwnWriteThatComesBackIsNotReadAgain) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(toy_of({.name = "a", .version = "11", .size = "9"}));
  say("MODIFIED", {.name = "a", .version = "11", .size = "\"unreadable\""});
  EXPECT_EQ(informer_->get(kA)->size, 9);
  say("MODIFIED", {.name = "a", .version = "12", .size = "\"unreadable\""});
  EXPECT_EQ(informer_->get(kA), nullptr);
}

TEST_F(InformerTest, AnswersThatComeWithAnEventAreHeardFirst) {
  start("10", {{.name = "a", .version = "5"}});
  pipe_->send(event_text("MODIFIED", {.name = "a", .version = "11", .size = "\"unreadable\""}));
  loop.post([this] { informer_->note_write(toy_of({.name = "a", .version = "11", .size = "9"})); });
  loop.run_until_idle();
  EXPECT_EQ(informer_->get(kA)->size, 9);
}

TEST_F(InformerTest, ALateEventNeverOverwritesANewerState) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(toy_of({.name = "a", .version = "100"}));
  say("MODIFIED", {.name = "a", .version = "99"});  // shorter, smaller
  EXPECT_EQ(version(kA), "100");
  informer_->note_write(toy_of({.name = "a", .version = "98"}));
  EXPECT_EQ(version(kA), "100");
  // The deletion of a predecessor, after its successor was noted.
  informer_->note_write(toy_of({.name = "a", .version = "120", .uid = "u2"}));
  say("DELETED", {.name = "a", .version = "110", .uid = "u1"});
  EXPECT_EQ(version(kA), "120");
}

TEST_F(InformerTest, ALateNoteDoesNotBringADeletedObjectBack) {
  start("10", {});
  say("ADDED", {.name = "a", .version = "11"});
  say("DELETED", {.name = "a", .version = "12"});
  informer_->note_write(toy_of({.name = "a", .version = "11"}));
  EXPECT_EQ(informer_->get(kA), nullptr);
}

TEST_F(InformerTest, AWriteNotedWhileAListIsOnItsWaySurvivesIt) {
  start("10", {{.name = "a", .version = "5"}});
  pipe_->send(event_text("ERROR", status_text(410, "Expired")));
  loop.run_until_idle();  // the list was asked for and not answered yet
  informer_->note_write(toy_of({.name = "a", .version = "25"}));
  informer_->note_write(toy_of({.name = "b", .version = "26"}));
  pipe_ = api.stream();
  api.answer(page("20", {{.name = "a", .version = "5"}}));
  loop.run_until_idle();
  EXPECT_EQ(version(kA), "25");
  EXPECT_EQ(version(kB), "26");
  relist("30", {{.name = "a", .version = "25"}});
  EXPECT_EQ(version(kB), "none");
}

TEST_F(InformerTest, AFreshReadIsTheCachedOneWhenNothingIsOutstanding) {
  start("10", {{.name = "a", .version = "5"}});
  const size_t before = api.requests.size();
  const auto toy = loop.run(informer_->get_fresh(kA, {}));
  ASSERT_TRUE(toy.has_value());
  EXPECT_EQ(*toy, informer_->get(kA));
  EXPECT_EQ(*loop.run(informer_->get_fresh(kB, {})), nullptr);
  EXPECT_EQ(api.requests.size(), before);
}

TEST_F(InformerTest, AFreshReadWaitsForTheWatchToShowTheWrite) {
  start("10", {{.name = "a", .version = "5"}});
  const size_t before = api.requests.size();
  informer_->note_write(kA, "12");
  Timer first(loop, loop.mono_now() + seconds(1),
              [&] { pipe_->send(event_text("MODIFIED", {.name = "a", .version = "11"})); });
  Timer second(loop, loop.mono_now() + seconds(2),
               [&] { pipe_->send(event_text("MODIFIED", {.name = "a", .version = "12"})); });
  const auto toy = loop.run(informer_->get_fresh(kA, {}));
  ASSERT_TRUE(toy.has_value());
  EXPECT_EQ((*toy)->meta.resource_version, "12");
  EXPECT_EQ(api.requests.size(), before);
}

TEST_F(InformerTest, AFreshReadIsContentWhenTheWatchHasPassedTheWrite) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(kA, "12");
  say("BOOKMARK", {.version = "13"});
  const MonoTime before = loop.mono_now();
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->meta.resource_version, "5");
  EXPECT_EQ(loop.mono_now(), before);
}

TEST_F(InformerTest, AFreshReadAsksTheServerWhenTheWatchLagsTooLong) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(kA, "12");
  api.answer(Response{200, toy_text({.name = "a", .version = "12", .size = "4"})});
  const MonoTime before = loop.mono_now();
  const auto toy = loop.run(informer_->get_fresh(kA, {}));
  ASSERT_TRUE(toy.has_value());
  EXPECT_EQ((*toy)->size, 4);
  EXPECT_EQ(loop.mono_now() - before, kMaxStaleWait);
  EXPECT_EQ(version(kA), "12");
  EXPECT_THAT(api.asked(), Contains("get"));
  EXPECT_TRUE(metric(R"(holmes_cache_live_reads_total{resource="toys.toys.dev"} 1)"));
}

TEST_F(InformerTest, AFreshReadWaitsAlsoWhenMoreWritesAreOutstandingThanAreRemembered) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(kA, "12");
  for (size_t i = 0; i < kMaxNotedWrites; ++i) {
    informer_->note_write(ObjectKey{"default", "b" + std::to_string(i)}, "20");
  }
  Timer first(loop, loop.mono_now() + seconds(1),
              [&] { pipe_->send(event_text("MODIFIED", {.name = "a", .version = "12"})); });
  Timer second(loop, loop.mono_now() + seconds(2),
               [&] { pipe_->send(event_text("BOOKMARK", {.version = "20"})); });
  const MonoTime began = loop.mono_now();
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->meta.resource_version, "12");
  const MonoTime passed = loop.mono_now();
  EXPECT_EQ(passed - began, seconds(2));
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->meta.resource_version, "12");
  EXPECT_EQ(loop.mono_now(), passed);
}

TEST_F(InformerTest, AFreshReadThatFindsNothingRemovesTheObject) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(kA, "12");
  api.answer(fail(ErrorCode::kNotFound, "not found"));
  EXPECT_EQ(*loop.run(informer_->get_fresh(kA, {})), nullptr);
  EXPECT_THAT(changes(), ElementsAre("?a:u1@5"));
}

TEST_F(InformerTest, AFreshReadThatFailsSaysSoAndKeepsTheNote) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(kA, "12");
  api.answer(fail(ErrorCode::kUnavailable, "500"));
  EXPECT_EQ(loop.run(informer_->get_fresh(kA, {})).error().code, ErrorCode::kUnavailable);
  StopSource source({}, loop, loop.mono_now() + seconds(1));
  EXPECT_EQ(loop.run(informer_->get_fresh(kA, source.stop())).error().code, ErrorCode::kTimeout);
}

TEST_F(InformerTest, OneListWatchPerNamespaceFeedsOneCache) {
  api.answer(page("10", {{.name = "a", .ns = "east"}}));
  make({.namespaces = {"east", "west", "east"}});
  EXPECT_FALSE(informer_->synced());
  api.answer(page("11", {{.name = "a", .ns = "west"}}));
  loop.run_until_idle();
  EXPECT_TRUE(informer_->synced());
  EXPECT_EQ(informer_->size(), 2U);
  EXPECT_EQ(informer_->get({"east", "a"})->meta.ns, "east");
  std::vector<std::string> paths;
  for (const Request& request : api.requests) {
    if (request.verb == Verb::kList) paths.push_back(request.path);
  }
  EXPECT_THAT(paths, ElementsAre("/apis/toys.dev/v1/namespaces/east/toys",
                                 "/apis/toys.dev/v1/namespaces/west/toys"));
  informer_->note_write(toy_of({.name = "x", .version = "99", .ns = "north"}));
  EXPECT_EQ(informer_->size(), 2U);
}

TEST_F(InformerTest, UnderALabelSelectorOnlyTheServerDecidesWhatIsNew) {
  api.answer(page("10", {}));
  make({.label_selector = "x=y"});
  EXPECT_THAT(api.requests[0].query,
              Contains(std::pair<std::string, std::string>("labelSelector", "x=y")));
  informer_->note_write(toy_of({.name = "a", .version = "11"}));
  EXPECT_EQ(informer_->get(kA), nullptr);
  api.answer(Response{200, toy_text({.name = "a", .version = "11"})});
  EXPECT_NE(*loop.run(informer_->read_live(kA, {})), nullptr);
  EXPECT_EQ(informer_->get(kA), nullptr) << "it may not match";
}

TEST_F(InformerTest, ALiveReadBesideTheWatchedNamespacesChangesNothing) {
  api.answer(page("10", {}));
  make({.namespaces = {"east"}});
  api.answer(Response{200, toy_text({.name = "a", .version = "11", .ns = "north"})});
  const auto live = loop.run(informer_->read_live({"north", "a"}, {}));
  EXPECT_EQ((*live)->meta.ns, "north");
  EXPECT_EQ(informer_->size(), 0U);
}

TEST_F(InformerTest, ADeletedTypeIsSeenAsDeletedObjects) {
  start("10", {{.name = "a", .version = "5"}});
  api.fail_open(ErrorCode::kNotFound);
  api.answer(fail(ErrorCode::kNotFound, "404"));
  api.answer(fail(ErrorCode::kNotFound, "404"));
  pipe_->close();
  loop.advance(seconds(3));
  EXPECT_THAT(changes(), ElementsAre("?a:u1@5"));
  EXPECT_TRUE(informer_->missing_type());
  api.answer(page("40", {{.name = "a", .version = "33", .uid = "u2"}}));
  loop.advance(seconds(10));
  EXPECT_THAT(changes(), ElementsAre("+a:u2@33"));
  EXPECT_FALSE(informer_->missing_type());
}

TEST_F(InformerTest, AStreamedListRemovesWhatItLackedOnlyAtItsEnd) {
  api.streams_lists = true;
  pipe_ = api.stream();
  make();
  pipe_->send(event_text("ADDED", {.name = "a", .version = "5"}) +
              event_text("ADDED", {.name = "b", .version = "6"}));
  loop.run_until_idle();
  EXPECT_EQ(informer_->size(), 2U);
  EXPECT_FALSE(informer_->synced());
  pipe_->send(initial_end("10"));
  loop.run_until_idle();
  EXPECT_TRUE(informer_->synced());
  changes();

  pipe_->send(event_text("ERROR", status_text(410, "Expired")));
  pipe_ = api.stream();
  pipe_->send(event_text("ADDED", {.name = "a", .version = "5"}) +
              event_text("ADDED", {.name = "c", .version = "15"}) +
              event_text("MODIFIED", {.name = "c", .version = "21"}));
  loop.run_until_idle();
  EXPECT_THAT(changes(), ElementsAre("+c:u1@15", "c:u1@15->21"));
  EXPECT_EQ(version(kB), "6");
  pipe_->send(event_text("DELETED", {.name = "a", .version = "22"}) + initial_end("22") +
              event_text("ADDED", {.name = "d", .version = "23"}));
  loop.run_until_idle();
  EXPECT_THAT(changes(), ElementsAre("-a:u1@5", "?b:u1@6", "+d:u1@23"));
  EXPECT_THAT(api.asked(), ElementsAre("stream", "stream"));
}

TEST_F(InformerTest, ALaterListIsNeverOlderThanAnOwnWrite) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->note_write(toy_of({.name = "a", .version = "40"}));
  informer_->note_write(toy_of({.name = "b", .version = "41"}));
  pipe_->send(std::string(kMaxWatchEventBytes + 1, 'x'));
  loop.advance(seconds(1));
  EXPECT_EQ(api.asked().back(), "list >=41");
}

Task<> refresh(Informer<Toy>* informer, bool* done) {
  *done = (co_await informer->refresh({})).has_value();
}

TEST_F(InformerTest, ARefreshEndsWithAListThatBeganAfterItAndIsOfTheMostRecentVersion) {
  start("10", {{.name = "a", .version = "5"}});
  bool done = false;
  tasks.spawn(refresh(informer_.get(), &done));
  loop.run_until_idle();
  EXPECT_FALSE(done);
  EXPECT_EQ(version(kA), "5");  // to be read meanwhile
  EXPECT_EQ(api.asked().back(), "list");
  api.answer(page("20", {{.name = "b", .version = "15"}}));
  pipe_ = api.stream();
  loop.run_until_idle();
  EXPECT_TRUE(done);
  EXPECT_EQ(version(kA), "none");
  EXPECT_EQ(version(kB), "15");
  say("MODIFIED", {.name = "b", .version = "21"});
  EXPECT_EQ(version(kB), "21");
}

TEST_F(InformerTest, AListThatIsUnderWayIsNotEnoughForARefresh) {
  api.answer(page("10", {{.name = "a", .version = "5"}}, "t"));
  make();
  bool done = false;
  tasks.spawn(refresh(informer_.get(), &done));
  loop.run_until_idle();
  api.answer(page("10", {}));
  loop.run_until_idle();
  EXPECT_TRUE(informer_->synced());
  EXPECT_FALSE(done);
  api.answer(page("20", {{.name = "a", .version = "15"}}));
  loop.run_until_idle();
  EXPECT_TRUE(done);
  EXPECT_EQ(version(kA), "15");
}

TEST_F(InformerTest, ARefreshIsOfTheMostRecentVersionAlsoWhenAListIsDueAnyway) {
  start("10", {{.name = "a", .version = "5"}});
  pipe_->send(std::string(kMaxWatchEventBytes + 1, 'x'));
  loop.run_until_idle();  // it waits to list again, from version 10 on
  bool done = false;
  tasks.spawn(refresh(informer_.get(), &done));
  loop.run_until_idle();
  const size_t before = api.asked().size();
  loop.advance(seconds(1));
  ASSERT_GT(api.asked().size(), before);
  EXPECT_EQ(api.asked()[before], "list");
  api.answer(page("20", {}));
  loop.run_until_idle();
  EXPECT_TRUE(done);
}

TEST_F(InformerTest, ARefreshCanBeStopped) {
  start("10", {});
  StopSource source({}, loop, loop.mono_now() + seconds(3));
  EXPECT_EQ(loop.run(informer_->refresh(source.stop())).error().code, ErrorCode::kTimeout);
}

TEST_F(InformerTest, AnIndexFollowsTheCache) {
  start("10", {{.name = "a", .version = "5", .size = "1"},
               {.name = "b", .version = "6", .size = "1"},
               {.name = "c", .version = "7"}});
  EXPECT_EQ(of_size(1), "a b");
  EXPECT_EQ(of_size(0), "");
  say("MODIFIED", {.name = "a", .version = "11", .size = "2"});
  informer_->note_write(toy_of({.name = "c", .version = "12", .size = "2"}));
  EXPECT_EQ(of_size(1), "b");
  EXPECT_EQ(of_size(2), "a c");
  EXPECT_EQ(by_size_->find("2").size(), 2U);
  say("MODIFIED", {.name = "a", .version = "13", .size = "2", .uid = "u2"});
  say("DELETED", {.name = "c", .version = "14"});
  relist("20", {{.name = "a", .version = "13", .size = "2", .uid = "u2"}});
  EXPECT_EQ(of_size(1), "");
  EXPECT_EQ(of_size(2), "a");
}

TEST_F(InformerTest, TheOracleIsContentWhenCacheAndListAgree) {
  start("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "6", .size = "\"bad\""}});
  say("MODIFIED", {.name = "a", .version = "12"});
  informer_->note_write(toy_of({.name = "c", .version = "15"}));  // beyond what the watch has shown
  api.answer(page("12", {{.name = "a", .version = "12"}}, "t"));
  api.answer(page("12", {{.name = "b", .version = "6", .size = "\"bad\""}}));
  EXPECT_THAT(differences(), IsEmpty());
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "list =12", "list +t"));
}

TEST_F(InformerTest, TheOracleNamesWhatIsDifferent) {
  start("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "6"}});
  api.answer(page("10", {{.name = "a", .version = "7"}, {.name = "c", .version = "8"}}));
  api.answer(Response{200, toy_text({.name = "c", .version = "8"})});
  EXPECT_THAT(differences(), ElementsAre("default/a: cached is 5 of u1, listed is 7 of u1",
                                         "default/c: cached is nothing, listed is 8 of u1",
                                         "default/b: cached is 6 of u1, listed is nothing"));
  api.answer(fail(ErrorCode::kGone, "compacted"));
  EXPECT_EQ(loop.run(informer_->differences({})).error().code, ErrorCode::kGone);
}

TEST_F(InformerTest, TheOracleKnowsThatACacheMayHaveReadOfAnEndThatTheWatchHasNotShown) {
  start("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "6"}});
  for (const auto& key : {kA, kB}) {
    api.answer(fail(ErrorCode::kNotFound, "gone"));
    EXPECT_EQ(*loop.run(informer_->read_live(key, {})), nullptr);
  }
  api.answer(page("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "6"}}));
  api.answer(fail(ErrorCode::kNotFound, "gone"));
  api.answer(Response{200, toy_text({.name = "b", .version = "12"})});
  EXPECT_THAT(differences(), IsEmpty());
  EXPECT_EQ(api.asked().back(), "get");
}

TEST_F(InformerTest, ADifferenceIsAnErrorInTheLog) {
  api.answer(page("10", {{.name = "a", .version = "5"}}));
  pipe_ = api.stream();
  make({.verify_interval = seconds(10)});
  api.answer(page("10", {{.name = "a", .version = "5"}}));
  loop.advance(seconds(10));
  EXPECT_THAT(logs, IsEmpty());
  api.answer(page("10", {{.name = "b", .version = "7"}, {.name = "a", .version = "5"}}));
  api.answer(Response{200, toy_text({.name = "b", .version = "7"})});
  loop.advance(seconds(10));
  EXPECT_THAT(logs, ElementsAre("the cache differs from the API server"));
  EXPECT_TRUE(metric(R"(holmes_cache_comparisons_total{resource="toys.toys.dev"} 2)"));
}

}  // namespace
}  // namespace holmes::kube
