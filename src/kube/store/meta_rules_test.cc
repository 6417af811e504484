#include "kube/store/meta_rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/store/kind_table.h"

namespace holmes::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Kind builtin(std::string_view group, std::string_view version, std::string_view plural) {
  return *KindTable().find(group, version, plural);
}
Kind pods() {
  return builtin("", "v1", "pods");
}
// Custom, of which only the kind of its schema counts here.
Kind toys() {
  Kind kind;
  kind.type = {"toys.test", "v1", "toys", "Toy", true};
  kind.schema = std::make_shared<const Schema>();
  return kind;
}

json::object with_meta(std::string_view metadata) {
  return parse_json_object(fmt::format(R"({{"metadata":{}}})", metadata)).value();
}

// "field: message" of each.
std::vector<std::string> texts(const Causes& causes) {
  std::vector<std::string> texts;
  for (const Cause& cause : causes) texts.push_back(cause.field + ": " + cause.message);
  return texts;
}

TEST(MetaRules, NamesFollowTheRuleOfTheirKind) {
  struct Row {
    Kind kind;
    std::string name;
    std::string why;  // "": it is good
  };
  const std::string long_label(64, 'a');
  const std::vector<Row> rows{
      {pods(), "a.b-c", ""},
      {pods(), "A", "lowercase RFC 1123 subdomain"},
      {pods(), "a_b", "lowercase RFC 1123 subdomain"},
      {pods(), "-a", "lowercase RFC 1123 subdomain"},
      {pods(), long_label, ""},
      {pods(), std::string(254, 'a'), "no more than 253 characters"},
      {pods(), "", "name or generateName is required"},
      {builtin("", "v1", "namespaces"), "a.b", "must not contain dots"},
      {builtin("", "v1", "namespaces"), long_label, "no more than 63 characters"},
      {builtin("rbac.authorization.k8s.io", "v1", "roles"), "system:A_b", ""},
      {builtin("rbac.authorization.k8s.io", "v1", "roles"), "a/b", "may not contain '/'"},
      {builtin("rbac.authorization.k8s.io", "v1", "roles"), "..", "may not be '..'"},
  };
  for (const Row& row : rows) {
    const auto found = texts(validate_meta(
        row.kind, {{"metadata", json::object{{"name", row.name}, {"namespace", "default"}}}}));
    if (row.why.empty()) {
      EXPECT_THAT(found, IsEmpty()) << row.name;
    } else {
      EXPECT_THAT(found, ElementsAre(HasSubstr(row.why))) << row.name;
    }
  }
}

TEST(MetaRules, EachFaultOfTheMetadataIsNamed) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"("labels":{"a b":"c"})", "metadata.labels: Invalid value: \"a b\""},
      {R"("labels":{"a":"-"})", "metadata.labels: Invalid value: \"-\""},
      {R"("annotations":{"/":"c"})", "metadata.annotations: Invalid value: \"/\""},
      {R"("ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"a"}])",
       "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"},
      {R"("ownerReferences":[{"kind":"Pod","name":"a","uid":"u"}])",
       "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty"},
      {R"("finalizers":["plain"])",
       "metadata.finalizers[0]: Invalid value: \"plain\": name is "
       "neither a standard finalizer name"},
      {R"("generateName":"A-")", "metadata.generateName: Invalid value: \"A-\""},
  };
  for (const auto& [member, why] : rows) {
    const auto found = texts(
        validate_meta(pods(), with_meta(R"({"name":"a","namespace":"default",)" + member + "}")));
    EXPECT_THAT(found, testing::Contains(testing::StartsWith(why))) << member;
  }
  EXPECT_THAT(texts(validate_meta(pods(), with_meta(R"({"name":"a"})"))),
              ElementsAre("metadata.namespace: Required value"));
}

TEST(MetaRules, AnnotationsHaveALimitTogether) {
  json::object object = with_meta(R"({"name":"a","namespace":"default"})");
  json::object& annotations = member_object(metadata_of(object), "annotations");
  annotations["a"] = std::string(kMaxAnnotationBytes - 1, 'x');
  EXPECT_THAT(validate_meta(pods(), object), IsEmpty());
  annotations["b"] = "";
  EXPECT_THAT(texts(validate_meta(pods(), object)),
              ElementsAre("metadata.annotations: Too long: may not be more than 262144 bytes"));
}

TEST(MetaRules, OneOwnerControls) {
  const std::string owner =
      R"({"apiVersion":"v1","kind":"Pod","name":"a","uid":"u","controller":true})";
  const json::object object = with_meta(
      fmt::format(R"({{"name":"a","namespace":"default","ownerReferences":[{0},{0}]}})", owner));
  EXPECT_THAT(texts(validate_meta(pods(), object)),
              ElementsAre(HasSubstr("Only one reference can have Controller set to true")));
}

