#include "kube/runtime/event_series.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class EventSeriesTest : public ::testing::Test {
 protected:
  static EventSpec spec(const std::string& object = "a") {
    return {.regarding = {.api_version = "toys.dev/v1",
                          .kind = "Toy",
                          .ns = "default",
                          .name = object,
                          .uid = "u1",
                          .resource_version = "7"},
            .type = EventType::kNormal,
            .reason = "Completed",
            .action = "Run",
            .note = "once"};
  }
  std::vector<EventRecord> observe(EventSpec spec) {
    return series_.observe(std::move(spec), "e" + std::to_string(++names_), wall_, now_);
  }
  void advance(std::chrono::microseconds by) {
    now_ += by;
    wall_ += by;
  }

  EventSeries series_;
  MonoTime now_{seconds(1000)};
  WallTime wall_{seconds(2000)};
  int names_ = 0;
};

TEST_F(EventSeriesTest, WritesTheFirstAndTheSecondAndCountsTheOthers) {
  const std::vector<EventRecord> first = observe(spec());
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].name, "e1");
  EXPECT_EQ(first[0].time, wall_);
  EXPECT_FALSE(first[0].repeats);
  EXPECT_FALSE(series_.counts(spec()));
  advance(seconds(3));
  EventSpec again = spec();
  again.note = "twice";
  const std::vector<EventRecord> second = observe(again);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name, "e1");
  EXPECT_EQ(second[0].time, first[0].time);
  EXPECT_EQ(second[0].spec.note, "once");
  EXPECT_EQ(second[0].repeats->count, 2);
  EXPECT_EQ(second[0].repeats->last, wall_);
  EXPECT_TRUE(series_.counts(spec()));
  EXPECT_TRUE(observe(spec()).empty());
}

TEST_F(EventSeriesTest, EventsThatDifferInAnythingButTheNoteAreNoSeries) {
  observe(spec());
  const std::vector<std::function<void(EventSpec&)>> changes{
      [](EventSpec& e) { e.type = EventType::kWarning; },
      [](EventSpec& e) { e.reason = "Failed"; },
      [](EventSpec& e) { e.action = "Stop"; },
      [](EventSpec& e) { e.regarding.name = "b"; },
      [](EventSpec& e) { e.regarding.ns = "other"; },
      [](EventSpec& e) { e.regarding.uid = "u2"; },
      [](EventSpec& e) { e.regarding.kind = "Tool"; },
      [](EventSpec& e) { e.regarding.resource_version = "8"; }};
  for (const auto& change : changes) {
    EventSpec other = spec();
    change(other);
    const std::vector<EventRecord> written = observe(other);
    ASSERT_EQ(written.size(), 1U);
    EXPECT_FALSE(written[0].repeats);
  }
  EXPECT_EQ(series_.size(), 1 + changes.size());
}

TEST_F(EventSeriesTest, ASeriesThatGoesOnIsRefreshedAndOneThatIsIdleEnds) {
  for (int i = 0; i < 2; ++i) observe(spec());
  for (int i = 0; i < 29; ++i) {
    advance(minutes(1));
    EXPECT_TRUE(observe(spec()).empty());
    EXPECT_TRUE(series_.due(now_).empty());
  }
  advance(minutes(1));
  const std::vector<EventRecord> refreshed = series_.due(now_);
  ASSERT_EQ(refreshed.size(), 1U);
  EXPECT_EQ(refreshed[0].repeats->count, 31);
  EXPECT_TRUE(series_.due(now_).empty());
  observe(spec());
  advance(kSeriesIdle - seconds(1));
  EXPECT_TRUE(series_.due(now_).empty());
  advance(seconds(1));
  const std::vector<EventRecord> last = series_.due(now_);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].repeats->count, 32);
  EXPECT_EQ(series_.size(), 0U);
  EXPECT_FALSE(observe(spec())[0].repeats);  // a new event
}

TEST_F(EventSeriesTest, WhatHasNothingNewToTellEndsWithoutAWrite) {
  observe(spec("single"));
  observe(spec("twice"));
  observe(spec("twice"));
  advance(kSeriesIdle);
  EXPECT_TRUE(series_.due(now_).empty());
  EXPECT_EQ(series_.size(), 0U);
}

TEST_F(EventSeriesTest, IsBoundedAndWritesTheCountOfWhatItForgets) {
  for (int i = 0; i < 3; ++i) observe(spec("a"));
  for (size_t i = 1; i < kMaxEventSeries; ++i) observe(spec("b" + std::to_string(i)));
  EXPECT_EQ(series_.size(), kMaxEventSeries);
  const std::vector<EventRecord> written = observe(spec("one more"));
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0].spec.regarding.name, "a");
  EXPECT_EQ(written[0].repeats->count, 3);
  EXPECT_EQ(written[1].spec.regarding.name, "one more");
  EXPECT_EQ(series_.size(), kMaxEventSeries);
}

TEST_F(EventSeriesTest, EndingAllWritesWhatWasOnlyCounted) {
  for (int i = 0; i < 4; ++i) observe(spec("a"));
  observe(spec("b"));
  const std::vector<EventRecord> written = series_.end_all();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].repeats->count, 4);
  EXPECT_EQ(series_.size(), 0U);
}

}  // namespace
}  // namespace holmes::kube
