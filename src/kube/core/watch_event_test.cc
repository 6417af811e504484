#include "kube/core/watch_event.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

std::string event_line(std::string_view type, int version) {
  return R"({"type":")" + std::string(type) + R"(","object":{"metadata":{"name":"a",)" +
         R"("resourceVersion":")" + std::to_string(version) + "\"}}}\n";
}

// The versions of all events that are complete.
std::vector<std::string> drain(WatchDecoder& decoder) {
  std::vector<std::string> versions;
  while (true) {
    const Result<std::optional<WatchEvent>> event = decoder.next();
    if (!event || !*event) return versions;
    versions.push_back((*event)->resource_version);
  }
}

TEST(WatchDecoder, KnowsEveryTypeOfEvent) {
  const std::vector<std::pair<std::string, WatchEventType>> cases{
      {"ADDED", WatchEventType::kAdded},     {"MODIFIED", WatchEventType::kModified},
      {"DELETED", WatchEventType::kDeleted}, {"BOOKMARK", WatchEventType::kBookmark},
      {"ERROR", WatchEventType::kError},     {"SOMETHING", WatchEventType::kUnknown},
  };
  WatchDecoder decoder;
  for (const auto& [name, type] : cases) {
    decoder.feed(event_line(name, 7));
    const Result<std::optional<WatchEvent>> event = decoder.next();
    ASSERT_TRUE(event && *event) << name;
    EXPECT_EQ((*event)->type, type);
    EXPECT_EQ((*event)->resource_version, "7");
    EXPECT_EQ(json_string((*event)->object, {"metadata", "name"}), "a");
    if (type != WatchEventType::kUnknown) EXPECT_EQ(to_string(type), name);
  }
}

TEST(WatchDecoder, GivesTheSameEventsHoweverTheBytesAreSplit) {
  std::string stream;
  for (int i = 1; i <= 5; ++i) stream += event_line("ADDED", i) + (i % 2 == 0 ? "\r\n\n" : "");
  for (size_t size = 1; size <= stream.size(); ++size) {
    WatchDecoder decoder;
    std::vector<std::string> versions;
    for (size_t at = 0; at < stream.size(); at += size) {
      decoder.feed(std::string_view(stream).substr(at, size));
      for (std::string& version : drain(decoder)) versions.push_back(std::move(version));
    }
    ASSERT_EQ(versions, (std::vector<std::string>{"1", "2", "3", "4", "5"})) << size;
    EXPECT_EQ(decoder.pending_bytes(), 0U);
  }
}

TEST(WatchDecoder, ReadsAKnownObjectOnlyWhenItIsDeleted) {
  const std::string object =
      R"({"metadata":{"name":"a","namespace":"n","resourceVersion":"7","uid":"u"}})";
  std::vector<std::string> asked;
  const WatchDecoder::IsKnown is_known = [&asked](const ObjectGlance::Seen& seen) {
    asked.push_back(std::string(seen.event_type) + " " + std::string(seen.name));
    return seen.ns == "n" && seen.uid == "u" && seen.resource_version == "7";
  };
  WatchDecoder decoder;
  for (const std::string type : {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "NEW"}) {
    decoder.feed(R"({"type":")" + type + R"(","object":)" + object + "}\n");
    const Result<std::optional<WatchEvent>> event = decoder.next(is_known);
    ASSERT_TRUE(event && *event) << type;
    const bool known = type == "ADDED" || type == "MODIFIED";
    EXPECT_EQ((*event)->known, known) << type;
    EXPECT_EQ((*event)->object.empty(), known) << type;
    EXPECT_EQ((*event)->resource_version, "7") << type;
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"ADDED a", "MODIFIED a"}));
}

TEST(WatchDecoder, KeepsAnUnfinishedEventForLater) {
  WatchDecoder decoder;
  const std::string line = event_line("ADDED", 1);
  decoder.feed(line.substr(0, line.size() - 1));
  EXPECT_TRUE(drain(decoder).empty());
  EXPECT_EQ(decoder.pending_bytes(), line.size() - 1);
  decoder.feed("\n");
  EXPECT_EQ(drain(decoder), std::vector<std::string>{"1"});
}

