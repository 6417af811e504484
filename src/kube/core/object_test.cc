#include "kube/core/object.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::seconds;

json::object parse(std::string_view text) {
  return parse_json_object(text).value();
}

TEST(ResourceType, NamesItsVersionAsManifestsDo) {
  EXPECT_EQ((ResourceType{"", "v1", "pods", "Pod"}).api_version(), "v1");
  EXPECT_EQ((ResourceType{"apps", "v1", "deployments", "Deployment"}).api_version(), "apps/v1");
}

TEST(ObjectMeta, ReadsEveryFieldItKeeps) {
  const Result<ObjectMeta> meta = ObjectMeta::from_json(parse(R"({"metadata":{
    "name":"a","namespace":"n","uid":"u","resourceVersion":"7","generation":3,
    "creationTimestamp":"2024-01-01T00:00:02Z","deletionTimestamp":"2024-01-01T00:00:03Z",
    "labels":{"l":"1"},"annotations":{"x":"2"},"managedFields":[{"manager":"kubectl"}],
    "ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"ou","controller":true}]}})"));
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->key(), (ObjectKey{"n", "a"}));
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version, "7");
  EXPECT_EQ(meta->generation, 3);
  EXPECT_EQ(format_rfc3339(meta->creation_timestamp), "2024-01-01T00:00:02Z");
  EXPECT_TRUE(meta->deleting());
  EXPECT_EQ(meta->labels.at("l"), "1");
  EXPECT_EQ(meta->annotations.at("x"), "2");
  EXPECT_EQ(meta->owner_references, (std::vector<OwnerReference>{{"v1", "K", "o", "ou", true}}));
}

TEST(ObjectMeta, TakesNullForAbsent) {
  const Result<ObjectMeta> meta = ObjectMeta::from_json(
      parse(R"({"metadata":{"name":"a","creationTimestamp":null,"labels":null}})"));
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_FALSE(meta->deleting());
}

TEST(ObjectMeta, NamesTheFieldThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({})", "metadata must be an object"},
      {R"({"metadata":[]})", "metadata must be an object"},
      {R"({"metadata":{}})", "metadata.name must not be empty"},
      {R"({"metadata":{"name":1}})", "metadata.name must be a string, is a number"},
      {R"({"metadata":{"name":"a","generation":"1"}})",
       "metadata.generation must be an integer, is a string"},
      {R"({"metadata":{"name":"a","labels":{"k":1}}})",
       "metadata.labels.k must be a string, is a number"},
      {R"({"metadata":{"name":"a","labels":[]}})",
       "metadata.labels must be an object, is an array"},
      {R"({"metadata":{"name":"a","ownerReferences":[{"controller":"yes"}]}})",
       "metadata.ownerReferences[0].controller must be a boolean, is a string"},
  };
  for (const auto& [text, message] : cases) {
    const Result<ObjectMeta> meta = ObjectMeta::from_json(parse(text));
    ASSERT_FALSE(meta) << text;
    EXPECT_EQ(meta.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(meta.error().message, message);
  }
  const Result<ObjectMeta> bad_time =
      ObjectMeta::from_json(parse(R"({"metadata":{"name":"a","creationTimestamp":"today"}})"));
  ASSERT_FALSE(bad_time);
  EXPECT_TRUE(bad_time.error().message.starts_with("metadata.creationTimestamp: "));
}

TEST(ObjectMeta, WritesOnlyWhatAClientMaySetOrSendBack) {
  ObjectMeta meta;
  meta.name = "a";
  EXPECT_EQ(to_text(meta.to_json()), R"({"name":"a"})");
  meta.ns = "n";
  meta.uid = "u";
  meta.resource_version = "7";
  meta.generation = 3;
  meta.labels = {{"l", "1"}};
  meta.owner_references = {{"v1", "K", "o", "ou", true}};
  EXPECT_EQ(meta.to_json(), parse(R"({"name":"a","namespace":"n","uid":"u","resourceVersion":"7",
    "labels":{"l":"1"},"ownerReferences":[
      {"apiVersion":"v1","kind":"K","name":"o","uid":"ou","controller":true}]})"));
}

TEST(ResourceVersions, AreOrderedByLengthThenDigits) {
  EXPECT_EQ(compare_resource_versions("9", "10"), std::strong_ordering::less);
  EXPECT_EQ(compare_resource_versions("11", "10"), std::strong_ordering::greater);
  EXPECT_EQ(compare_resource_versions("10", "10"), std::strong_ordering::equal);
  EXPECT_EQ(compare_resource_versions("99999999999999999999", "100000000000000000000"),
            std::strong_ordering::less);
}

TEST(ResourceVersions, HaveNoOrderUnlessBothAreNumbers) {
  for (const char* odd : {"", "a", "1a", "-1", "01", " 1"}) {
    EXPECT_EQ(compare_resource_versions(odd, "10"), std::nullopt) << odd;
    EXPECT_EQ(compare_resource_versions("10", odd), std::nullopt) << odd;
  }
}

TEST(Condition, SurvivesARoundTrip) {
  const Condition condition{"Ready", true, "AllGood", "fine", WallTime(seconds(1'704'067'202)), 4};
  const Result<Condition> back =
      Condition::from_json(parse(JsonText::of([&](JsonText& to) { condition.write_members(to); })));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, condition);
}

TEST(Condition, RefusesWhatIsNoCondition) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"status":"True"})", "type must not be empty"},
      {R"({"type":"A","status":"yes"})", R"(status must be "True", "False" or "Unknown")"},
      {R"({"type":"A","status":true})", "status must be a string, is a boolean"},
  };
  for (const auto& [text, message] : cases) {
    const Result<Condition> condition = Condition::from_json(parse(text));
    ASSERT_FALSE(condition) << text;
    EXPECT_EQ(condition.error().message, message);
  }
}

TEST(SetCondition, MovesTheTransitionTimeOnlyWhenTheStatusChanges) {
  std::vector<Condition> conditions;
  set_condition(conditions, {"A", false, "One", "", WallTime(seconds(1)), 1});
  set_condition(conditions, {"A", false, "Two", "new", WallTime(seconds(2)), 2});
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(conditions[0], (Condition{"A", false, "Two", "new", WallTime(seconds(1)), 2}));
  set_condition(conditions, {"A", true, "Three", "", WallTime(seconds(3)), 2});
  set_condition(conditions, {"B", true, "Other", "", WallTime(seconds(4)), 2});
  EXPECT_EQ(find_condition(conditions, "A")->last_transition_time, WallTime(seconds(3)));
  EXPECT_EQ(find_condition(conditions, "B")->last_transition_time, WallTime(seconds(4)));
  EXPECT_EQ(find_condition(conditions, "C"), nullptr);
}

TEST(AnnotationRemoval, IsOfThisVersionOfTheObjectOnly) {
  ObjectMeta meta;
  meta.resource_version = "7";
  EXPECT_EQ(json::value(annotation_removal(meta, "a.b/c~d")),
            *parse_json(R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},
                            {"op":"remove","path":"/metadata/annotations/a.b~1c~0d"}])"));
}

}  // namespace
}  // namespace holmes::kube
