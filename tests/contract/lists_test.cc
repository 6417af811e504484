// Lists: pages, selectors, versions, tables.

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/hash.h"
#include "contract_testing.h"

namespace holmes::kube {
namespace {

using ::testing::HasSubstr;

std::set<std::string> names(const ListPage<Toy>& page) {
  std::set<std::string> names;
  for (const Toy& toy : page.items) names.insert(toy.meta.name);
  return names;
}

// A continue token is base64 of the URL alphabet, without padding, of JSON.
json::object token_content(std::string token) {
  std::ranges::replace(token, '-', '+');
  std::ranges::replace(token, '_', '/');
  while (token.size() % 4 != 0) token += '=';
  return parse_json_object(base64_decode(token).value()).value();
}
std::string token_of(const json::object& content) {
  std::string token = base64_encode(to_text(content));
  std::ranges::replace(token, '+', '-');
  std::ranges::replace(token, '/', '_');
  return token.substr(0, token.find('='));
}

class Lists : public Contract {};

TEST_F(Lists, PagesHoldEachObjectOnceAsOfOneVersion) {
  std::set<std::string> made;
  for (int i = 0; i < 5; ++i) made.insert(make(fmt::format("toy-{}", i)).meta.name);
  std::set<std::string> seen;
  std::set<std::string> versions;
  ListOptions options{.limit = 2};
  int pages = 0;
  do {
    const auto page = list(options);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    EXPECT_LE(page->items.size(), 2U);
    for (const std::string& name : names(*page)) EXPECT_TRUE(seen.insert(name).second) << name;
    versions.insert(page->resource_version);
    options.continue_token = page->continue_token;
    if (++pages == 1) make("later");  // is not of that version
  } while (!options.continue_token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, made);
  EXPECT_EQ(versions.size(), 1U);
}

// Needs an etcd that was compacted since version 2 (test_kube_contract.py sees to it).
TEST_F(Lists, AContinueTokenOfLongAgoIsGone) {
  make("a");
  make("b");
  const auto page = list({.limit = 1});
  ASSERT_TRUE(page.has_value()) << page.error().message;
  json::object old = token_content(page->continue_token);
  old["rv"] = 2;
  const auto expired = list({.limit = 1, .continue_token = token_of(old)});
  ASSERT_FALSE(expired.has_value());
  EXPECT_EQ(expired.error().code, ErrorCode::kGone) << expired.error().message;
}

TEST_F(Lists, AContinueTokenThatIsNoneIsInvalid) {
  const auto refused = list({.limit = 1, .continue_token = "nonsense"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_F(Lists, SelectorsChooseByLabelAndName) {
  make("a");
  make("b");
  ASSERT_TRUE(
      run(toys->merge_patch(
              key("b"), json::object{{"metadata", {{"labels", {{"colour", "blue"}}}}}}, limit()))
          .has_value());
  EXPECT_EQ(names(list({.label_selector = "colour=blue"}).value()), std::set<std::string>{"b"});
  EXPECT_EQ(names(list({.label_selector = "colour!=blue"}).value()), std::set<std::string>{"a"});
  EXPECT_EQ(names(list({.field_selector = "metadata.name=a"}).value()), std::set<std::string>{"a"});
  const auto label = list({.label_selector = "colour in"});
  ASSERT_FALSE(label.has_value());
  EXPECT_EQ(label.error().code, ErrorCode::kInvalid);
  const auto field = list({.field_selector = "spec.size=1"});
  ASSERT_FALSE(field.has_value());
  EXPECT_EQ(field.error().code, ErrorCode::kInvalid);
}

TEST_F(Lists, ANamespaceHasItsOwnAndAllNamespacesHaveAll) {
  make("a");
  EXPECT_TRUE(list({.ns = ns + "-not"}).value().items.empty());
  const auto all = run(toys->list({.field_selector = "metadata.namespace=" + ns}, limit()));
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_EQ(names(*all), std::set<std::string>{"a"});
}

TEST_F(Lists, AListNotOlderThanAWriteHasIt) {
  for (int i = 0; i < 20; ++i) {
    const Toy made = make(fmt::format("toy-{}", i));
    const auto page = list({.resource_version = made.meta.resource_version});
    ASSERT_TRUE(page.has_value()) << page.error().message;
    EXPECT_TRUE(names(*page).contains(made.meta.name)) << i;
    EXPECT_NE(compare_resource_versions(page->resource_version, made.meta.resource_version),
              std::strong_ordering::less);
  }
}

// Opened, as what is opened is not tried again.
TEST_F(Lists, AListOfAVersionThatIsNotReachedYetIsGoneAndSaysSo) {
  make("a");
  const auto future = run(transport->open(
      list_request(Toy::resource(), {.ns = ns, .resource_version = "9000000000000000"}), limit()));
  ASSERT_FALSE(future.has_value());
  EXPECT_EQ(future.error().code, ErrorCode::kGone);
  EXPECT_THAT(future.error().message, HasSubstr("Too large resource version"));
}

TEST_F(Lists, AListOfAVersionThatIsNoneIsInvalid) {
  const auto refused = list({.resource_version = "yesterday"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_F(Lists, AnObjectThatCannotBeReadStandsBesideTheOthers) {
  make("a");
  make("b");
  must(patch_request(Toy::resource(), key("b"), PatchType::kMerge, {{"spec", {{"size", -1}}}}));
  const auto page = list();
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_EQ(names(*page), std::set<std::string>{"a"});
  ASSERT_EQ(page->unreadable.size(), 1U);
  EXPECT_EQ(page->unreadable[0].first, key("b"));
}

TEST_F(Lists, ATableIsPrintedByTheServer) {
  make("a", 7);
  const json::object table = must(list_request(Toy::resource(), {.ns = ns, .as_table = true}));
  EXPECT_EQ(json_string(table, {"kind"}), "Table");
  const json::array* rows = json_array(table, {"rows"});
  ASSERT_NE(rows, nullptr);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(to_text(*json_array((*rows)[0].get_object(), {"cells"})), R"(["a",7])");
}

TEST_F(Lists, ItemsOfBuiltInKindsAreReadToo) {
  must(create_request(kConfigMaps, ns, {{"metadata", {{"name", "a"}}}}));
  const auto decoded = decode_list(send(list_request(kConfigMaps, {.ns = ns})).value().body);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  std::set<ObjectKey> keys;
  for (const json::object& item : decoded->items) keys.insert(key_of(item));
  EXPECT_TRUE(keys.contains(key("a")));
}

}  // namespace
}  // namespace holmes::kube
