#include "snapshot/snapshot_text.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

constexpr std::string_view kPod = R"(apiVersion: v1
kind: Pod
metadata:
  name: a
  namespace: shop
)";

std::vector<std::string> names(const Result<SavedObjects>& saved) {
  std::vector<std::string> names;
  if (!saved) return {"error: " + saved.error().message};
  for (const json::object& object : saved->objects) {
    names.push_back(json_string_or(object, {"kind"}) + "/" +
                    json_string_or(object, {"metadata", "name"}));
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(SavedObjects, ReadsDocumentsListsAndListsOfLists) {
  const std::string text = std::string(kPod) + R"(---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: b}}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: c}
---
apiVersion: apps/v1
kind: DeploymentList
items:
- metadata: {name: d}
)";
  const auto saved = read_saved_objects("all.yaml", text);
  EXPECT_EQ(names(saved), (Names{"Pod/a", "Service/b", "Pod/c", "Deployment/d"}));
  EXPECT_EQ(json_string(saved->objects.back(), {"apiVersion"}), "apps/v1");
}

TEST(SavedObjects, ReadsJsonByNameAndByItsBrace) {
  constexpr std::string_view kJson =
      R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod",
          "metadata":{"name":"a","managedFields":[{"manager":"x"}]}}]})";
  EXPECT_EQ(names(read_saved_objects("all.json", kJson)), Names{"Pod/a"});
  const auto saved = read_saved_objects("all", fmt::format("\n {}", kJson));
  EXPECT_EQ(names(saved), Names{"Pod/a"});
  EXPECT_EQ(json_array(saved->objects[0], {"metadata", "managedFields"}), nullptr);
}

TEST(SavedObjects, TakesByteOrderMarksAndWindowsLineEnds) {
  std::string windows;
  for (const char c : kPod) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(names(read_saved_objects("a.yaml", windows)), Names{"Pod/a"});
  EXPECT_EQ(names(read_saved_objects("a.yaml", "\xef\xbb\xbf" + std::string(kPod))),
            Names{"Pod/a"});
  EXPECT_EQ(
      names(read_saved_objects("a.json",
                               "\xef\xbb\xbf{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":"
                               "{\"name\":\"a\"}}")),
      Names{"Pod/a"});
}

TEST(SavedObjects, CountsWhatIsNoObject) {
  const auto saved = read_saved_objects("values.yaml", R"(replicas: 3
---
- a
- b
---
apiVersion: v1
kind: Pod
metadata: {generateName: a-}
---
apiVersion: v1
kind: List
items: [null, 1, {apiVersion: v1, kind: Pod, metadata: {name: a}}]
)");
  EXPECT_EQ(names(saved), Names{"Pod/a"});
  EXPECT_EQ(saved->others, 5U);
}

TEST(SavedObjects, AnEmptyTextHasNone) {
  for (const std::string_view text : {"", "---\n", "# nothing\n", "\xef\xbb\xbf"}) {
    const auto saved = read_saved_objects("a.yaml", text);
    ASSERT_TRUE(saved.has_value()) << text;
    EXPECT_TRUE(saved->objects.empty());
  }
}

TEST(SavedObjects, RefusesWhatIsNotWholeAndSaysWhere) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    bomb += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n",
                        c, static_cast<char>(c - 1));
  }
  struct Case {
    std::string name;
    std::string text;
    std::string words;
  };
  const std::vector<Case> cases{
      {"tab.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n", "4:6: a tab cannot indent"},
      {"twice.yaml", std::string(kPod) + "kind: Service\n", "6:1: 'kind' stands twice"},
      {"bomb.yaml", bomb, "at most 2000000 values"},
      {"deep.yaml", "a: " + std::string(100, '[') + std::string(100, ']'), "deeper than 64"},
      {"cut.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a", "3:"},
      {"cut-flow.yaml", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: P", "3:"},
      {"cut.json", R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1",)", "JSON"},
      {"two.json", "{}\n{}", "JSON"},
      {"brace.yaml", "{\"apiVersion\": \"v1\"", "JSON"},
      {"quote.yaml", "a: 'b", "1:6: this is not YAML"},
      {"cut-list.yaml", "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n",
       "1:1: this list is cut off"},
      {"huge.yaml", std::string(kMaxSnapshotFileBytes + 1, ' '), "more than 64 MiB"},
  };
  for (const Case& each : cases) {
    const auto saved = read_saved_objects(each.name, each.text);
    ASSERT_FALSE(saved.has_value()) << each.name;
    EXPECT_TRUE(saved.error().message.contains(each.words))
        << each.name << ": " << saved.error().message;
  }
}

TEST(SavedObjects, EveryCutOfAListInJsonIsRefused) {
  const std::string text =
      R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}]})";
  for (size_t length = 1; length < text.size(); ++length) {
    EXPECT_FALSE(read_saved_objects("a.json", text.substr(0, length)).has_value()) << length;
  }
  EXPECT_TRUE(read_saved_objects("a.json", text).has_value());
}

TEST(SavedObjects, TakesMoreThanAManifestMayHave) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) {
    text += fmt::format("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{}}}\n", i);
  }
  EXPECT_EQ(read_saved_objects("a.yaml", text)->objects.size(), 30'000U);
}

}  // namespace
}  // namespace holmes
