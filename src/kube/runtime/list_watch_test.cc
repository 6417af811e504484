#include "kube/runtime/list_watch.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/runtime/toy_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes down what it is told: "began" (once for several in a row), "+a", "complete 10", "a=7",
// "-a", "gone".
class Notes final : public ObjectSink {
 public:
  void list_began() override {
    if (told.empty() || told.back() != "began") told.emplace_back("began");
  }
  void list_item(const json::object& object) override { told.push_back("+" + name(object)); }
  void list_completed(const std::string& version) override {
    told.push_back("complete " + version);
  }
  void object_changed(const json::object& object) override {
    told.push_back(fmt::format("{}={}", name(object), *json_int(object, {"spec", "size"})));
  }
  [[nodiscard]] bool knows(const ObjectGlance::Seen& /*object*/) const override { return false; }
  void object_deleted(const json::object& object) override { told.push_back("-" + name(object)); }
  void version_reached(const std::string& version) override { reached = version; }
  void all_gone() override { told.emplace_back("gone"); }
  std::vector<Witness> newest(size_t most) override {
    return {witnesses.begin(),
            witnesses.begin() + static_cast<ptrdiff_t>(std::min(most, witnesses.size()))};
  }

  std::vector<std::string> take() { return std::exchange(told, {}); }

  std::vector<std::string> told;
  std::string reached;
  std::vector<Witness> witnesses;

 private:
  static std::string name(const json::object& object) { return key_of(object).name; }
};

class ListWatchTest : public ::testing::Test, protected World {
 protected:
  void start() {
    tasks.spawn(list_watch_.run(tasks.stop()));
    loop.run_until_idle();
  }
  // Synced at version 10 with an empty list and reading this stream.
  std::shared_ptr<Pipe> start_watching() {
    api.answer(page("10", {}));
    auto pipe = api.stream();
    start();
    notes_.take();
    return pipe;
  }
  void say(Pipe& pipe, const std::string& bytes) {
    pipe.send(bytes);
    loop.run_until_idle();
  }
  void TearDown() override { close(); }

  Notes notes_;
  ListWatch list_watch_{loop, random, api, logger, metrics, Toy::resource(), notes_};
};

TEST_F(ListWatchTest, TellsAllPagesThenChanges) {
  api.answer(page("10", {{.name = "a"}, {.name = "b"}}, "t1"));
  api.answer(page("10", {{.name = "c"}}));
  auto pipe = api.stream();
  start();
  EXPECT_THAT(notes_.take(), ElementsAre("began", "+a", "+b", "+c", "complete 10"));
  EXPECT_THAT(api.asked(), ElementsAre("list", "list +t1", "watch 10"));
  EXPECT_THAT(api.requests[0].query,
              ::testing::Contains(std::pair<std::string, std::string>("limit", "500")));
  EXPECT_THAT(api.requests[2].query, ::testing::Contains(std::pair<std::string, std::string>(
                                         "allowWatchBookmarks", "true")));

  const std::string bytes = event_text("ADDED", {.name = "d", .version = "11", .size = "4"}) +
                            event_text("MODIFIED", {.name = "d", .version = "12", .size = "5"});
  say(*pipe, bytes.substr(0, 60));  // however the bytes are cut
  say(*pipe, bytes.substr(60));
  say(*pipe, event_text("DELETED", {.name = "d", .version = "13"}));
  EXPECT_THAT(notes_.take(), ElementsAre("d=4", "d=5", "-d"));
  EXPECT_EQ(notes_.reached, "13");
}

TEST_F(ListWatchTest, AnExpiredContinueTokenIsAnsweredByOneWholeList) {
  api.answer(page("10", {{.name = "a"}}, "t1"));
  api.answer(fail(ErrorCode::kGone, "token expired"));
  api.answer(page("11", {{.name = "a"}, {.name = "b"}}));
  auto pipe = api.stream();
  start();
  EXPECT_THAT(notes_.take(), ElementsAre("began", "+a", "began", "+a", "+b", "complete 11"));
  EXPECT_THAT(api.asked(), ElementsAre("list", "list +t1", "list", "watch 11"));
}

TEST_F(ListWatchTest, ABookmarkMovesTheVersionFromWhichTheNextWatchGoesOn) {
  auto pipe = start_watching();
  api.stream();
  say(*pipe, event_text("BOOKMARK", {.version = "99"}));
  pipe->close();
  loop.run_until_idle();
  EXPECT_THAT(notes_.told, IsEmpty());
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "watch 99"));
}

