#include "kube/store/managed_fields.h"

#include <chrono>

#include <gtest/gtest.h>

#include "kube/store/apply_testing.h"

namespace holmes::kube {
namespace {

FieldSet set(std::string_view text) {
  Result<FieldSet> parsed = FieldSet::parse(read_object(text));
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(FieldSet());
}

std::string text(const FieldSet& fields) {
  return to_text(fields.to_json());
}

TEST(FieldSet, IsWrittenAsItWasRead) {
  for (const std::string_view fields : {
           R"({})",
           R"({"f:spec":{}})",
           R"({"f:spec":{".":{},"f:a":{}}})",
           R"({"f:c":{"k:{\"name\":\"a\"}":{".":{},"f:name":{}},"v:\"x\"":{},"v:1":{},"i:0":{}}})",
           R"({"f:":{},"f:a/b":{},"f:f:x":{}})",
       }) {
    EXPECT_TRUE(same_json(set(fields).to_json(), read_object(fields))) << fields;
  }
  EXPECT_EQ(set(R"({"f:a":{".":{}}})"), set(R"({"f:a":{}})"));
  EXPECT_EQ(set(R"({"k:{\"b\": 1, \"a\":2}":{}})"), set(R"({"k:{\"a\":2,\"b\":1}":{}})"));
}

TEST(FieldSet, RefusesWhatIsNoFieldsV1) {
  for (const std::string_view fields :
       {R"({"spec":{}})", R"({"":{}})", R"({"f:spec":1})", R"({"f:spec":null})", R"({".":1})",
        R"({"k:[]":{}})", R"({"k:{":{}})", R"({"v:":{}})", R"({"x:1":{}})"}) {
    const Result<FieldSet> parsed = FieldSet::parse(read_object(fields));
    ASSERT_FALSE(parsed.has_value()) << fields;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  }
}

TEST(FieldSet, AddsAndSubtracts) {
  const FieldSet a = set(R"({"f:a":{".":{},"f:b":{},"f:c":{}},"f:d":{}})");
  const FieldSet b = set(R"({"f:a":{"f:b":{}},"f:e":{}})");
  FieldSet sum = a;
  sum.add(b);
  EXPECT_EQ(text(sum), R"({"f:a":{".":{},"f:b":{},"f:c":{}},"f:d":{},"f:e":{}})");
  FieldSet rest = a;
  rest.subtract(b);
  EXPECT_EQ(text(rest), R"({"f:a":{".":{},"f:c":{}},"f:d":{}})");
  EXPECT_EQ(text(a.intersection(b)), R"({"f:a":{"f:b":{}}})");
  rest.subtract(a);
  EXPECT_TRUE(rest.empty());
  // A member of the other takes what is below along only on demand.
  const FieldSet parent = set(R"({"f:a":{}})");
  rest = a;
  rest.subtract(parent);
  EXPECT_EQ(text(rest), R"({"f:a":{"f:b":{},"f:c":{}},"f:d":{}})");
  rest = a;
  rest.subtract_trees(parent);
  EXPECT_EQ(text(rest), R"({"f:d":{}})");
  rest = a;
  rest.subtract_trees(b);
  EXPECT_EQ(text(rest), R"({"f:a":{".":{},"f:c":{}},"f:d":{}})");
}

TEST(FieldSet, NamesItsParentsButNotTheElementsOfLists) {
  EXPECT_EQ(text(set(R"({"f:a":{"f:l":{"k:{\"n\":1}":{"f:x":{}}}}})").with_parents()),
            R"({"f:a":{".":{},"f:l":{".":{},"k:{\"n\":1}":{"f:x":{}}}}})");
}

TEST(FieldSet, ListsItsPathsAsTheApiServerShowsThem) {
  const std::vector<std::string> paths = {".a",           ".z",       ".a.b",
                                          ".m.l[=\"x\"]", ".m.l[=1]", ".m.l[n=1,s=\"t\"].x"};
  EXPECT_EQ(set(R"({"f:z":{},"f:a":{".":{},"f:b":{}},
                    "f:m":{"f:l":{"k:{\"n\":1,\"s\":\"t\"}":{"f:x":{}},"v:\"x\"":{},"v:1":{}}}})")
                .paths(),
            paths);
}

