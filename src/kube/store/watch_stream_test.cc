#include "kube/store/watch_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kube/store/api_testing.h"

namespace holmes::kube {
namespace {

using namespace std::chrono_literals;

// "ADDED a", "BOOKMARK", "ERROR 410", one for each line of what comes next; "end" at the end.
std::vector<std::string> next(ApiUnderTest& test, HttpStream& stream) {
  const auto piece = test.loop.run(stream.read({}));
  if (!piece) return {piece.error().message};
  if (!*piece) return {"end"};
  std::vector<std::string> events;
  for (const std::string_view line : split(**piece, '\n')) {
    if (line.empty()) continue;
    const json::object event = parse_json_object(line).value();
    std::string text = json_string_or(event, {"type"});
    const std::string name = json_string_or(event, {"object", "metadata", "name"});
    if (!name.empty()) text += " " + name;
    if (const auto code = json_int(event, {"object", "code"})) text += fmt::format(" {}", *code);
    events.push_back(std::move(text));
  }
  return events;
}

using Events = std::vector<std::string>;

std::string version_now(ApiUnderTest& test) {
  return fmt::format("{}", test.store.version());
}

TEST(WatchStream, EndsWhenItsTimeIsUp) {
  ApiUnderTest test;
  const auto stream = test.watch({{"timeoutSeconds", "30"}});
  const MonoTime begun = test.loop.mono_now();
  EXPECT_EQ(next(test, *stream), Events{"end"});
  EXPECT_EQ(test.loop.mono_now() - begun, 30s);
}

TEST(WatchStream, SendsABookmarkEveryMinuteAndJustBeforeTheEndToWhoAskedForThem) {
  ApiUnderTest test;
  const auto stream = test.watch({{"timeoutSeconds", "150"},
                                  {"allowWatchBookmarks", "true"},
                                  {"resourceVersion", version_now(test)}});
  const MonoTime begun = test.loop.mono_now();
  EXPECT_EQ(next(test, *stream), Events{"BOOKMARK"});
  EXPECT_EQ(test.loop.mono_now() - begun, kBookmarkInterval);
  EXPECT_EQ(next(test, *stream), Events{"BOOKMARK"});
  EXPECT_EQ(next(test, *stream), Events{"BOOKMARK"});
  EXPECT_EQ(test.loop.mono_now() - begun, 148s);
  EXPECT_EQ(next(test, *stream), Events{"end"});
  EXPECT_EQ(test.loop.mono_now() - begun, 150s);
}

TEST(WatchStream, ThatIsShortSendsNoBookmark) {
  ApiUnderTest test;
  const auto stream = test.watch({{"timeoutSeconds", "2"},
                                  {"allowWatchBookmarks", "true"},
                                  {"resourceVersion", version_now(test)}});
  EXPECT_EQ(next(test, *stream), Events{"end"});
}

TEST(WatchStream, ShowsWhatComesIntoASelectionAndWhatLeavesIt) {
  ApiUnderTest test;
  const auto stream =
      test.watch({{"labelSelector", "kind=soft"}, {"resourceVersion", version_now(test)}});
  ASSERT_TRUE(test.make("a", R"({"kind":"hard"})"));
  const auto relabel = [&](std::string_view kind) {
    const std::string patch = fmt::format(R"({{"metadata":{{"labels":{{"kind":"{}"}}}}}})", kind);
    ASSERT_TRUE(test.ask("PATCH", fmt::format("{}/a", kConfigMaps), patch, {},
                         "application/merge-patch+json"));
  };
  relabel("soft");
  EXPECT_EQ(next(test, *stream), Events{"ADDED a"});
  relabel("hard");
  EXPECT_EQ(next(test, *stream), Events{"DELETED a"});
}

TEST(WatchStream, TellsThatAVersionIsGoneAndEnds) {
  ApiUnderTest test;
  ASSERT_TRUE(test.make("a"));
  ASSERT_TRUE(test.make("b"));
  test.store.compact(test.store.version());
  const auto stream = test.watch({{"resourceVersion", "1"}});
  EXPECT_EQ(next(test, *stream), Events{"ERROR 410"});
  EXPECT_EQ(next(test, *stream), Events{"end"});
}

TEST(WatchStream, ThatCompactionOvertakesTellsAndEnds) {
  ApiUnderTest test;
  ASSERT_TRUE(test.make("a"));
  const auto stream = test.watch({{"resourceVersion", version_now(test)}});
  ASSERT_TRUE(test.make("b"));
  ASSERT_TRUE(test.make("c"));
  test.store.compact(test.store.version());
  EXPECT_EQ(next(test, *stream), Events{"ERROR 410"});
  EXPECT_EQ(next(test, *stream), Events{"end"});
}

TEST(WatchStream, ShowsOnlyWhatIsDurable) {
  ApiUnderTest test;
  const auto stream = test.watch({{"resourceVersion", version_now(test)}, {"timeoutSeconds", "5"}});
  test.journal.failure = Error{ErrorCode::kUnavailable, "the disk is full"};
  EXPECT_FALSE(test.make("a"));
  EXPECT_NE(next(test, *stream), Events{"ADDED a"});
}

}  // namespace
}  // namespace holmes::kube