TEST(MetaRules, PlainFinalizersAreRefusedOrWarnedOf) {
  const json::object object =
      with_meta(R"({"name":"a","namespace":"default","finalizers":["plain","a.b/c","orphan"]})");
  EXPECT_THAT(validate_meta(toys(), object), IsEmpty());
  EXPECT_THAT(finalizer_warnings(object, nullptr),
              ElementsAre(HasSubstr("\"plain\": prefer a domain-qualified finalizer name")));
  EXPECT_THAT(finalizer_warnings(object, &object), IsEmpty());
}

TEST(MetaRules, AnUpdateChangesNoIdentityAndAddsNoFinalizerToWhatIsBeingDeleted) {
  const json::object old = with_meta(
      R"({"name":"a","namespace":"n","uid":"u","deletionTimestamp":"2024-01-01T00:00:00Z",
          "finalizers":["x/y"]})");
  EXPECT_THAT(validate_meta_update(pods(), old, old), IsEmpty());
  for (const std::string_view field : {"name", "namespace", "uid"}) {
    json::object next = old;
    metadata_of(next)[field] = "other";
    EXPECT_THAT(texts(validate_meta_update(pods(), next, old)),
                testing::Each(fmt::format(
                    "metadata.{}: Invalid value: \"other\": field is immutable", field)));
  }
  json::object next = old;
  metadata_of(next)["finalizers"] = json::array{"x/y", "new/one"};
  EXPECT_THAT(texts(validate_meta_update(pods(), next, old)),
              testing::Each(HasSubstr(R"(found new finalizers []string{"new/one"})")));
}

TEST(MetaRules, MetadataOfAnotherTypeCannotBeRead) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"({"metadata":5})", "number into Go struct field Pod.metadata of type v1.ObjectMeta"},
      {R"({"metadata":{"name":5}})", "number into Go struct field ObjectMeta.metadata.name"},
      {R"({"metadata":{"labels":[]}})", "array into Go struct field ObjectMeta.metadata.labels"},
      {R"({"metadata":{"labels":{"a":5}}})", "of type string"},
      {R"({"metadata":{"finalizers":[5]}})", "of type string"},
      {R"({"metadata":{"ownerReferences":["a"]}})", "of type v1.OwnerReference"},
      {R"({"metadata":{"generation":"1"}})", "of type int64"},
      {R"({"metadata":{"uid":true}})", "bool into Go struct field ObjectMeta.metadata.uid"},
  };
  for (const auto& [text, why] : rows) {
    const auto fine = check_meta_types(pods(), parse_json_object(text).value());
    ASSERT_FALSE(fine.has_value()) << text;
    EXPECT_EQ(fine.error().code, 400);
    EXPECT_THAT(fine.error().message, HasSubstr(why)) << text;
  }
  for (const std::string_view text :
       {"{}", R"({"metadata":null})", R"({"metadata":{"unknown":5,"labels":null}})"}) {
    EXPECT_TRUE(check_meta_types(pods(), parse_json_object(text).value()).has_value()) << text;
  }
}

TEST(MetaRules, SaysNothingThatSaysNothing) {
  json::object object = with_meta(
      R"({"name":"a","labels":{},"finalizers":[],"uid":null,"managedFields":[],"other":1})");
  drop_empty_meta(object);
  EXPECT_THAT(prune_meta(object), ElementsAre("metadata.other"));
  EXPECT_EQ(to_text(object), R"({"metadata":{"name":"a","managedFields":[]}})");
  set_meta(object, "name", "");
  EXPECT_EQ(to_text(object), R"({"metadata":{"managedFields":[]}})");
}

TEST(MetaRules, FinalizersHoldAndThoseOfANamespacesSpecToo) {
  EXPECT_FALSE(is_held(with_meta("{}")));
  EXPECT_FALSE(is_held(with_meta(R"({"finalizers":[]})")));
  EXPECT_TRUE(is_held(with_meta(R"({"finalizers":["x/y"]})")));
  json::object ns = with_meta("{}");
  ns["spec"] = json::object{{"finalizers", json::array{"kubernetes"}}};
  EXPECT_FALSE(is_held(ns));
  ns["apiVersion"] = "v1";
  ns["kind"] = "Namespace";
  EXPECT_TRUE(is_held(ns));
}

TEST(MetaRules, GeneratedNamesAreCutAndDiffer) {
  EXPECT_THAT(generate_name("my-", 1), testing::MatchesRegex("my-[a-z0-9]{5}"));
  EXPECT_EQ(generate_name(std::string(100, 'a'), 1).size(), 63U);
  EXPECT_NE(generate_name("a", 1), generate_name("a", 2));
}

}  // namespace
}  // namespace holmes::kube
