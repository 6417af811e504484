// Watches: order, versions, bookmarks, and how they end.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "contract_testing.h"
#include "kube/core/status.h"

namespace holmes::kube {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Watches : public Contract {
 protected:
  WatchReader watch(WatchOptions options) {
    options.ns = ns;
    auto stream = run(toys->watch(std::move(options), limit()));
    EXPECT_TRUE(stream.has_value()) << stream.error().message;
    return {loop, *std::move(stream)};
  }
  // "ADDED a", ...
  std::vector<std::string> told(WatchReader& reader, size_t count) {
    std::vector<std::string> told;
    while (told.size() < count) {
      const auto event = reader.next(limit(seconds(10)));
      if (!event || !*event) break;
      told.push_back(
          fmt::format("{} {}", to_string((*event)->type), key_of((*event)->object).name));
      versions.push_back((*event)->resource_version);
    }
    return told;
  }

  std::vector<std::string> versions;
};

TEST_F(Watches, AfterAListEachChangeIsToldInOrder) {
  make("old");
  const std::string version = list().value().resource_version;
  make("a");
  ASSERT_TRUE(
      run(toys->merge_patch(key("a"), json::object{{"spec", {{"size", 2}}}}, limit())).has_value());
  WatchReader reader = watch({.resource_version = version});
  make("b");
  ASSERT_TRUE(run(toys->remove(key("a"), {}, limit())).has_value());
  EXPECT_THAT(told(reader, 4), ElementsAre("ADDED a", "MODIFIED a", "ADDED b", "DELETED a"));
  for (size_t i = 1; i < versions.size(); ++i) {
    EXPECT_EQ(compare_resource_versions(versions[i - 1], versions[i]), std::strong_ordering::less);
  }
}

TEST_F(Watches, WithoutAVersionWhatThereIsComesFirst) {
  make("a");
  make("b");
  WatchReader reader = watch({});
  EXPECT_THAT(told(reader, 2), ::testing::UnorderedElementsAre("ADDED a", "ADDED b"));
}

TEST_F(Watches, WhatLeavesTheSelectorIsDeletedForIt) {
  const std::string version = list().value().resource_version;
  WatchReader reader = watch({.label_selector = "colour=blue", .resource_version = version});
  make("a");
  for (const std::string_view colour : {"blue", "red"}) {
    const json::object patch{{"metadata", {{"labels", {{"colour", colour}}}}}};
    ASSERT_TRUE(run(toys->merge_patch(key("a"), patch, limit())).has_value());
  }
  EXPECT_THAT(told(reader, 2), ElementsAre("ADDED a", "DELETED a"));
}

TEST_F(Watches, AWatchEndsAtItsTimeAndABookmarkComesBefore) {
  const std::string version = make("a").meta.resource_version;
  must(create_request(kConfigMaps, ns, {{"metadata", {{"name", "other"}}}}));  // a version passes
  WatchReader reader = watch({.resource_version = version, .timeout = seconds(6)});
  const MonoTime began = loop.mono_now();
  std::vector<WatchEventType> types;
  std::string reached;
  while (true) {
    const auto event = reader.next(limit());
    ASSERT_TRUE(event.has_value()) << event.error().message;
    if (!*event) break;
    types.push_back((*event)->type);
    reached = (*event)->resource_version;
  }
  EXPECT_GE(loop.mono_now() - began, seconds(5));
  ASSERT_FALSE(types.empty());
  for (const WatchEventType type : types) EXPECT_EQ(type, WatchEventType::kBookmark);
  EXPECT_NE(compare_resource_versions(reached, version), std::strong_ordering::less);
}

TEST_F(Watches, AVersionOfLongAgoIsGoneInsideTheStream) {
  make("a");
  WatchReader reader = watch({.resource_version = "2"});
  const auto event = reader.next(limit());
  ASSERT_TRUE(event.has_value()) << event.error().message;
  ASSERT_TRUE(event->has_value());
  ASSERT_EQ((*event)->type, WatchEventType::kError);
  EXPECT_EQ(status_error((*event)->object).code, ErrorCode::kGone);
}

TEST_F(Watches, AVersionThatIsNotReachedYetIsNoDeadEnd) {
  make("a");
  const auto stream =
      run(toys->watch({.ns = ns, .resource_version = "9000000000000000"}, limit(seconds(10))));
  if (!stream) {
    EXPECT_EQ(stream.error().code, ErrorCode::kGone);
    EXPECT_THAT(stream.error().message, HasSubstr("Too large resource version"));
    return;
  }
  // Else it says so inside of the stream, or nothing at all: then kSilentWatch ends it.
  WatchDecoder decoder;
  const auto bytes = run((*stream)->read(limit(seconds(10))));
  if (!bytes) return;
  ASSERT_TRUE(bytes->has_value());
  decoder.feed(**bytes);
  const auto event = decoder.next();
  ASSERT_TRUE(event.has_value() && event->has_value());
  ASSERT_EQ((*event)->type, WatchEventType::kError);
  EXPECT_EQ(status_error((*event)->object).code, ErrorCode::kGone);
}

TEST_F(Watches, AVersionThatIsNoneIsRefused) {
  const auto refused = run(toys->watch({.ns = ns, .resource_version = "yesterday"}, limit()));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("Invalid value: \"yesterday\""));
}

TEST_F(Watches, AStopEndsTheReadingOfAQuietWatch) {
  WatchReader reader = watch({.resource_version = list().value().resource_version});
  const auto event = reader.next(limit(std::chrono::milliseconds(200)));
  ASSERT_FALSE(event.has_value());
  EXPECT_EQ(event.error().code, ErrorCode::kTimeout);
}

TEST_F(Watches, ALargeObjectIsOneEvent) {
  const std::string version = list().value().resource_version;
  WatchReader reader = watch({.resource_version = version});
  json::object toy = new_toy("large").to_json();
  toy["spec"].as_object()["note"] = std::string(size_t{1} << 20U, 'x');
  ASSERT_TRUE(run(toys->create(ns, toy, limit())).has_value());
  const auto event = reader.next(limit());
  ASSERT_TRUE(event.has_value() && event->has_value());
  EXPECT_EQ(json_string((*event)->object, {"spec", "note"})->size(), size_t{1} << 20U);
}

}  // namespace
}  // namespace holmes::kube
