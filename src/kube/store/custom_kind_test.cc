#include "kube/store/custom_kind.h"

#include <gtest/gtest.h>

#include "kube/store/field_error.h"
#include "kube/store/recorded_testing.h"

namespace holmes::kube {
namespace {

// RFC 7386, as the recorder applied it.
json::value merged(const json::value& base, const json::value& patch) {
  if (!base.is_object() || !patch.is_object()) return patch;
  json::object result = base.get_object();
  for (const auto& member : patch.get_object()) {
    const json::value* old = result.if_contains(member.key());
    if (member.value().is_null()) {
      result.erase(member.key());
    } else {
      result[member.key()] = merged(old == nullptr ? json::value() : *old, member.value());
    }
  }
  return result;
}

json::object good_crd(const json::value& patch = json::object()) {
  json::object crd = merged(recorded(HOLMES_STORE_TESTDATA "/good_crd.json"), patch).as_object();
  apply_crd_defaults(crd);
  return crd;
}

// The API server shows some values as Go prints its own structs, of which we know nothing.
Causes without_structs(Causes causes) {
  for (Cause& cause : causes) {
    for (const std::string_view begin : {"Invalid value: [{\"Name\"", "Invalid value: {\"ID\""}) {
      if (!cause.message.starts_with(begin)) continue;
      cause.message = "Invalid value" + cause.message.substr(cause.message.rfind("}") + 1);
      if (const size_t at = cause.message.find("]: must"); at != std::string::npos) {
        cause.message.erase(at, 1);
      }
    }
  }
  return causes;
}

TEST(CustomKind, ComplainsAsTheRecordedApiServerDid) {
  const json::value rows = recorded(HOLMES_STORE_TESTDATA "/crd_cases.json");
  ASSERT_GT(rows.as_array().size(), 80U);
  for (const json::value& value : rows.get_array()) {
    const json::object& row = value.get_object();
    SCOPED_TRACE(to_text(value));
    const json::object crd = good_crd(row.at("crd"));
    const auto kind = kind_of_crd(crd);
    if (row.contains("kept_difference")) {
      EXPECT_FALSE(kind);
      continue;
    }
    EXPECT_EQ(lines(kind ? Causes() : kind.error()), lines(without_structs(recorded_causes(row))));
    if (const json::object* stored = json_object(row, {"stored"})) {
      EXPECT_EQ(crd.at("spec").at("names"), stored->at("names"));
      EXPECT_EQ(json_string(crd, {"spec", "conversion", "strategy"}),
                json_string(*stored, {"conversion", "strategy"}));
    }
  }
}

TEST(CustomKind, SaysPlainlyWhatItRefusesOnItsOwn) {
  const auto refused = [](std::string_view spec_schema) {
    const json::value schema = {{"type", "object"},
                                {"properties", {{"spec", parse_json(spec_schema).value()}}}};
    const json::value version = {{"name", "v1"},
                                 {"served", true},
                                 {"storage", true},
                                 {"schema", {{"openAPIV3Schema", schema}}}};
    const json::value patch = {{"spec", {{"versions", json::array{version}}}}};
    const auto kind = kind_of_crd(good_crd(patch));
    return kind ? std::string() : lines(kind.error()).front();
  };
  EXPECT_EQ(refused(R"({"type":"string","x-kubernetes-validations":[{"rule":"self == 'a'"}]})"),
            "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule | "
            "FieldValueInvalid | Invalid value: \"self == 'a'\": this API does not evaluate CEL, "
            "and of validation rules it understands only `self.trim().size() > 0` of a string; "
            "remove the rule, or use a Kubernetes API server");
  EXPECT_TRUE(refused(R"({"type":"string","anyOf":[{"minLength":1}]})")
                  .starts_with("spec.validation.openAPIV3Schema.properties[spec].anyOf | "
                               "FieldValueForbidden | Forbidden: this API does not understand it"));
  EXPECT_EQ(refused(R"({"type":"string","minLength":"x"})"),
            "spec.validation.openAPIV3Schema.properties[spec].minLength | FieldValueTypeInvalid | "
            "Invalid value: \"x\": must be an integer, is a string");
}

TEST(CustomKind, IsWhatTheCrdSays) {
  const json::value patch = parse_json(R"({"spec":{"scope":"Cluster",
    "names":{"shortNames":["g"],"categories":["all"]},
    "versions":[
      {"name":"v2","served":false,"storage":false,
       "schema":{"openAPIV3Schema":{"type":"object","description":"old"}}},
      {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
       "selectableFields":[{"jsonPath":".spec.a"}],
       "additionalPrinterColumns":[{"name":"A","type":"string","jsonPath":".spec.a","priority":1,
                                    "description":"d","format":"password"}],
       "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
         "properties":{"a":{"type":"string"}}}}}}}]}})")
                                .value();
  const auto kind = kind_of_crd(good_crd(patch));
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->type, (ResourceType{"crd.example.com", "v1", "goods", "Good", false}));
  EXPECT_EQ(kind->singular, "good");
  EXPECT_EQ(kind->list_kind, "GoodList");
  EXPECT_EQ(kind->short_names, std::vector<std::string>{"g"});
  EXPECT_EQ(kind->categories, std::vector<std::string>{"all"});
  EXPECT_TRUE(kind->has_status);
  EXPECT_TRUE(kind->has_generation);
  EXPECT_EQ(kind->selectable_fields, std::vector<std::string>{"spec.a"});
  ASSERT_EQ(kind->columns.size(), 1U);
  EXPECT_EQ(kind->columns[0].json_path, ".spec.a");
  EXPECT_EQ(kind->columns[0].priority, 1);
  EXPECT_NE(kind->schema, nullptr);
}

