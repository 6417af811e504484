#include "kube/core/object_glance.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

constexpr std::string_view kEvent =
    R"({"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Toy","metadata":{"annotations":)"
    R"({"name":"no","uid":"no"},"managedFields":[{"fieldsV1":{"f:metadata":{"f:name":{}}},)"
    R"("name":"}]","uid":"no"}],"name":"a","namespace":"team","resourceVersion":"12","uid":"u-1"},)"
    R"("spec":{"metadata":{"name":"no"}}}})";

TEST(ObjectGlance, TellsOfAnEventWhichObjectChanged) {
  ObjectGlance glance;
  const auto seen = glance.of_event(kEvent);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->event_type, "MODIFIED");
  EXPECT_EQ(seen->ns, "team");
  EXPECT_EQ(seen->name, "a");
  EXPECT_EQ(seen->uid, "u-1");
  EXPECT_EQ(seen->resource_version, "12");
}

// Metadata alone comes in another order, and what has no namespace has none here.
TEST(ObjectGlance, TakesMembersInAnyOrder) {
  ObjectGlance glance;
  const auto seen = glance.of_object(
      R"( {"metadata": {"uid":"u", "resourceVersion":"3", "labels":{}, "name":"q\"\u00e4"}, "kind":"T"} )");
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->event_type, "");
  EXPECT_EQ(seen->ns, "");
  EXPECT_EQ(seen->name, "q\"\u00e4");
  EXPECT_EQ(seen->uid, "u");
  EXPECT_EQ(seen->resource_version, "3");
}

TEST(ObjectGlance, LeavesWhatIsNotAsUsualToTheParser) {
  const std::string usual = R"({"metadata":{"name":"a","resourceVersion":"1","uid":"u"}})";
  const std::vector<std::string> cases{
      "",
      "{",
      "[]",
      "7",
      "null",
      R"("metadata")",
      R"({"metadata":7})",
      R"({"metadata":{"name":"a","resourceVersion":"1"}})",
      R"({"metadata":{"name":"a","resourceVersion":1,"uid":"u"}})",
      R"({"metadata":{"name":"a","namespace":null,"resourceVersion":"1","uid":"u"}})",
      R"({"metadata":{"name":"a)",
      "{\"metadata\":{\"name\":\"\xff\",\"resourceVersion\":\"1\",\"uid\":\"u\"}}",
      usual.substr(0, usual.size() - 4),
      usual + std::string(kMaxGlanceBytes, ' '),
  };
  ObjectGlance glance;
  for (const std::string& text : cases) {
    EXPECT_FALSE(glance.of_object(text).has_value()) << text.substr(0, 100);
    EXPECT_TRUE(glance.of_object(usual).has_value()) << "after " << text.substr(0, 100);
  }
  EXPECT_FALSE(glance.of_event(usual).has_value());
  EXPECT_FALSE(glance.of_event(R"({"object":)" + usual + "}").has_value());
  EXPECT_TRUE(glance.of_event(R"({"object":)" + usual + R"(,"type":"ADDED"})").has_value());
}

}  // namespace
}  // namespace holmes::kube
