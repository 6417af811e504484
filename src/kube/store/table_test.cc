#include "kube/store/table.h"

#include <cmath>

#include <gtest/gtest.h>

#include "kube/store/column_path.h"
#include "kube/store/custom_kind.h"
#include "kube/store/field_error.h"
#include "kube/store/recorded_testing.h"

namespace holmes::kube {
namespace {

// "/apis/apps/v1/namespaces/x/deployments" and "/api/v1/nodes?limit=2": what is listed there.
ResourceType type_of(std::string path) {
  path = path.substr(0, path.find('?'));
  const size_t begin = path.starts_with("/apis/") ? 6 : 5;
  const std::string group = begin == 6 ? path.substr(begin, path.find('/', begin) - begin) : "";
  ResourceType type;
  type.group = group;
  type.plural = path.substr(path.rfind('/') + 1);
  return type;
}

// The custom kind whose rows were recorded.
Kind row_kind() {
  const json::value things = recorded(HOLMES_STORE_TESTDATA "/table_objects.json");
  for (const json::value& thing : things.as_array()) {
    if (json_string(thing, {"kind"}) != "CustomResourceDefinition") continue;
    json::object crd = thing.as_object();
    apply_crd_defaults(crd);
    auto kind = kind_of_crd(crd);
    EXPECT_TRUE(kind) << (kind ? "" : lines(kind.error()).front());
    return kind.value_or(Kind());
  }
  return {};
}

json::value column_facts(const json::value& column) {
  return {column.at("name"), column.at("type"), column.at("format"), column.at("priority")};
}

TEST(Table, ShowsWhatTheRecordedApiServerShowed) {
  const json::value recordings = recorded(HOLMES_STORE_TESTDATA "/table_cases.json");
  ASSERT_GT(recordings.as_array().size(), 20U);
  for (const json::value& recording : recordings.get_array()) {
    const std::string path = json_string_or(recording, {"path"});
    SCOPED_TRACE(path);
    Kind kind;
    kind.type = type_of(path);
    if (kind.type.plural == "rows") kind = row_kind();
    std::vector<const json::object*> objects;
    for (const json::value& object : recording.at("objects").as_array()) {
      objects.push_back(&object.as_object());
    }
    const WallTime now(
        std::chrono::microseconds(std::llround(json_number(recording, {"now"}).value_or(0) * 1e6)));
    const json::object table = table_of(kind, objects, now, TableObjects::kNone, {});
    json::array columns;
    for (const json::value& column : table.at("columnDefinitions").as_array()) {
      columns.push_back(column_facts(column));
    }
    EXPECT_EQ(columns, recording.at("columns").as_array());
    const json::array& rows = table.at("rows").as_array();
    const json::array& expected = recording.at("rows").as_array();
    ASSERT_EQ(rows.size(), expected.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      json::object row = rows[i].as_object();
      row.erase("object");
      EXPECT_EQ(field::encoded(row), field::encoded(expected[i]));
    }
  }
}

TEST(Table, OfAVolumeClaimThatIsBoundShowsWhatItGot) {
  Kind kind;
  kind.type = type_of("/api/v1/persistentvolumeclaims");
  const json::object claim = parse_json_object(R"({"metadata":{"name":"c"},
    "spec":{"volumeName":"v","storageClassName":"fast","volumeMode":"Block"},
    "status":{"phase":"Bound","capacity":{"storage":"2Gi"},
      "accessModes":["ReadWriteOncePod","ReadWriteMany","ReadOnlyMany","ReadWriteOnce"]}})")
                                 .value();
  const json::object table = table_of(kind, {&claim}, WallTime(), TableObjects::kNone, {});
  EXPECT_EQ(to_text(table.at("rows").as_array().at(0).at("cells")),
            R"(["c","Bound","v","2Gi","RWO,ROX,RWX,RWOP","fast","<unset>","<unknown>","Block"])");
}

TEST(Table, HoldsAsMuchOfItsObjectsAsIsAskedFor) {
  Kind kind;
  kind.type = {"", "v1", "configmaps", "ConfigMap", true};
  const json::object object = {{"apiVersion", "v1"},
                               {"kind", "ConfigMap"},
                               {"metadata", {{"name", "a"}}},
                               {"data", {{"k", "v"}}}};
  const auto held = [&](TableObjects include) {
    const json::object table =
        table_of(kind, {&object}, WallTime(), include, {{"resourceVersion", "7"}});
    EXPECT_EQ(json_string_or(table, {"metadata", "resourceVersion"}), "7");
    EXPECT_EQ(json_string_or(table, {"apiVersion"}), "meta.k8s.io/v1");
    return table.at("rows").as_array().at(0).at("object");
  };
  EXPECT_EQ(held(TableObjects::kNone), json::value());
  EXPECT_EQ(held(TableObjects::kObject), json::value(object));
  EXPECT_EQ(held(TableObjects::kMetadata), (json::value{{"kind", "PartialObjectMetadata"},
                                                        {"apiVersion", "meta.k8s.io/v1"},
                                                        {"metadata", {{"name", "a"}}}}));
  EXPECT_EQ(table_objects(""), TableObjects::kMetadata);
  EXPECT_EQ(table_objects("None"), TableObjects::kNone);
  EXPECT_EQ(table_objects("Object"), TableObjects::kObject);
  EXPECT_EQ(table_objects("All"), std::nullopt);
}

TEST(Table, OfACustomResourceDescribesItsColumns) {
  const Kind kind = row_kind();
  const json::object table = table_of(kind, {}, WallTime(), TableObjects::kNone, {});
  const json::array& columns = table.at("columnDefinitions").as_array();
  EXPECT_EQ(json_string_or(columns.at(1), {"description"}),
            "Custom resource definition column (in JSONPath format): .spec.text");
  EXPECT_EQ(json_string_or(columns.at(2), {"description"}), "A number.");
}

TEST(Table, TakesObjectsOfAnyShape) {
  for (const char* const path :
       {"/api/v1/pods", "/api/v1/events", "/api/v1/nodes", "/api/v1/services",
        "/apis/apps/v1/deployments", "/apis/batch/v1/jobs", "/apis/batch/v1/cronjobs",
        "/apis/autoscaling/v2/horizontalpodautoscalers"}) {
    Kind kind;
    kind.type = type_of(path);
    const json::object empty;
    const json::object odd = {{"metadata", 1}, {"spec", json::array{1}}, {"status", "x"}};
    const json::object table =
        table_of(kind, {&empty, &odd}, WallTime(), TableObjects::kMetadata, {});
    for (const json::value& row : table.at("rows").as_array()) {
      EXPECT_EQ(row.at("cells").as_array().size(), table.at("columnDefinitions").as_array().size());
    }
  }
}

TEST(ColumnPath, FindsTheFirstValueOrNothing) {
  const json::object root = parse_json_object(R"({"a":{"b":1,"c.d":2,"e":[
    {"n":"x","s":{"t":1}},{"n":"y","s":{"t":2},"v":true}]}})")
                                .value();
  const struct {
    std::string path;
    std::string found;  // JSON; "" when nothing is
  } cases[] = {
      {".a.b", "1"},
      {".a['b']", "1"},
      {"['a'].b", "1"},
      {".a.c\\.d", "2"},
      {".a['c\\.d']", "2"},
      {".a['c.d']", ""},
      {".a.x", ""},
      {".a.b.c", ""},
      {".a.e[0].n", "\"x\""},
      {".a.e[-1].n", "\"y\""},
      {".a.e[2].n", ""},
      {".a.e[*].n", "\"x\""},
      {".a.e[?(@.n==\"y\")].s.t", "2"},
      {".a.e[?(@.n=='y')].s.t", "2"},
      {".a.e[?( @.s.t > 1 )].n", "\"y\""},
      {".a.e[?(@.s.t>=1)].n", "\"x\""},
      {".a.e[?(@.s.t<2)].n", "\"x\""},
      {".a.e[?(@.s.t<=0)].n", ""},
      {".a.e[?(@.n!=\"x\")].n", "\"y\""},
      {".a.e[?(@.v)].n", "\"y\""},
      {".a.e[?(@.v==true)].n", "\"y\""},
      {".", ""},
  };
  for (const auto& c : cases) {
    const auto path = ColumnPath::parse(c.path);
    ASSERT_TRUE(path) << c.path;
    const json::value* found = path->find(root);
    EXPECT_EQ(found == nullptr ? "" : to_text(*found), c.found) << c.path;
  }
}

TEST(ColumnPath, DoesNotPretendToReadTheRest) {
  for (const char* const path : {"a", ".a..b", ".a[", ".a[0:2]", ".a[0,1]", ".a['b", ".a[\"b\"]",
                                 ".a[?(@.b==)]", ".a[?(b)]", ".a[?(@.b ~ 1)]", ".a[x]"}) {
    EXPECT_FALSE(ColumnPath::parse(path)) << path;
  }
}

}  // namespace
}  // namespace holmes::kube
