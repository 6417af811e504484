#include "kube/store/schema.h"

#include <gtest/gtest.h>

#include "kube/store/field_error.h"
#include "kube/store/recorded_testing.h"

namespace holmes::kube {
namespace {

std::shared_ptr<const Schema> toy_schema() {
  const json::value crd = recorded(HOLMES_STORE_TESTDATA "/toy_crd.json");
  const json::value& version = json_array(crd, {"spec", "versions"})->at(0);
  auto schema = Schema::parse(*json_object(version, {"schema", "openAPIV3Schema"}), "schema");
  EXPECT_TRUE(schema) << (schema ? "" : lines(schema.error()).front());
  return schema.value_or(nullptr);
}

std::shared_ptr<const Schema> schema_of(std::string_view text) {
  auto schema = Schema::parse(parse_json_object(text).value(), "schema");
  EXPECT_TRUE(schema) << (schema ? "" : lines(schema.error()).front());
  return schema.value_or(nullptr);
}

// What the store does on a write, as far as the schema is concerned.
struct Written {
  json::object object;
  std::vector<std::string> unknown;
  Causes causes;
};
Written write(const json::object& row, const Schema& schema) {
  Written written;
  written.object = {{"apiVersion", "schema.example.com/v1"},
                    {"kind", "Toy"},
                    {"metadata", {{"name", "toy"}, {"unknown", 1}}}};
  json::object old = written.object;
  const bool status = json_string(row, {"subresource"}) == "status";
  for (const auto& member : row.at("object").get_object()) {
    written.object[member.key()] = member.value();
  }
  written.unknown = prune(written.object, schema);
  apply_defaults(written.object, schema);
  if (const json::object* before = json_object(row, {"old"})) {
    for (const auto& member : *before) old[member.key()] = member.value();
  }
  if (status) {
    written.object["spec"] = old["spec"];
    written.causes = validate_status(written.object, schema, old);
    return written;
  }
  written.object.erase("status");
  if (old.contains("status")) written.object["status"] = old["status"];
  written.causes = validate(written.object, schema, row.contains("old") ? &old : nullptr);
  return written;
}

TEST(Schema, TreatsObjectsAsTheRecordedApiServerDid) {
  const auto schema = toy_schema();
  ASSERT_NE(schema, nullptr);
  const json::value rows = recorded(HOLMES_STORE_TESTDATA "/toy_cases.json");
  ASSERT_GT(rows.as_array().size(), 100U);
  for (const json::value& value : rows.get_array()) {
    const json::object& row = value.get_object();
    SCOPED_TRACE(to_text(value));
    const Written written = write(row, *schema);
    EXPECT_EQ(lines(written.causes), lines(recorded_causes(row)));
    std::vector<std::string> unknown;
    if (const json::array* names = json_array(row, {"unknown"})) {
      for (const json::value& name : *names) unknown.emplace_back(name.get_string());
    }
    EXPECT_EQ(written.unknown, unknown);
    const json::object* stored = json_object(row, {"stored"});
    if (stored == nullptr) continue;
    json::object kept = written.object;
    for (const char* meta : {"apiVersion", "kind", "metadata"}) kept.erase(meta);
    EXPECT_EQ(field::encoded(kept), field::encoded(*stored));
  }
}

TEST(Schema, KeepsMetadataAsItIs) {
  json::object object = {{"apiVersion", "v1"}, {"kind", "Toy"}, {"metadata", {{"unknown", 1}}}};
  const json::object before = object;
  EXPECT_TRUE(prune(object, *schema_of(R"({"type":"object"})")).empty());
  EXPECT_EQ(object, before);
}

TEST(Schema, NamesWhatItRemovedInOrder) {
  const auto schema = schema_of(R"({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"list":{"type":"array","items":{"type":"object"}}}}}})");
  json::object object =
      parse_json_object(R"({"z":1,"spec":{"b":2,"a":{"x":1},"list":[{},{"y":1}]}})").value();
  EXPECT_EQ(prune(object, *schema),
            (std::vector<std::string>{"spec.a", "spec.b", "spec.list[1].y", "z"}));
  EXPECT_EQ(to_text(object), R"({"spec":{"list":[{},{}]}})");
}

TEST(Schema, PrunesBelowWhatItPreservesWhereItKnowsMore) {
  const auto schema = schema_of(R"({"type":"object","properties":{"spec":{
    "x-kubernetes-preserve-unknown-fields":true,
    "type":"object","properties":{"known":{"type":"object"}}}}})");
  json::object object = parse_json_object(R"({"spec":{"free":{"a":[1]},"known":{"a":1}}})").value();
  EXPECT_EQ(prune(object, *schema), std::vector<std::string>{"spec.known.a"});
  EXPECT_EQ(to_text(object), R"({"spec":{"free":{"a":[1]},"known":{}}})");
}

TEST(Schema, KeepsNumbersAsTheApiServerEncodesThem) {
  json::object object =
      parse_json_object(R"({"a":5.0,"b":[1e2,0.5,-0.0],"c":{"d":1e300}})").value();
  settle_numbers(object);
  EXPECT_EQ(object, parse_json_object(R"({"a":5,"b":[100,0.5,0],"c":{"d":1e300}})").value());
}

TEST(Schema, AsksRulesAboutDefaults) {
  const auto schema = Schema::parse(parse_json_object(R"({"type":"object","properties":{"a":{
    "type":"object","default":{"b":[" "]},"properties":{"b":{"type":"array","items":{
      "type":"string","x-kubernetes-validations":[{"rule":"self.trim().size() > 0"}]}}}}}})")
                                        .value(),
                                    "schema");
  ASSERT_FALSE(schema);
  EXPECT_EQ(lines(schema.error()),
            std::vector<std::string>{"schema.properties[a].default.b[0] | FieldValueInvalid | "
                                     "Invalid value: \" \": failed rule: self.trim().size() > 0"});
}

TEST(Schema, ComplainsAboutEveryMistakeAtOnce) {
  const auto schema = schema_of(R"({"type":"object","required":["a","b"],"properties":{
    "a":{"type":"string"},"b":{"type":"string"},"c":{"type":"integer","maximum":1}}})");
  EXPECT_EQ(validate({{"c", 2}}, *schema).size(), 3U);
}

TEST(Schema, TakesAnyDepthThatJsonMayHave) {
  std::string text;
  for (size_t i = 0; i < kMaxJsonDepth - 1; ++i) text += R"({"a":)";
  text += "1" + std::string(kMaxJsonDepth - 1, '}');
  json::object object = parse_json_object(text).value();
  EXPECT_EQ(prune(object, *schema_of(R"({"type":"object"})")), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace holmes::kube