TEST_F(ListWatchTest, AServerThatClosesWatchesUnderLoadIsGoneOnWithAtOnce) {
  auto pipe = start_watching();
  const MonoTime before = loop.mono_now();
  for (int i = 11; i < 31; ++i) {
    auto next = api.stream();
    pipe->send(event_text("ADDED", {.name = "a", .version = std::to_string(i)}));
    if (i % 2 != 0) api.answer(page(std::to_string(i), {}));  // asked after a stream that broke
    i % 2 == 0 ? pipe->close() : pipe->break_off();           // regularly or not
    loop.run_until_idle();
    pipe = next;
  }
  EXPECT_EQ(loop.mono_now(), before);
  EXPECT_EQ(notes_.told.size(), 20U);
  EXPECT_EQ(api.asked().back(), "watch 30");
  EXPECT_EQ(std::ranges::count(api.asked(), "list"), 1);
}

TEST_F(ListWatchTest, BothFormsOfGoneAreListedAgainAtOnce) {
  auto pipe = start_watching();
  api.answer(page("20", {}));
  api.fail_open(ErrorCode::kGone);
  api.answer(page("30", {}));
  api.stream();
  const MonoTime before = loop.mono_now();
  say(*pipe, event_text("ERROR", status_text(410, "Expired")));
  EXPECT_EQ(loop.mono_now(), before);
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "list", "watch 20", "list", "watch 30"));
}

TEST_F(ListWatchTest, RefusalsBackOffAndWatchAgainFromTheSameVersion) {
  auto pipe = start_watching();
  for (int i = 0; i < 3; ++i) api.fail_open(ErrorCode::kRefused);
  for (int i = 0; i < 4; ++i) api.answer(page("12", {}));
  auto last = api.stream();
  loop.advance(kShortWatch);
  pipe->break_off();
  loop.run_until_idle();
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "ask", "watch 10"));
  loop.advance(milliseconds(800));
  EXPECT_EQ(api.asked().size(), 6U);
  loop.advance(seconds(20));
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "ask", "watch 10", "ask", "watch 10",
                                       "ask", "watch 10", "ask", "watch 10"));
  EXPECT_THAT(logs, ElementsAre("watch failed, retrying", "list-watch works again"));
}

TEST_F(ListWatchTest, AnApiServerThatComesBackFromABackupIsNoticedAtOnceAndTold) {
  auto pipe = start_watching();
  int told = 0;
  list_watch_.on_went_back([&told] { ++told; });
  api.answer(page("7", {}));
  api.answer(page("7", {{.name = "a", .version = "6"}}));
  api.stream();
  loop.advance(kShortWatch);
  pipe->break_off();
  loop.run_until_idle();
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "ask", "list", "watch 7"));
  EXPECT_EQ(told, 1);
}

