#include "kube/runtime/event_recorder.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "kube/runtime/toy_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class NoRandom final : public Random {
 public:
  uint64_t next() override { return 0; }
};

class EventRecorderTest : public ::testing::Test, protected World {
 protected:
  void start() {
    tasks.spawn(recorder_.run(tasks.stop()));
    loop.run_until_idle();
  }
  static EventSpec spec(std::string note = "all is well") {
    return {.regarding = reference_to(Toy::resource(), toy_of({.name = "a", .version = "7"}).meta),
            .type = EventType::kWarning,
            .reason = "Completed",
            .action = "RunCheck",
            .note = std::move(note)};
  }
  // Each about another object, so that they neither repeat nor are too many.
  EventSpec another() {
    EventSpec one = spec();
    one.regarding.uid = "u" + std::to_string(++others_);
    return one;
  }
  json::object sent(size_t i) { return *parse_json_object(api.requests.at(i).body); }
  static Result<Response> created() { return Response{201, "{}"}; }
  bool dropped(const char* reason, int count) {
    return metric(fmt::format(R"(holmes_events_dropped_total{{reason="{}"}} {})", reason, count));
  }
  void TearDown() override { close(); }

  int others_ = 1;
  NoRandom no_random_;
  EventRecorder recorder_{loop,
                          no_random_,
                          api,
                          logger,
                          metrics,
                          {.source = {.controller = "toys.dev/operator", .instance = "operator-1"},
                           .in_flight_max = 2,
                           .yield = [this] { return better_writes_; }}};
  bool better_writes_ = false;
};

TEST_F(EventRecorderTest, WritesAnEventOfTheNewApi) {
  start();
  api.answer(created());
  recorder_.record(spec());
  EXPECT_TRUE(api.requests.empty());  // never in the caller's way
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.at(0).method, "POST");
  EXPECT_EQ(api.requests.at(0).path, "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_EQ(api.requests.at(0).accept, kMetadataAccept);  // a short answer, as nobody reads it
  const json::object event = sent(0);
  EXPECT_EQ(json_string_or(event, {"apiVersion"}), "events.k8s.io/v1");
  EXPECT_EQ(json_string_or(event, {"kind"}), "Event");
  EXPECT_EQ(json_string_or(event, {"eventTime"}), "2024-01-01T00:00:00.000000Z");
  EXPECT_EQ(json_string_or(event, {"type"}), "Warning");
  EXPECT_EQ(json_string_or(event, {"reason"}), "Completed");
  EXPECT_EQ(json_string_or(event, {"action"}), "RunCheck");
  EXPECT_EQ(json_string_or(event, {"note"}), "all is well");
  EXPECT_EQ(json_string_or(event, {"reportingController"}), "toys.dev/operator");
  EXPECT_EQ(json_string_or(event, {"reportingInstance"}), "operator-1");
  EXPECT_EQ(*json_object(event, {"regarding"}),
            *parse_json_object(R"({"apiVersion":"toys.dev/v1","kind":"Toy","namespace":"default",
                                   "name":"a","uid":"u1","resourceVersion":"7"})"));
  EXPECT_TRUE(metric("holmes_events_sent_total 1"));
}

TEST_F(EventRecorderTest, NamesNeverRepeatAndStayWithinTheLimit) {
  start();
  EventSpec one = spec();
  one.regarding.name = std::string(234, 'x') + std::string(19, '-');
  for (int i = 0; i < 50; ++i) {
    api.answer(created());
    one.regarding.uid = std::to_string(i);
    recorder_.record(one);
  }
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  std::set<std::string> names;
  for (size_t i = 0; i < 50; ++i) {
    const std::string name = json_string_or(sent(i), {"metadata", "name"});
    EXPECT_LE(name.size(), 253U);
    EXPECT_NE(name.find("x."), std::string::npos) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 50U);
}

TEST_F(EventRecorderTest, EventsOfClusterScopedObjectsGoToDefault) {
  start();
  api.answer(created());
  EventSpec one = spec();
  one.regarding.ns = "";
  one.action = "";
  recorder_.record(one);
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(json_string_or(sent(0), {"metadata", "namespace"}), "default");
  EXPECT_EQ(json_find(sent(0), {"regarding", "namespace"}), nullptr);
  EXPECT_EQ(json_string_or(sent(0), {"action"}), "Completed");
}