TEST(WatchDecoder, KnowsTheBookmarkBehindTheInitialEvents) {
  const auto ends = [](std::string_view type, std::string_view annotations) {
    WatchDecoder decoder;
    decoder.feed(R"({"type":")" + std::string(type) +
                 R"(","object":{"metadata":{"resourceVersion":"5","annotations":)" +
                 std::string(annotations) + "}}}\n");
    return (*decoder.next())->ends_initial_events;
  };
  EXPECT_TRUE(ends("BOOKMARK", R"({"k8s.io/initial-events-end":"true"})"));
  EXPECT_FALSE(ends("BOOKMARK", R"({"k8s.io/initial-events-end":"false"})"));
  EXPECT_FALSE(ends("BOOKMARK", "{}"));
  EXPECT_FALSE(ends("BOOKMARK", "null"));
  EXPECT_FALSE(ends("ADDED", R"({"k8s.io/initial-events-end":"true"})"));
}

TEST(WatchDecoder, QuotesABrokenLineAndGoesOnBehindIt) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{\"type\":\"ADDED\",", "{\"type\":\"ADDED\","},
      {"<html>", "<html>"},
      {"[1]", "must be a JSON object"},
      {R"({"object":{}})", "type must be a string"},
      {R"({"type":"ADDED","object":[]})", "object must be an object"},
      {"\xFF\xFE", "\xEF\xBF\xBD"},
      {std::string(100, '['), "[[["},
  };
  WatchDecoder decoder;
  for (const auto& [line, quoted] : cases) {
    decoder.feed(line + "\n" + event_line("ADDED", 9));
    const Result<std::optional<WatchEvent>> event = decoder.next();
    ASSERT_FALSE(event) << line;
    EXPECT_EQ(event.error().code, ErrorCode::kProtocol);
    EXPECT_NE(event.error().message.find(quoted), std::string::npos) << event.error().message;
    EXPECT_LT(event.error().message.size(), 400U);
    EXPECT_EQ(drain(decoder), std::vector<std::string>{"9"});
  }
}

TEST(WatchDecoder, GivesUpOnAnEventOverTheLimit) {
  WatchDecoder decoder;
  decoder.feed(std::string(kMaxWatchEventBytes, 'x'));
  EXPECT_TRUE(decoder.next());
  decoder.feed("x");
  for (int i = 0; i < 2; ++i) {
    const Result<std::optional<WatchEvent>> event = decoder.next();
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, ErrorCode::kTooLarge);
    decoder.feed("\n" + event_line("ADDED", 1));
  }
}

TEST(WatchDecoder, TakesTimeThatIsLinearInTheBytes) {
  // 7 MiB in pieces of 64 bytes: rescanning the line for each piece would need 400 GB of reading.
  WatchDecoder decoder;
  const std::string piece(64, 'x');
  decoder.feed(R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"5"},"text":")");
  for (size_t fed = 0; fed < (size_t{7} << 20U); fed += piece.size()) {
    decoder.feed(piece);
    ASSERT_TRUE(decoder.next());
  }
  decoder.feed("\"}}\n");
  EXPECT_EQ(drain(decoder), std::vector<std::string>{"5"});
}

TEST(DecodeList, SplitsAPageIntoItemsAndMetadata) {
  const Result<DecodedList> list = decode_list(R"({"kind":"PodList","metadata":{
      "resourceVersion":"12","continue":"tok","remainingItemCount":3},
      "items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->items.size(), 2U);
  EXPECT_EQ(json_string(list->items[1], {"metadata", "name"}), "b");
  EXPECT_EQ(list->resource_version, "12");
  EXPECT_EQ(list->continue_token, "tok");
  EXPECT_EQ(list->remaining_items, 3);
}

TEST(DecodeList, TakesNullForNoItems) {
  const Result<DecodedList> list =
      decode_list(R"({"metadata":{"resourceVersion":"1"},"items":null})");
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->items.empty());
  EXPECT_EQ(list->remaining_items, std::nullopt);
}

TEST(DecodeList, RefusesWhatIsNoList) {
  for (const char* body : {"", "[]", "{}", R"({"kind":"Table","rows":[]})", R"({"items":[1]})"}) {
    const Result<DecodedList> list = decode_list(body);
    ASSERT_FALSE(list) << body;
    EXPECT_EQ(list.error().code, ErrorCode::kProtocol);
  }
  EXPECT_NE(decode_list(R"({"kind":"Table"})").error().message.find("Table"), std::string::npos);
}

}  // namespace
}  // namespace holmes::kube