// The newest version alone does not tell when the restored history has caught up.
TEST_F(ListWatchTest, AfterTheApiServerWasAwayTheNewestObjectsTellWhetherItsHistoryIsAnother) {
  const Witness a{{"default", "a"}, "u1", "9"};
  const Witness b{{"default", "b"}, "u1", "8"};
  const auto is = [](const std::string& name, const std::string& version,
                     const std::string& uid = "u1") -> Result<Response> {
    return Response{200, toy_text({.name = name, .version = version, .uid = uid})};
  };
  const Result<Response> gone = fail(ErrorCode::kNotFound, "gone");
  struct Case {
    std::string name;
    std::vector<Witness> witnesses;
    std::vector<Result<Response>> answers;
    std::vector<std::string> asked;  // behind "list", "watch 10", "ask"
    int told = 0;
  };
  const std::vector<Case> cases{
      {"the same", {a, b}, {is("a", "9")}, {"get", "watch 10"}},
      {"nothing to ask for", {}, {}, {"watch 10"}},
      {"older", {a, b}, {is("a", "4")}, {"get", "list", "watch 20"}, 1},
      {"a version that no watch told of", {b}, {is("b", "10")}, {"get", "list", "watch 20"}, 1},
      {"gone", {a}, {gone}, {"get", "list", "watch 20"}},
      {"gone, another the same", {a, b}, {gone, is("b", "8")}, {"get", "get", "list", "watch 20"}},
      {"gone, another older", {a, b}, {gone, is("b", "3")}, {"get", "get", "list", "watch 20"}, 1},
      {"another of its name", {a}, {is("a", "9", "u2")}, {"get", "list", "watch 20"}},
      {"changed since", {a, b}, {is("a", "12"), is("b", "8")}, {"get", "get", "watch 10"}},
      {"changed since, then older",
       {a, b},
       {is("a", "12"), is("b", "3")},
       {"get", "get", "list", "watch 20"},
       1},
      {"all changed since", {a}, {is("a", "12")}, {"get", "list", "watch 20"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Notes notes;
    FakeTransport server{loop};
    TaskScope running{loop};
    ListWatch list_watch{loop, random, server, logger, metrics, Toy::resource(), notes};
    int told = 0;
    list_watch.on_went_back([&told] { ++told; });
    server.answer(page("10", {}));
    const auto pipe = server.stream();
    server.stream();
    running.spawn(list_watch.run(running.stop()));
    loop.run_until_idle();
    notes.witnesses = c.witnesses;
    server.answer(page("20", {}));
    for (const auto& answer : c.answers) server.answer(answer);
    server.answer(page("20", {}));
    loop.advance(kShortWatch);
    pipe->break_off();
    loop.run_until_idle();
    std::vector<std::string> asked{"list", "watch 10", "ask"};
    asked.insert(asked.end(), c.asked.begin(), c.asked.end());
    EXPECT_EQ(server.asked(), asked);
    EXPECT_EQ(told, c.told);
    loop.run(running.close());
  }
}

TEST_F(ListWatchTest, AWitnessThatCannotBeReadIsAskedForAgain) {
  auto pipe = start_watching();
  notes_.witnesses = {{{"default", "a"}, "u1", "9"}};
  api.answer(page("20", {}));
  api.answer(fail(ErrorCode::kUnavailable, "500"));
  api.answer(page("20", {}));
  api.answer(Response{200, toy_text({.name = "a", .version = "9"})});
  api.stream();
  loop.advance(kShortWatch);
  pipe->break_off();
  loop.advance(seconds(2));
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "ask", "get", "ask", "get", "watch 10"));
}

TEST_F(ListWatchTest, AnErrorEventThatIsNotGoneBacksOffAndGoesOn) {
  auto pipe = start_watching();
  api.stream();
  say(*pipe, event_text("ADDED", {.version = "11"}) +
                 event_text("ERROR", status_text(500, "InternalError")));
  EXPECT_EQ(api.asked().back(), "watch 10");
  loop.advance(seconds(1));
  EXPECT_EQ(api.asked().back(), "watch 11");
}

TEST_F(ListWatchTest, AStreamThatDoesNotEndIsReplacedAfterItsTime) {
  auto pipe = start_watching();
  api.stream();
  for (seconds lasted{0}; lasted < kWatchTimeout + kWatchMargin; lasted += seconds(30)) {
    if (!pipe->abandoned) say(*pipe, event_text("BOOKMARK", {.version = "12"}));
    loop.advance(seconds(30));
  }
  EXPECT_TRUE(pipe->abandoned);
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "watch 12"));
}

TEST_F(ListWatchTest, AStreamThatFallsSilentIsReplacedSoon) {
  auto pipe = start_watching();
  loop.advance(kSilentWatch - seconds(1));
  say(*pipe, event_text("BOOKMARK", {.version = "12"}));
  api.stream();
  loop.advance(kSilentWatch - seconds(1));
  EXPECT_FALSE(pipe->abandoned);
  loop.advance(seconds(2));
  EXPECT_TRUE(pipe->abandoned);
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "watch 12"));
}

TEST_F(ListWatchTest, WhatItDoesNotUnderstandIsLeftOutAndCounted) {
  auto pipe = start_watching();
  say(*pipe, event_text("RENAMED", {.version = "11"}) +
                 event_text("ADDED", {.version = "12", .kind = "Table"}) + "{\"type\": 5}\n" +
                 "not json\n" + event_text("ADDED", {.version = "13", .size = "3"}));
  EXPECT_THAT(notes_.take(), ElementsAre("a=3"));
  const auto counted = [&](const char* reason, int count) {
    return metric(fmt::format(
               R"(holmes_watch_skipped_events_total{{resource="toys.toys.dev",reason="{}"}} {})",
               reason, count)) ||
           metric(fmt::format(
               R"(holmes_watch_skipped_events_total{{reason="{}",resource="toys.toys.dev"}} {})",
               reason, count));
  };
  EXPECT_TRUE(counted("unknown type", 1));
  EXPECT_TRUE(counted("wrong kind", 1));
  EXPECT_TRUE(counted("unreadable", 2));
  EXPECT_EQ(logs.size(), 4U);
}