TEST(ManagedFields, StandInOrderAndKeepOnlyTheLastUpdaters) {
  std::vector<ManagedFields> managers;
  for (int i = 0; i < 13; ++i) {
    managers.push_back({"u" + std::to_string(i), false, "v1", "",
                        format_rfc3339(WallTime(std::chrono::days(i))),
                        set(R"({"f:)" + std::to_string(i) + R"(":{}})")});
  }
  managers.push_back({"b", true, "v1", "", "1970-01-02T00:00:00Z", set(R"({"f:x":{}})")});
  managers.push_back({"a", true, "v1", "status", "1970-01-02T00:00:00Z", set(R"({"f:x":{}})")});
  managers.push_back({"empty", true, "v1", "", "1970-01-01T00:00:00Z", {}});
  json::object object;
  set_managed_fields(object, managers);
  const std::vector<ManagedFields> kept = *parse_managed_fields(object);
  ASSERT_EQ(kept.size(), 2 + kMaxUpdateManagers);
  EXPECT_EQ(kept[0], managers[14]);
  EXPECT_EQ(kept[1], managers[13]);
  EXPECT_EQ(kept[2].manager, "ancient-changes");
  EXPECT_EQ(kept[2].time, managers[3].time);
  EXPECT_EQ(text(kept[2].fields), R"({"f:0":{},"f:1":{},"f:2":{},"f:3":{}})");
  EXPECT_EQ(kept.back(), managers[12]);
  set_managed_fields(object, {});
  EXPECT_EQ(to_text(object), R"({"metadata":{}})");
}

TEST(NoteOwner, KeepsObjectsWithoutAnApplierWithoutOwners) {
  Kind kind;
  kind.type = {"", "v1", "configmaps", "ConfigMap", true};
  const json::object before = read_object(R"({"metadata":{"name":"a"},"data":{"a":"1"}})");
  json::object after = read_object(R"({"metadata":{"name":"a","managedFields":[
      {"manager":"x","operation":"Update","fieldsV1":{"f:data":{}}}]},"data":{"a":"2"}})");
  note_owner(kind, before, after, owner("u"));
  EXPECT_EQ(to_text(after), R"({"metadata":{"name":"a"},"data":{"a":"2"}})");
}

TEST(NoteOwner, LetsTheWriterHandInOwners) {
  Kind kind;
  kind.type = {"", "v1", "configmaps", "ConfigMap", true};
  const json::object before = read_object(R"({"metadata":{"name":"c","managedFields":[
      {"manager":"a","operation":"Apply","apiVersion":"v1","fieldsV1":{"f:data":{"f:a":{}}}}]},
      "data":{"a":"1"}})");
  const struct {
    std::string_view given;
    std::string_view subresource;
    std::string_view manager;  // "": none left
  } cases[] = {
      {"null", "", "a"},
      {"[]", "", ""},
      {"[{}]", "", ""},
      {"5", "", "a"},
      {R"([{"manager":"b"}])", "", "a"},
      {R"([{"manager":"b","operation":"Apply","fieldsV1":{"f:data":{}}}])", "", "b"},
      {R"([{"manager":"b","operation":"Apply","fieldsV1":{"f:data":{}}}])", "status", "a"},
      {"[]", "status", "a"},
  };
  for (const auto& [given, subresource, manager] : cases) {
    json::object after = before;
    after.at("metadata").as_object()["managedFields"] = *parse_json(given);
    note_owner(kind, before, after, owner("u", subresource));
    const std::vector<ManagedFields> managers = owners(after);
    EXPECT_EQ(managers.empty() ? "" : managers[0].manager, manager) << given << subresource;
  }
}

}  // namespace
}  // namespace holmes::kube
