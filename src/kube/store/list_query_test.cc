#include "kube/store/list_query.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using namespace std::chrono_literals;

Kind toys() {
  Kind kind;
  kind.type = {"toys.test", "v1", "toys", "Toy", true};
  kind.schema = std::make_shared<const Schema>();
  return kind;
}

ApiRequest asking(std::vector<std::pair<std::string, std::string>> query) {
  ApiRequest request;
  request.query = std::move(query);
  return request;
}

TEST(ListQuery, AVersionIsAtLeastUnlessALimitOrAMatchMakesItExact) {
  const auto plain = read_list_query(toys(), asking({{"resourceVersion", "7"}}));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->not_older, 7);
  EXPECT_FALSE(plain->exact);
  const auto paged = read_list_query(toys(), asking({{"resourceVersion", "7"}, {"limit", "2"}}));
  ASSERT_TRUE(paged);
  EXPECT_EQ(paged->exact, 7);
  const auto exact = read_list_query(
      toys(), asking({{"resourceVersion", "7"}, {"resourceVersionMatch", "Exact"}}));
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->exact, 7);
}

TEST(ListQuery, VersionZeroHasNoPages) {
  const auto query = read_list_query(toys(), asking({{"resourceVersion", "0"}, {"limit", "2"}}));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->limit, 0);
}

TEST(ListQuery, ALimitBelowZeroIsNone) {
  const auto query = read_list_query(toys(), asking({{"limit", "-5"}}));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->limit, 0);
}

TEST(ListQuery, RefusesWhatIsNoNumber) {
  for (const std::string text : {"x", "1.5", "", "0x5", " 1"}) {
    const auto query = read_list_query(toys(), asking({{"limit", text}}));
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(query.error().code, 400) << text;
  }
  EXPECT_EQ(read_list_query(toys(), asking({{"resourceVersion", "x"}})).error().code, 400);
  EXPECT_EQ(
      read_watch_query(toys(), asking({{"watch", "1"}, {"resourceVersion", "x"}})).error().code,
      500);
}

TEST(ContinueToken, ReadsWhatItWrote) {
  for (const ObjectKey& key :
       {ObjectKey{"ns", "name"}, ObjectKey{"", "cluster"}, ObjectKey{"n", std::string(253, 'x')}}) {
    const std::string text = ContinueToken{42, key}.encode();
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos) << "goes into a query as it is";
    const auto token = ContinueToken::decode(text);
    ASSERT_TRUE(token) << token.error();
    EXPECT_EQ(token->version, 42);
    EXPECT_EQ(token->after, key);
  }
}

TEST(ContinueToken, RefusesOthersWithoutAnAssertion) {
  for (const std::string_view text :
       {"x", "!!", "e30", "bnVsbA", "W10", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
        "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOjV9", "====", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(ContinueToken::decode(text)) << text;
  }
}

TEST(WatchQuery, BeginsWithWhatThereIsOrAfterAVersion) {
  EXPECT_FALSE(read_watch_query(toys(), asking({{"watch", "1"}}))->after);
  EXPECT_FALSE(read_watch_query(toys(), asking({{"watch", "1"}, {"resourceVersion", "0"}}))->after);
  EXPECT_EQ(read_watch_query(toys(), asking({{"watch", "1"}, {"resourceVersion", "9"}}))->after, 9);
}

TEST(WatchQuery, TakesALimitedTime) {
  EXPECT_EQ(read_watch_query(toys(), asking({{"watch", "1"}}))->timeout, kWatchTimeoutDefault);
  EXPECT_EQ(read_watch_query(toys(), asking({{"watch", "1"}, {"timeoutSeconds", "5"}}))->timeout,
            5s);
  EXPECT_EQ(
      read_watch_query(toys(), asking({{"watch", "1"}, {"timeoutSeconds", "9000000000"}}))->timeout,
      24h);
}

TEST(Selection, RefusesFieldsThatAKindDoesNotSelectBy) {
  const auto selection = Selection::parse(toys(), asking({{"fieldSelector", "spec.size=1"}}));
  ASSERT_FALSE(selection);
  EXPECT_EQ(selection.error().message, "field label not supported: spec.size");
}

}  // namespace
}  // namespace holmes::kube