TEST(CustomKind, HasAnAgeColumnWhenItNamesNone) {
  const auto kind = kind_of_crd(good_crd());
  ASSERT_TRUE(kind);
  ASSERT_EQ(kind->columns.size(), 1U);
  EXPECT_EQ(kind->columns[0].name, "Age");
  EXPECT_EQ(kind->columns[0].type, "date");
  EXPECT_FALSE(kind->has_status);
}

TEST(CustomKind, KeepsItsNames) {
  json::object old = good_crd();
  ASSERT_TRUE(establish_crd(old, {}, WallTime()));
  const json::object now = good_crd(
      {{"spec", {{"scope", "Cluster"}, {"group", "x.y"}, {"names", {{"kind", "Other"}}}}}});
  EXPECT_EQ(
      lines(check_crd_update(now, old)),
      (std::vector<std::string>{
          "spec.group | FieldValueInvalid | Invalid value: \"x.y\": field is immutable",
          "spec.names.kind | FieldValueInvalid | Invalid value: \"Other\": field is immutable",
          "spec.scope | FieldValueInvalid | Invalid value: \"Cluster\": field is immutable",
      }));
  EXPECT_TRUE(check_crd_update(old, old).empty());
}

const WallTime kNow = parse_rfc3339("2026-11-26T22:29:01Z").value();

TEST(CustomKind, IsEstablishedAtOnce) {
  json::object crd = good_crd({{"spec", {{"names", {{"shortNames", {"g"}}}}}}});
  EXPECT_TRUE(establish_crd(crd, {}, kNow));
  const json::value expected = parse_json(R"({
    "acceptedNames":{"kind":"Good","listKind":"GoodList","plural":"goods","shortNames":["g"],
      "singular":"good"},
    "conditions":[
      {"lastTransitionTime":"2026-11-26T22:29:01Z","message":"no conflicts found",
       "reason":"NoConflicts","status":"True","type":"NamesAccepted"},
      {"lastTransitionTime":"2026-11-26T22:29:01Z",
       "message":"the initial names have been accepted","reason":"InitialNamesAccepted",
       "status":"True","type":"Established"}],
    "storedVersions":["v1"]})")
                                   .value();
  EXPECT_EQ(field::encoded(crd.at("status")), field::encoded(expected));
  const json::object before = crd;
  EXPECT_TRUE(establish_crd(crd, {&before}, kNow + std::chrono::hours(1)));
  EXPECT_EQ(crd, before);
}

TEST(CustomKind, GetsNoNameThatAnotherHas) {
  json::object first = good_crd({{"spec", {{"names", {{"shortNames", {"g", "h"}}}}}}});
  ASSERT_TRUE(establish_crd(first, {}, kNow));
  json::object second = good_crd(
      {{"metadata", {{"name", "others.crd.example.com"}}},
       {"spec",
        {{"names", {{"plural", "others"}, {"kind", "Other"}, {"shortNames", {"h", "g"}}}}}}});
  EXPECT_FALSE(establish_crd(second, {&first}, kNow));
  const json::array& conditions = second.at("status").at("conditions").as_array();
  EXPECT_EQ(json_string_or(conditions[0], {"reason"}), "ShortNamesConflict");
  EXPECT_EQ(json_string_or(conditions[0], {"message"}),
            R"(["h" is already in use, "g" is already in use])");
  EXPECT_EQ(json_string_or(conditions[1], {"reason"}), "NotAccepted");
  EXPECT_EQ(json_string_or(conditions[1], {"message"}), "not all names are accepted");
  EXPECT_EQ(json_string_or(conditions[1], {"status"}), "False");
  EXPECT_FALSE(second.at("status").at("acceptedNames").as_object().contains("shortNames"));

  second["spec"].as_object()["names"].as_object()["shortNames"] = json::array{"o"};
  EXPECT_TRUE(establish_crd(second, {&first}, kNow));

  json::object elsewhere = good_crd({{"metadata", {{"name", "goods.else.example.com"}}},
                                     {"spec", {{"group", "else.example.com"}}}});
  EXPECT_TRUE(establish_crd(elsewhere, {&first}, kNow));
}

}  // namespace
}  // namespace holmes::kube