TEST_F(EventRecorderTest, LongNotesAreCutAtACharacter) {
  start();
  api.answer(created());
  std::string note = "x";
  for (int i = 0; i < 600; ++i) note += "\u00e4";
  recorder_.record(spec(note));
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  const std::string written = json_string_or(sent(0), {"note"});
  EXPECT_LE(written.size(), kMaxEventNoteBytes);
  EXPECT_GE(written.size(), kMaxEventNoteBytes - 4);
  EXPECT_EQ(to_valid_utf8(written), written);
}

TEST_F(EventRecorderTest, BeyondTheLimitEventsAreDroppedAndCounted) {
  for (size_t i = 0; i < kMaxQueuedEvents + 3; ++i) recorder_.record(another());
  EXPECT_EQ(recorder_.unsent(), kMaxQueuedEvents);
  EXPECT_TRUE(dropped("queue_full", 3));
}

TEST_F(EventRecorderTest, TriesAgainWhenTheServerIsAwayButNotForEver) {
  start();
  for (int i = 0; i < 3; ++i) api.answer(fail(ErrorCode::kRefused, "no"));
  api.answer(created());
  recorder_.record(spec());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), 4U);
  EXPECT_EQ(sent(0), sent(3));
  EXPECT_TRUE(metric("holmes_events_sent_total 1"));

  for (unsigned i = 0; i < kMaxEventTries; ++i) api.answer(fail(ErrorCode::kUnavailable, "no"));
  recorder_.record(spec());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), 4U + kMaxEventTries);
  EXPECT_TRUE(dropped("rejected", 1));
}

TEST_F(EventRecorderTest, WaitsWhileWritesThatMatterMoreAreUnderWay) {
  better_writes_ = true;
  start();
  api.answer(created());
  recorder_.record(spec());
  loop.advance(kMaxEventYield / 2);
  EXPECT_TRUE(api.requests.empty());
  better_writes_ = false;
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), 1);
}

TEST_F(EventRecorderTest, YieldsForABoundedTimeOnly) {
  better_writes_ = true;
  start();
  api.answer(created());
  recorder_.record(spec());
  loop.advance(kMaxEventYield + seconds(1));
  EXPECT_EQ(api.requests.size(), 1);
}

TEST_F(EventRecorderTest, YieldsOnlyWhileHalfOfTheQueueIsFree) {
  better_writes_ = true;
  start();
  for (size_t i = 0; i < kMaxYieldingEvents + 3; ++i) {
    api.answer(created());
    recorder_.record(another());
  }
  loop.advance(seconds(1));
  EXPECT_EQ(api.requests.size(), 4);  // until less than half of it is left
}

TEST_F(EventRecorderTest, AnEventThatWasWrittenAtTheFirstTryIsNotWrittenTwice) {
  start();
  api.answer(fail(ErrorCode::kUnavailable, "connection reset"));
  api.answer(fail(ErrorCode::kAlreadyExists, "exists"));
  recorder_.record(spec());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), 2U);
  EXPECT_TRUE(metric("holmes_events_sent_total 1"));
}

TEST_F(EventRecorderTest, ARejectedEventDoesNotHoldUpTheOthers) {
  start();
  api.answer(fail(ErrorCode::kForbidden, "no"));
  api.answer(created());
  recorder_.record(another());
  recorder_.record(another());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), 2U);
  EXPECT_TRUE(dropped("rejected", 1));
  EXPECT_TRUE(metric("holmes_events_sent_total 1"));
}