TEST_F(ListWatchTest, AnEventThatWasLeftOutDoesNotMoveTheVersion) {
  auto pipe = start_watching();
  api.stream();
  say(*pipe, event_text("RENAMED", {.version = "11"}));
  pipe->close();
  loop.run_until_idle();
  EXPECT_EQ(api.asked().back(), "watch 10");
}

TEST_F(ListWatchTest, WaitsForAMissingTypeAndSaysSoOnce) {
  for (int i = 0; i < 5; ++i) api.answer(fail(ErrorCode::kNotFound, "404 page not found"));
  start();
  EXPECT_TRUE(list_watch_.machine().missing_type());
  loop.advance(minutes(1));
  EXPECT_EQ(api.requests.size(), 6U);
  EXPECT_THAT(logs,
              ElementsAre("waiting for the CRD toys.toys.dev: the API server does not know it"));
  api.answer(page("10", {}));
  loop.run_until_idle();
  EXPECT_FALSE(list_watch_.machine().missing_type());
  EXPECT_THAT(logs,
              ElementsAre("waiting for the CRD toys.toys.dev: the API server does not know it",
                          "the CRD toys.toys.dev is there"));
}

TEST_F(ListWatchTest, ATypeThatGoesAwayTakesItsObjectsWithIt) {
  auto pipe = start_watching();
  api.fail_open(ErrorCode::kNotFound);
  api.answer(fail(ErrorCode::kNotFound, "404"));
  api.answer(fail(ErrorCode::kNotFound, "404"));
  loop.advance(kShortWatch);
  pipe->close();
  loop.run_until_idle();
  EXPECT_THAT(notes_.take(), ElementsAre("began"));  // one 404 may be a mistake
  loop.advance(seconds(2));
  EXPECT_THAT(notes_.take(), ElementsAre("began", "gone"));
}

TEST_F(ListWatchTest, AListThatIsNoListIsRetried) {
  api.answer(Response{200, "<html>login</html>"});
  api.answer(Response{200, R"({"kind":"Table","rows":[]})"});
  api.answer(Response{200, R"({"kind":"ToyList","metadata":{},"items":[]})"});
  api.answer(page("10", {}));
  start();
  loop.advance(seconds(10));
  EXPECT_THAT(notes_.take(), ElementsAre("began", "complete 10"));
  EXPECT_THAT(api.asked(), ElementsAre("list", "list", "list", "list", "watch 10"));
}

TEST_F(ListWatchTest, AListThatNeverAnswersIsGivenUpAndRetried) {
  start();
  loop.advance(kListTimeout + seconds(2));
  EXPECT_THAT(api.asked(), ElementsAre("list", "list"));
}

TEST_F(ListWatchTest, ListsAgainWhenTold) {
  auto pipe = start_watching();
  api.answer(page("20", {}));
  list_watch_.list_again();
  loop.run_until_idle();
  EXPECT_TRUE(pipe->abandoned);
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "list", "watch 20"));
}

TEST_F(ListWatchTest, ATooLargeVersionIsReplacedByTheMostRecentOne) {
  auto pipe = start_watching();
  std::string too_large = status_text(504, "Timeout");
  too_large.insert(too_large.size() - 1,
                   R"(,"details":{"causes":[{"reason":"ResourceVersionTooLarge"}],)"
                   R"("retryAfterSeconds":1})");
  api.answer(page("5", {}));
  api.stream();
  say(*pipe, event_text("ERROR", too_large));
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "list", "watch 5"));
}

TEST_F(ListWatchTest, AnEventThatIsTooLargeLeadsToAListThatIsNotOlder) {
  auto pipe = start_watching();
  say(*pipe, event_text("ADDED", {.version = "12"}));
  api.answer(page("13", {}));
  api.stream();
  say(*pipe, std::string(kMaxWatchEventBytes + 1, 'x'));
  loop.advance(seconds(1));
  EXPECT_THAT(api.asked(), ElementsAre("list", "watch 10", "list >=12", "watch 13"));
}

class StreamedListTest : public ListWatchTest {
 protected:
  std::shared_ptr<Pipe> start_streaming() {
    api.streams_lists = true;
    auto pipe = api.stream();
    start();
    return pipe;
  }
};

