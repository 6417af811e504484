// What an informer does when an answer of the API server speaks against what it knows.
#include <gmock/gmock.h>

#include "kube/runtime/informer_testing.h"

namespace holmes::kube {
namespace {

const ObjectKey kA{"default", "a"};
const ObjectKey kB{"default", "b"};

TEST_F(InformerTest, ARestoredHistoryIsBelievedAndListedAgain) {
  start("1000", {{.name = "a", .version = "900"}});
  informer_->note_write(kA, "1100");
  api.answer(Response{200, toy_text({.name = "a", .version = "450"})});
  api.answer(page("500", {{.name = "a", .version = "450"}}));
  const auto toy = loop.run(informer_->get_fresh(kA, {}));
  ASSERT_TRUE(toy.has_value());
  EXPECT_EQ((*toy)->meta.resource_version, "450");
  loop.run_until_idle();
  EXPECT_EQ(version(kA), "450");
  EXPECT_EQ(api.asked().back(), "watch 500");
}

TEST_F(InformerTest, WhatAnAnswerSpokeAgainstIsReadAgain) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->doubt(kA);
  api.answer(Response{200, toy_text({.name = "a", .version = "12", .size = "4"})});
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->size, 4);
  EXPECT_EQ(version(kA), "12");
  // It is settled.
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->size, 4);
  EXPECT_EQ(std::ranges::count(api.asked(), "get"), 1);
}

TEST_F(InformerTest, ADoubtIsSettledByTheWatch) {
  start("10", {{.name = "a", .version = "5"}});
  informer_->doubt(kA);
  say("MODIFIED", {.name = "a", .version = "12", .size = "4"});
  EXPECT_EQ((*loop.run(informer_->get_fresh(kA, {})))->size, 4);
  EXPECT_EQ(std::ranges::count(api.asked(), "get"), 0);
}

TEST_F(InformerTest, AReadOlderThanWhatWasKnownBeforeItTellsThatTheHistoryWentBack) {
  start("1000", {{.name = "a", .version = "900"}});
  int told = 0;
  informer_->on_went_back([&told] { ++told; });
  api.answer(Response{200, toy_text({.name = "a", .version = "450"})});
  api.answer(page("500", {{.name = "a", .version = "450"}}));
  const auto toy = loop.run(informer_->read_live(kA, {}));
  ASSERT_TRUE(toy.has_value());
  EXPECT_EQ((*toy)->meta.resource_version, "450");
  loop.run_until_idle();
  EXPECT_EQ(version(kA), "450");
  EXPECT_EQ(told, 1);
}

TEST_F(InformerTest, ALateAnswerThatItIsGoneTakesNothingAwayThatTheWatchToldMeanwhile) {
  start("10", {{.name = "a", .version = "5", .uid = "u1"}});
  Result<Informer<Toy>::Snapshot> read;
  tasks.spawn(read_into(kA, read));
  loop.run_until_idle();
  say("DELETED", {.name = "a", .version = "11", .uid = "u1"});
  say("ADDED", {.name = "a", .version = "12", .uid = "u2"});
  api.answer(fail(ErrorCode::kNotFound, "of the time between"));
  loop.run_until_idle();
  EXPECT_EQ(version(kA), "12");
  ASSERT_TRUE(read && *read != nullptr);
  EXPECT_EQ((*read)->meta.uid, "u2");
}

TEST_F(InformerTest, ALateAnswerBringsNothingBackThatTheWatchToldIsGone) {
  start("10", {{.name = "a", .version = "5"}});
  Result<Informer<Toy>::Snapshot> read;
  tasks.spawn(read_into(kA, read));
  loop.run_until_idle();
  say("DELETED", {.name = "a", .version = "11"});
  api.answer(Response{200, toy_text({.name = "a", .version = "5"})});
  loop.run_until_idle();
  EXPECT_EQ(version(kA), "none");
  EXPECT_TRUE(read && *read == nullptr);
}

TEST_F(InformerTest, AnObjectThatWasReadBesideTheCacheAndThatItMissedIsListed) {
  start("1000", {{.name = "a", .version = "900"}});
  EXPECT_EQ(informer_->version_for(kB), "1000");
  ObjectMeta live;
  live.name = kB.name;
  live.ns = kB.ns;
  live.resource_version = "1001";
  informer_->list_if_missed(live, "1000");
  live.name = kA.name;
  live.resource_version = "950";
  informer_->list_if_missed(live, "1000");  // the cache has it
  loop.run_until_idle();
  EXPECT_EQ(api.asked().back(), "watch 1000");
  api.answer(page("1010", {{.name = "a", .version = "900"}, {.name = "b", .version = "990"}}));
  live.name = kB.name;
  live.resource_version = "990";
  informer_->list_if_missed(live, "1000");
  loop.run_until_idle();
  EXPECT_EQ(version(kB), "990");
  EXPECT_EQ(api.asked().back(), "watch 1010");
}

TEST_F(InformerTest, ALaterListOfARestoredHistoryReplacesNewerVersions) {
  start("1000", {{.name = "a", .version = "900"}, {.name = "b", .version = "950"}});
  relist("500", {{.name = "a", .version = "450"}});
  EXPECT_EQ(version(kA), "450");
  EXPECT_EQ(version(kB), "none");
}

TEST_F(InformerTest, TheNewestCachedObjectTellsOfAHistoryThatWentBackAndHasCaughtUp) {
  start("10", {{.name = "a", .version = "5"}, {.name = "b", .version = "9"}});
  int told = 0;
  informer_->on_went_back([&told] { ++told; });
  api.answer(page("20", {}));
  api.answer(Response{200, toy_text({.name = "b", .version = "7"})});
  api.answer(page("20", {{.name = "a", .version = "5"}, {.name = "b", .version = "7"}}));
  break_off();
  EXPECT_EQ(version(kB), "7");
  EXPECT_EQ(told, 1);
  EXPECT_THAT(api.requests[3].path, ::testing::EndsWith("/b"));
}

TEST_F(InformerTest, AnOwnWriteBeyondTheWatchDoesNotVouchForTheHistoryBeforeIt) {
  start("10", {{.name = "a", .version = "9"}, {.name = "b", .version = "5"}});
  informer_->note_write(toy_of({.name = "b", .version = "25"}));
  api.answer(page("26", {}));
  api.answer(Response{200, toy_text({.name = "a", .version = "7"})});
  api.answer(page("26", {{.name = "a", .version = "7"}, {.name = "b", .version = "25"}}));
  break_off();
  EXPECT_THAT(api.requests[3].path, ::testing::EndsWith("/a"));
  EXPECT_EQ(version(kA), "7");
}

}  // namespace
}  // namespace holmes::kube