TEST_F(EventRecorderTest, ARepeatedEventBecomesASeriesThatIsWrittenAtItsSecondTimeAndAtItsEnd) {
  start();
  for (int i = 0; i < 3; ++i) api.answer(created());
  recorder_.record(spec());
  loop.advance(seconds(10));
  recorder_.record(spec("another note"));
  loop.advance(seconds(10));
  for (int i = 0; i < 8; ++i) recorder_.record(spec());
  loop.advance(kSeriesIdle - seconds(1));
  ASSERT_EQ(api.requests.size(), 2U);
  EXPECT_EQ(api.requests[1].method, "PATCH");
  EXPECT_EQ(api.requests[1].content_type, "application/merge-patch+json");
  EXPECT_EQ(api.requests[1].path, "/apis/events.k8s.io/v1/namespaces/default/events/" +
                                      json_string_or(sent(0), {"metadata", "name"}));
  EXPECT_EQ(sent(1), *parse_json_object(R"({"series":{"count":2,
      "lastObservedTime":"2024-01-01T00:00:10.000000Z"}})"));
  loop.advance(minutes(2));
  ASSERT_EQ(api.requests.size(), 3U);
  EXPECT_EQ(sent(2), *parse_json_object(R"({"series":{"count":10,
      "lastObservedTime":"2024-01-01T00:00:20.000000Z"}})"));
}

TEST_F(EventRecorderTest, ASeriesWhoseEventIsGoneIsMadeAnew) {
  start();
  api.answer(created());
  recorder_.record(spec());
  loop.run_until_idle();
  api.answer(fail(ErrorCode::kNotFound, "expired"));
  api.answer(created());
  recorder_.record(spec());
  loop.run_until_idle();
  ASSERT_EQ(api.requests.size(), 3U);
  EXPECT_EQ(api.requests[2].method, "POST");
  json::object anew = sent(0);
  anew["series"] = *json_object(sent(2), {"series"});
  EXPECT_EQ(sent(2), anew);
  EXPECT_EQ(json_int(sent(2), {"series", "count"}), 2);
  EXPECT_TRUE(metric("holmes_events_sent_total 2"));
}

TEST_F(EventRecorderTest, ASeriesThatOvertookItsFirstEventIsPatchedAfterIt) {
  start();
  recorder_.record(spec());
  recorder_.record(spec());
  api.answer(created());
  api.answer(fail(ErrorCode::kNotFound, "not yet"));
  api.answer(fail(ErrorCode::kAlreadyExists, "now it is there"));
  api.answer(created());
  loop.advance(seconds(5));
  ASSERT_EQ(api.requests.size(), 4U);
  EXPECT_EQ(api.requests[3].method, "PATCH");
  EXPECT_TRUE(metric("holmes_events_sent_total 2"));
}

TEST_F(EventRecorderTest, AFlushWritesTheCountsOfSeries) {
  start();
  for (int i = 0; i < 3; ++i) api.answer(created());
  for (int i = 0; i < 5; ++i) recorder_.record(spec());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  ASSERT_EQ(api.requests.size(), 3U);
  EXPECT_EQ(json_int(sent(2), {"series", "count"}), 5);
}

TEST_F(EventRecorderTest, TooManyEventsAboutOneObjectAreDroppedAndCounted) {
  start();
  for (unsigned i = 0; i < 2 * kEventBurst; ++i) {
    api.answer(created());
    EventSpec one = spec();
    one.regarding.resource_version = std::to_string(i);
    recorder_.record(one);
  }
  recorder_.record(another());
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
  EXPECT_EQ(api.requests.size(), kEventBurst + 1);
  EXPECT_TRUE(dropped("spam", kEventBurst));
}

TEST_F(EventRecorderTest, AStopGivesUpWhatIsLeftAndSaysHowMuch) {
  start();
  for (int i = 0; i < 5; ++i) recorder_.record(another());
  loop.run_until_idle();
  EXPECT_EQ(api.requests.size(), 2U);  // these hang, and no more are sent at once
  const MonoTime before = loop.mono_now();
  close();
  EXPECT_EQ(loop.mono_now(), before);
  EXPECT_TRUE(dropped("stopped", 5));
  EXPECT_TRUE(loop.run(recorder_.flush({})).has_value());
}

TEST_F(EventRecorderTest, AFlushEndsWithItsDeadline) {
  start();
  recorder_.record(spec());
  StopSource source({}, loop, loop.mono_now() + seconds(3));
  EXPECT_EQ(loop.run(recorder_.flush(source.stop())).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(recorder_.unsent(), 1U);
}

}  // namespace
}  // namespace holmes::kube