TEST_F(StreamedListTest, TellsObjectsAsTheyComeAndGoesOnInTheSameStream) {
  auto pipe = start_streaming();
  say(*pipe, event_text("ADDED", {.name = "b", .version = "9"}) +
                 event_text("ADDED", {.name = "a", .version = "7"}));
  EXPECT_THAT(notes_.take(), ElementsAre("began", "+b", "+a"));
  say(*pipe, event_text("MODIFIED", {.name = "a", .version = "11"}) +
                 event_text("DELETED", {.name = "b", .version = "12"}) + initial_end("12") +
                 event_text("ADDED", {.name = "c", .version = "13", .size = "3"}));
  EXPECT_THAT(notes_.take(), ElementsAre("+a", "-b", "complete 12", "c=3"));
  EXPECT_EQ(notes_.reached, "13");
  pipe->close();
  loop.run_until_idle();
  EXPECT_THAT(api.asked(), ElementsAre("stream", "watch 13"));
  EXPECT_THAT(logs, IsEmpty());
}

TEST_F(StreamedListTest, AServerThatRefusesIsAskedForPagesAndNeverAgain) {
  api.answer(page("10", {}));
  api.streams_lists = true;
  api.fail_open(ErrorCode::kInvalid);
  start();
  list_watch_.list_again();
  api.answer(page("20", {}));
  loop.run_until_idle();
  EXPECT_THAT(api.asked(), ElementsAre("stream", "list", "watch 10", "list", "watch 20"));
  EXPECT_THAT(logs, IsEmpty());
}

// It ignores the parameters: all objects come when no version was asked for, and then bookmarks
// like any other, or nothing at all.
TEST_F(StreamedListTest, AServerThatDoesNotKnowStreamsIsFoundOutByItsFirstBookmark) {
  auto pipe = start_streaming();
  api.answer(page("11", {{.name = "a"}}));
  say(*pipe, event_text("ADDED", {.name = "a"}) + event_text("BOOKMARK", {.version = "11"}));
  EXPECT_TRUE(pipe->abandoned);
  EXPECT_THAT(notes_.take(), ElementsAre("began", "+a", "began", "+a", "complete 11"));
  EXPECT_THAT(api.asked(), ElementsAre("stream", "list", "watch 11"));
  EXPECT_THAT(
      logs, ElementsAre("a stream of all objects did not come to its end: reading them in pages"));
}

TEST_F(StreamedListTest, ASilentStreamIsReplacedByPages) {
  auto pipe = start_streaming();
  api.answer(page("11", {}));
  for (int i = 0; i < 5; ++i) {  // slow is not silent
    loop.advance(kInitialEventsSilence - seconds(1));
    say(*pipe, event_text("ADDED", {.name = "a"}));
  }
  EXPECT_THAT(api.asked(), ElementsAre("stream"));
  loop.advance(kInitialEventsSilence);
  EXPECT_TRUE(pipe->abandoned);
  EXPECT_THAT(api.asked(), ElementsAre("stream", "list", "watch 11"));
  list_watch_.list_again();
  loop.run_until_idle();
  EXPECT_EQ(api.asked().back(), "stream");  // once may be a connection that died
}

TEST_F(StreamedListTest, ABrokenStreamIsReplacedByPagesThisTime) {
  auto pipe = start_streaming();
  api.answer(page("11", {}));
  pipe->send(event_text("ADDED", {.name = "a"}));
  pipe->break_off();
  loop.run_until_idle();
  EXPECT_THAT(notes_.take(), ElementsAre("began", "+a", "began", "complete 11"));
  list_watch_.list_again();
  loop.run_until_idle();
  EXPECT_EQ(api.asked().back(), "stream");
}

TEST_F(StreamedListTest, ARefusalThatPassesIsWaitedFor) {
  api.streams_lists = true;
  api.fail_open(ErrorCode::kRefused);  // "storage is (re)initializing"
  start();
  EXPECT_THAT(api.asked(), ElementsAre("stream"));
  loop.advance(seconds(1));
  EXPECT_THAT(api.asked(), ElementsAre("stream", "stream"));
}

TEST_F(ListWatchTest, StopsInEveryState) {
  for (int state = 0; state < 3; ++state) {
    FakeTransport quiet(loop);
    if (state == 1) quiet.answer(page("1", {}));
    if (state == 2) quiet.answer(fail(ErrorCode::kRefused, "no"));
    ListWatch list_watch(loop, random, quiet, logger, metrics, Toy::resource(), notes_);
    TaskScope scope(loop);
    scope.spawn(list_watch.run(scope.stop()));
    loop.run_until_idle();
    const MonoTime before = loop.mono_now();
    loop.run(scope.close());
    EXPECT_EQ(loop.mono_now(), before);
  }
}

}  // namespace
}  // namespace holmes::kube
