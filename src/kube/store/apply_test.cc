#include "kube/store/apply.h"

#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kube/store/apply_testing.h"

namespace holmes::kube {
namespace {

std::shared_ptr<Schema> schema(SchemaType type) {
  auto out = std::make_shared<Schema>();
  out->type = type;
  return out;
}

std::shared_ptr<Schema> list(ListType type, std::shared_ptr<Schema> items,
                             std::vector<std::string> keys = {}) {
  auto out = schema(SchemaType::kArray);
  out->list_type = type;
  out->items = std::move(items);
  out->list_map_keys = std::move(keys);
  return out;
}

std::shared_ptr<Schema> object(std::vector<std::string> strings) {
  auto out = schema(SchemaType::kObject);
  for (std::string& name : strings) out->properties[name] = schema(SchemaType::kString);
  return out;
}

// The kind that the API server had.
Kind app_kind() {
  auto spec = object({"query"});
  spec->properties["n"] = schema(SchemaType::kInteger);
  spec->properties["lm"] = list(ListType::kMap, object({"name", "v", "w"}), {"name"});
  auto item = object({"q", "v"});
  item->properties["p"] = schema(SchemaType::kInteger);
  spec->properties["lm2"] = list(ListType::kMap, item, {"p", "q"});
  spec->properties["set"] = list(ListType::kSet, schema(SchemaType::kString));
  spec->properties["nset"] = list(ListType::kSet, schema(SchemaType::kInteger));
  spec->properties["at"] = list(ListType::kAtomic, object({"a"}));
  auto atomic = object({"a", "b"});
  atomic->atomic_map = true;
  spec->properties["am"] = atomic;
  spec->properties["o"] = object({"a", "b"});
  auto map = schema(SchemaType::kObject);
  map->additional = schema(SchemaType::kString);
  spec->properties["lab"] = map;
  auto free = schema(SchemaType::kObject);
  free->preserves_unknown = true;
  spec->properties["free"] = free;
  auto root = schema(SchemaType::kObject);
  root->properties["spec"] = spec;
  root->properties["status"] = spec;
  Kind kind;
  kind.type = {"s.dev", "v1", "apps", "App", true};
  kind.has_status = true;
  kind.schema = root;
  return kind;
}

constexpr ApplyStep kSteps[] = {
    {"none", "", "", false, "", 0, "", ""},
    {"apply", "a", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx","labels":{"k":"v"}},"spec")"
     R"(:{"query":"q","n":1,"lm":[{"name":"a","v":"1"}],"lm2":[{"p":1,"q":"x","v":"y"}],"set":[")"
     R"(s1"],"nset":[1],"at":[{"a":"1"}],"am":{"a":"1"},"o":{"a":"1"},"lab":{"l":"1"},"free":{"m)"
     R"(":{"k":1},"e":{},"l":[1]}}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"labels":{"k":"v"},"managedFields":[{")"
     R"(apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{"f:)"
     R"(k":{}}},"f:spec":{"f:am":{},"f:at":{},"f:free":{"f:e":{},"f:l":{},"f:m":{".":{},"f:k":{})"
     R"(}},"f:lab":{"f:l":{}},"f:lm":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:v":{}}},"f:lm2)"
     R"(":{"k:{\"p\":1,\"q\":\"x\"}":{".":{},"f:p":{},"f:q":{},"f:v":{}}},"f:n":{},"f:nset":{"v:)"
     R"(1":{}},"f:o":{"f:a":{}},"f:query":{},"f:set":{"v:\"s1\"":{}}}},"manager":"a","operation")"
     R"(:"Apply"}],"name":"rx"},"spec":{"am":{"a":"1"},"at":[{"a":"1"}],"free":{"e":{},"l":[1],")"
     R"(m":{"k":1}},"lab":{"l":"1"},"lm":[{"name":"a","v":"1"}],"lm2":[{"p":1,"q":"x","v":"y"}],)"
     R"("n":1,"nset":[1],"o":{"a":"1"},"query":"q","set":["s1"]}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"q"}})", 0,
     "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"labels":{"k":"v"},"managedFields":[{")"
     R"(apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:query":{}}},"man)"
     R"(ager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV)"
     R"(1":{"f:metadata":{"f:labels":{"f:k":{}}},"f:spec":{"f:am":{},"f:at":{},"f:free":{"f:e":{)"
     R"(},"f:l":{},"f:m":{".":{},"f:k":{}}},"f:lab":{"f:l":{}},"f:lm":{"k:{\"name\":\"a\"}":{".")"
     R"(:{},"f:name":{},"f:v":{}}},"f:lm2":{"k:{\"p\":1,\"q\":\"x\"}":{".":{},"f:p":{},"f:q":{},)"
     R"("f:v":{}}},"f:n":{},"f:nset":{"v:1":{}},"f:o":{"f:a":{}},"f:query":{},"f:set":{"v:\"s1\")"
     R"(":{}}}},"manager":"a","operation":"Apply"}],"name":"rx"},"spec":{"am":{"a":"1"},"at":[{")"
     R"(a":"1"}],"free":{"e":{},"l":[1],"m":{"k":1}},"lab":{"l":"1"},"lm":[{"name":"a","v":"1"}])"
     R"(,"lm2":[{"p":1,"q":"x","v":"y"}],"n":1,"nset":[1],"o":{"a":"1"},"query":"q","set":["s1"])"
     R"(}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"n":2}})", 409,
     "Apply failed with 1 conflict: conflict with \"a\": .spec.n", ""},
    {"apply", "c", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx","labels":{"k":"w"}},"spec")"
     R"(:{"n":2,"lm":[{"name":"a","v":"9"}],"lm2":[{"p":1,"q":"x","v":"n"}],"at":[],"am":{"a":"2)"
     R"("},"lab":{"l":"2"},"free":{"m":{"k":2}}}})",
     409,
     "Apply failed with 8 conflicts: conflicts with \"a\":\n- .metadata.labels.k\n- .spec.am\n- "
     ".spec.at\n- .spec.n\n- .spec.free.m.k\n- .spec.lab.l\n- .spec.lm[name=\"a\"].v\n- "
     ".spec.lm2[p=1,q=\"x\"].v",
     ""},
    {"apply", "c", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"z","n":2)"
     R"(}})",
     409,
     "Apply failed with 3 conflicts: conflicts with \"a\":\n- .spec.n\n- .spec.query\nconflicts "
     "with \"b\":\n- .spec.query",
     ""},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"q","lm":)"
     R"([{"name":"b","v":"2"}],"set":["s2"],"o":{"b":"2"}}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"labels":{"k":"v"},"managedFields":[{")"
     R"(apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{"f:)"
     R"(k":{}}},"f:spec":{"f:am":{},"f:at":{},"f:free":{"f:e":{},"f:l":{},"f:m":{".":{},"f:k":{})"
     R"(}},"f:lab":{"f:l":{}},"f:lm":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:v":{}}},"f:lm2)"
     R"(":{"k:{\"p\":1,\"q\":\"x\"}":{".":{},"f:p":{},"f:q":{},"f:v":{}}},"f:n":{},"f:nset":{"v:)"
     R"(1":{}},"f:o":{"f:a":{}},"f:query":{},"f:set":{"v:\"s1\"":{}}}},"manager":"a","operation")"
     R"(:"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":)"
     R"({"k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}}},"f:o":{"f:b":{}},"f:query":{},"f:se)"
     R"(t":{"v:\"s2\"":{}}}},"manager":"b","operation":"Apply"}],"name":"rx"},"spec":{"am":{"a":)"
     R"("1"},"at":[{"a":"1"}],"free":{"e":{},"l":[1],"m":{"k":1}},"lab":{"l":"1"},"lm":[{"name":)"
     R"("a","v":"1"},{"name":"b","v":"2"}],"lm2":[{"p":1,"q":"x","v":"y"}],"n":1,"nset":[1],"o":)"
     R"({"a":"1","b":"2"},"query":"q","set":["s1","s2"]}})"},
    {"apply", "a", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"q","lm":)"
     R"([],"o":{}}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{},"f:query":{}}},"manager":"a",)"
     R"("operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spe)"
     R"(c":{"f:lm":{"k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}}},"f:o":{"f:b":{}},"f:quer)"
     R"(y":{},"f:set":{"v:\"s2\"":{}}}},"manager":"b","operation":"Apply"}],"name":"rx"},"spec":)"
     R"({"lm":[{"name":"b","v":"2"}],"o":{"b":"2"},"query":"q","set":["s2"]}})"},
    {"apply", "c", "", true,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"forced"})"
     R"(})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":)"
     R"({}}}},"manager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1)"
     R"(","fieldsV1":{"f:spec":{"f:query":{}}},"manager":"c","operation":"Apply"}],"name":"rx"},)"
     R"("spec":{"lm":[{"name":"b","v":"2"}],"o":{"b":"2"},"query":"forced","set":["s2"]}})"},
    {"merge", "u", "", false, R"({"spec":{"query":"upd","n":5}})", 0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":)"
     R"({}}}},"manager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1)"
     R"(","fieldsV1":{"f:spec":{"f:n":{},"f:query":{}}},"manager":"u","operation":"Update"}],"na)"
     R"(me":"rx"},"spec":{"lm":[{"name":"b","v":"2"}],"n":5,"o":{"b":"2"},"query":"upd","set":[")"
     R"(s2"]}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"query":"q","n":7)"
     R"(}})",
     409,
     "Apply failed with 2 conflicts: conflicts with \"u\" using s.dev/v1:\n- .spec.n\n- "
     ".spec.query",
     ""},
    {"merge", "u", "", false, R"({"spec":{"query":null}})", 0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":)"
     R"({}}}},"manager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1)"
     R"(","fieldsV1":{"f:spec":{"f:n":{}}},"manager":"u","operation":"Update"}],"name":"rx"},"sp)"
     R"(ec":{"lm":[{"name":"b","v":"2"}],"n":5,"o":{"b":"2"},"set":["s2"]}})"},
    {"merge", "u", "", false, R"({"spec":{"lm":[{"name":"b","v":"3","w":"w"}]}})", 0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"ma)"
     R"(nager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fields)"
     R"(V1":{"f:spec":{"f:lm":{"k:{\"name\":\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manager":"u)"
     R"(","operation":"Update"}],"name":"rx"},"spec":{"lm":[{"name":"b","v":"3","w":"w"}],"n":5,)"
     R"("o":{"b":"2"},"set":["s2"]}})"},
    {"merge", "su", "status", false, R"({"status":{"query":"s","n":1}})", 0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"ma)"
     R"(nager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fields)"
     R"(V1":{"f:status":{".":{},"f:n":{},"f:query":{}}},"manager":"su","operation":"Update","sub)"
     R"(resource":"status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec)"
     R"(":{"f:lm":{"k:{\"name\":\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manager":"u","operation)"
     R"(":"Update"}],"name":"rx"},"spec":{"lm":[{"name":"b","v":"3","w":"w"}],"n":5,"o":{"b":"2")"
     R"(},"set":["s2"]},"status":{"n":1,"query":"s"}})"},
    {"apply", "sa", "status", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"status":{"query":"t"}})",
     409,
     "Apply failed with 1 conflict: conflict with \"su\" with subresource \"status\" using "
     "s.dev/v1: .status.query",
     ""},
    {"apply", "sa", "status", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"n":9},"status":{)"
     R"("lab":{"a":"b"}}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"ma)"
     R"(nager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fields)"
     R"(V1":{"f:status":{"f:lab":{"f:a":{}}}},"manager":"sa","operation":"Apply","subresource":")"
     R"(status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{".":{})"
     R"(,"f:n":{},"f:query":{}}},"manager":"su","operation":"Update","subresource":"status"},{"a)"
     R"(piVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\")"
     R"(:\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manager":"u","operation":"Update"}],"name":"rx)"
     R"("},"spec":{"lm":[{"name":"b","v":"3","w":"w"}],"n":5,"o":{"b":"2"},"set":["s2"]},"status)"
     R"(":{"lab":{"a":"b"},"n":1,"query":"s"}})"},
    {"apply", "ma", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lab":{"q":"q"}},)"
     R"("status":{"query":"zz"}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"ma)"
     R"(nager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fields)"
     R"(V1":{"f:spec":{"f:lab":{"f:q":{}}}},"manager":"ma","operation":"Apply"},{"apiVersion":"s)"
     R"(.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:lab":{"f:a":{}}}},"manager":)"
     R"("sa","operation":"Apply","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":")"
     R"(FieldsV1","fieldsV1":{"f:status":{".":{},"f:n":{},"f:query":{}}},"manager":"su","operati)"
     R"(on":"Update","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","f)"
     R"(ieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manage)"
     R"(r":"u","operation":"Update"}],"name":"rx"},"spec":{"lab":{"q":"q"},"lm":[{"name":"b","v")"
     R"(:"3","w":"w"}],"n":5,"o":{"b":"2"},"set":["s2"]},"status":{"lab":{"a":"b"},"n":1,"query")"
     R"(:"s"}})"},
    {"apply", "ma", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx","annotations":{"x":"y"},"f)"
     R"(inalizers":["t.dev/f"]},"spec":{"lab":{"q":"q"},"set":["s2","s3"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"annotations":{"x":"y"},"finalizers":[)"
     R"("t.dev/f"],"managedFields":[{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":)"
     R"({"f:spec":{"f:o":{}}},"manager":"a","operation":"Apply"},{"apiVersion":"s.dev/v1","field)"
     R"(sType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"b\"}":{".":{},"f:name":{})"
     R"(}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"manager":"b","operation":"Apply"},{"apiVe)"
     R"(rsion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{"f:)"
     R"(x":{}},"f:finalizers":{"v:\"t.dev/f\"":{}}},"f:spec":{"f:lab":{"f:q":{}},"f:set":{"v:\"s)"
     R"(2\"":{},"v:\"s3\"":{}}}},"manager":"ma","operation":"Apply"},{"apiVersion":"s.dev/v1","f)"
     R"(ieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:lab":{"f:a":{}}}},"manager":"sa","opera)"
     R"(tion":"Apply","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1",")"
     R"(fieldsV1":{"f:status":{".":{},"f:n":{},"f:query":{}}},"manager":"su","operation":"Update)"
     R"(","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{")"
     R"(f:spec":{"f:lm":{"k:{\"name\":\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manager":"u","ope)"
     R"(ration":"Update"}],"name":"rx"},"spec":{"lab":{"q":"q"},"lm":[{"name":"b","v":"3","w":"w)"
     R"("}],"n":5,"o":{"b":"2"},"set":["s2","s3"]},"status":{"lab":{"a":"b"},"n":1,"query":"s"}})"},
    {"apply", "ma", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lab":{"q":"q"}}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:o":{}}},"manager":"a","operation":")"
     R"(Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{")"
     R"(k:{\"name\":\"b\"}":{".":{},"f:name":{}}},"f:o":{"f:b":{}},"f:set":{"v:\"s2\"":{}}}},"ma)"
     R"(nager":"b","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fields)"
     R"(V1":{"f:spec":{"f:lab":{"f:q":{}}}},"manager":"ma","operation":"Apply"},{"apiVersion":"s)"
     R"(.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:lab":{"f:a":{}}}},"manager":)"
     R"("sa","operation":"Apply","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":")"
     R"(FieldsV1","fieldsV1":{"f:status":{".":{},"f:n":{},"f:query":{}}},"manager":"su","operati)"
     R"(on":"Update","subresource":"status"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","f)"
     R"(ieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"b\"}":{"f:v":{},"f:w":{}}},"f:n":{}}},"manage)"
     R"(r":"u","operation":"Update"}],"name":"rx"},"spec":{"lab":{"q":"q"},"lm":[{"name":"b","v")"
     R"(:"3","w":"w"}],"n":5,"o":{"b":"2"},"set":["s2"]},"status":{"lab":{"a":"b"},"n":1,"query")"
     R"(:"s"}})"},
};

constexpr ApplyStep kOrders[] = {
    {"none", "", "", false, "", 0, "", ""},
    {"apply", "a", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lm":[{"name":"a")"
     R"(},{"name":"b"},{"name":"c"}],"set":["a","b","c"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"a\"}":{".":{},")"
     R"(f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:na)"
     R"(me":{}}},"f:set":{"v:\"a\"":{},"v:\"b\"":{},"v:\"c\"":{}}}},"manager":"a","operation":"A)"
     R"(pply"}],"name":"rx"},"spec":{"lm":[{"name":"a"},{"name":"b"},{"name":"c"}],"set":["a","b)"
     R"(","c"]}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lm":[{"name":"d")"
     R"(},{"name":"c"},{"name":"e"},{"name":"a"}],"set":["d","c","e","a"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"a\"}":{".":{},")"
     R"(f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:na)"
     R"(me":{}}},"f:set":{"v:\"a\"":{},"v:\"b\"":{},"v:\"c\"":{}}}},"manager":"a","operation":"A)"
     R"(pply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k)"
     R"(:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}},"k:{\")"
     R"(name\":\"d\"}":{".":{},"f:name":{}},"k:{\"name\":\"e\"}":{".":{},"f:name":{}}},"f:set":{)"
     R"("v:\"a\"":{},"v:\"c\"":{},"v:\"d\"":{},"v:\"e\"":{}}}},"manager":"b","operation":"Apply")"
     R"(}],"name":"rx"},"spec":{"lm":[{"name":"b"},{"name":"d"},{"name":"c"},{"name":"e"},{"name)"
     R"(":"a"}],"set":["b","d","c","e","a"]}})"},
    {"apply", "b", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lm":[{"name":"d")"
     R"(},{"name":"c"},{"name":"e"},{"name":"a"}],"set":["d","c","e","a"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"a\"}":{".":{},")"
     R"(f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:na)"
     R"(me":{}}},"f:set":{"v:\"a\"":{},"v:\"b\"":{},"v:\"c\"":{}}}},"manager":"a","operation":"A)"
     R"(pply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k)"
     R"(:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}},"k:{\")"
     R"(name\":\"d\"}":{".":{},"f:name":{}},"k:{\"name\":\"e\"}":{".":{},"f:name":{}}},"f:set":{)"
     R"("v:\"a\"":{},"v:\"c\"":{},"v:\"d\"":{},"v:\"e\"":{}}}},"manager":"b","operation":"Apply")"
     R"(}],"name":"rx"},"spec":{"lm":[{"name":"b"},{"name":"d"},{"name":"c"},{"name":"e"},{"name)"
     R"(":"a"}],"set":["b","d","c","e","a"]}})"},
    {"apply", "c", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"lm":[{"name":"e")"
     R"(},{"name":"z"}],"set":["z"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"a\"}":{".":{},")"
     R"(f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:na)"
     R"(me":{}}},"f:set":{"v:\"a\"":{},"v:\"b\"":{},"v:\"c\"":{}}}},"manager":"a","operation":"A)"
     R"(pply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k)"
     R"(:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}},"k:{\")"
     R"(name\":\"d\"}":{".":{},"f:name":{}},"k:{\"name\":\"e\"}":{".":{},"f:name":{}}},"f:set":{)"
     R"("v:\"a\"":{},"v:\"c\"":{},"v:\"d\"":{},"v:\"e\"":{}}}},"manager":"b","operation":"Apply")"
     R"(},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"n)"
     R"(ame\":\"e\"}":{".":{},"f:name":{}},"k:{\"name\":\"z\"}":{".":{},"f:name":{}}},"f:set":{")"
     R"(v:\"z\"":{}}}},"manager":"c","operation":"Apply"}],"name":"rx"},"spec":{"lm":[{"name":"b)"
     R"("},{"name":"d"},{"name":"c"},{"name":"e"},{"name":"a"},{"name":"z"}],"set":["b","d","c",)"
     R"("e","a","z"]}})"},
    {"apply", "d", "", false,
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"rx"},"spec":{"set":["c","y","b)"
     R"(","x"]}})",
     0, "",
     R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"managedFields":[{"apiVersion":"s.dev/)"
     R"(v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"name\":\"a\"}":{".":{},")"
     R"(f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:na)"
     R"(me":{}}},"f:set":{"v:\"a\"":{},"v:\"b\"":{},"v:\"c\"":{}}}},"manager":"a","operation":"A)"
     R"(pply"},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k)"
     R"(:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}},"k:{\")"
     R"(name\":\"d\"}":{".":{},"f:name":{}},"k:{\"name\":\"e\"}":{".":{},"f:name":{}}},"f:set":{)"
     R"("v:\"a\"":{},"v:\"c\"":{},"v:\"d\"":{},"v:\"e\"":{}}}},"manager":"b","operation":"Apply")"
     R"(},{"apiVersion":"s.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:lm":{"k:{\"n)"
     R"(ame\":\"e\"}":{".":{},"f:name":{}},"k:{\"name\":\"z\"}":{".":{},"f:name":{}}},"f:set":{")"
     R"(v:\"z\"":{}}}},"manager":"c","operation":"Apply"},{"apiVersion":"s.dev/v1","fieldsType":)"
     R"("FieldsV1","fieldsV1":{"f:spec":{"f:set":{"v:\"b\"":{},"v:\"c\"":{},"v:\"x\"":{},"v:\"y\)"
     R"("":{}}}},"manager":"d","operation":"Apply"}],"name":"rx"},"spec":{"lm":[{"name":"b"},{"n)"
     R"(ame":"d"},{"name":"c"},{"name":"e"},{"name":"a"},{"name":"z"}],"set":["d","c","e","a","z)"
     R"(","y","b","x"]}})"},
};

TEST(Apply, DoesToCustomResourcesWhatTheApiServerDoes) {
  play(app_kind(), kSteps);
}

TEST(Apply, PutsElementsOfListsWhereTheApiServerPutsThem) {
  play(app_kind(), kOrders);
}

// Said by kube-apiserver 1.35.
TEST(Apply, RefusesWithTheCodesAndWordsOfTheApiServer) {
  const struct {
    std::string_view applied;
    int code;
    std::string_view message;
  } cases[] = {
      {R"("metadata":{"name":"x","managedFields":[{"manager":"x"}]})", 400,
       "metadata.managedFields must be nil"},
      {R"("metadata":{"name":"x","managedFields":[]})", 400, "metadata.managedFields must be nil"},
      {R"("apiVersion":"s.dev/v2","metadata":{"name":"x"})", 400,
       "invalid object type: s.dev/v2, Kind=App"},
      {R"("kind":"Nope","metadata":{"name":"x"})", 400, "invalid object type: s.dev/v1, Kind=Nope"},
      {R"("kind":null,"metadata":{"name":"x"})", 400, "invalid object type: s.dev/v1, Kind="},
      {R"("apiVersion":null,"metadata":{"name":"x"})", 400, "invalid object type: /, Kind=App"},
      {R"("spec":{"lm":[{"name":"a"},{"name":"a"}]})", 500,
       ".spec.lm: duplicate entries for key [name=\"a\"]"},
      {R"("spec":{"set":["a","a"]})", 500, ".spec.set: duplicate entries for key [=\"a\"]"},
      {R"("metadata":{"name":"x","finalizers":["t.dev/f","t.dev/f"]})", 500,
       ".metadata.finalizers: duplicate entries for key [=\"t.dev/f\"]"},
      {R"("spec":{"lm":[{"v":"a"}]})", 500,
       ".spec.lm: element 0: associative list with keys has an element that omits all key fields "
       "[\"name\"] (and doesn't have default values for any key fields)"},
      {R"("spec":{"lm":[5]})", 500,
       ".spec.lm: element 0: associative list with keys may not have non-map elements"},
      {R"("spec":{"set":[{"a":1}]})", 500,
       ".spec.set: element 0: associative list without keys has an element that's a map type"},
      {R"("spec":{"unk":5})", 500, ".spec.unk: field not declared in schema"},
      {R"("spec":{"am":{"z":1},"at":[{"z":1}]})", 500,
       "errors:\n  .spec.am.z: field not declared in schema\n"
       "  .spec.at[0].z: field not declared in schema"},
      {R"("unk":5,"spec":{"lm":[{"name":"a","z":1}]})", 500,
       "errors:\n  .spec.lm[name=\"a\"].z: field not declared in schema\n"
       "  .unk: field not declared in schema"},
  };
  for (const auto& [applied, code, message] : cases) {
    json::object object =
        read_object(R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"x"}})");
    for (const auto& member : read_object(std::string("{").append(applied).append("}"))) {
      object[member.key()] = member.value();
    }
    const Answer<json::object> result = apply_object(app_kind(), nullptr, object, owner("a"), true);
    ASSERT_FALSE(result.has_value()) << applied;
    EXPECT_EQ(result.error().code, code) << applied;
    EXPECT_EQ(result.error().reason, code == 400 ? "BadRequest" : "");
    const std::string prefix =
        code == 400 ? "" : "failed to create typed patch object (/x; s.dev/v1, Kind=App): ";
    EXPECT_EQ(result.error().message, prefix + std::string(message));
  }
}

TEST(Apply, NamesEachConflictInTheDetails) {
  const json::object first =
      read_object(R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"x"},
                      "spec":{"query":"q","n":1}})");
  json::object second = first;
  second.at("spec") = {{"query", "z"}, {"n", 2}};
  const Kind kind = app_kind();
  const json::object live = *apply_object(kind, nullptr, first, owner("a"), false);
  const Answer<json::object> result = apply_object(kind, &live, second, owner("b"), false);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(
      to_text(to_json(result.error())),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)"
      R"("Apply failed with 2 conflicts: conflicts with \"a\":\n- .spec.n\n- .spec.query",)"
      R"("reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict",)"
      R"("message":"conflict with \"a\"","field":".spec.n"},{"reason":"FieldManagerConflict",)"
      R"("message":"conflict with \"a\"","field":".spec.query"}]},"code":409})");
}

TEST(Apply, OfWhatIsThereAlreadyChangesNothing) {
  const json::object applied =
      read_object(R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"x"},
                      "spec":{"query":"q","lm":[{"name":"a"},{"name":"b"}],"set":["b","a"]}})");
  const Kind kind = app_kind();
  const json::object once = *apply_object(kind, nullptr, applied, owner("a", "", 1), false);
  EXPECT_EQ(*apply_object(kind, &once, applied, owner("a", "", 2), false), once);
  // Another owner of the same fields is noted, without a time of its own.
  const json::object shared = *apply_object(kind, &once, applied, owner("b", "", 3), false);
  const std::vector<ManagedFields> managers = *parse_managed_fields(shared);
  ASSERT_EQ(managers.size(), 2U);
  EXPECT_EQ(managers[0].manager, "b");
  EXPECT_EQ(managers[0].time, "");
  EXPECT_EQ(managers[1].time, "2024-10-05T00:00:00Z");
  EXPECT_EQ(without_owners(shared), without_owners(once));
}

TEST(Apply, TakesTheElementsThatItLeavesOutWithAllThatIsInThem) {
  const Kind kind = app_kind();
  const auto app = [](std::string_view spec) {
    return read_object(fmt::format(
        R"({{"apiVersion":"s.dev/v1","kind":"App","metadata":{{"name":"x"}},"spec":{}}})", spec));
  };
  json::object live = *apply_object(kind, nullptr, app(R"({"lm":[{"name":"a"}],"o":{"a":"1"}})"),
                                    owner("a"), false);
  json::object updated = apply_merge_patch(
      live, read_object(R"({"spec":{"lm":[{"name":"a","v":"u"}],"o":{"b":"2"}}})"));
  note_owner(kind, live, updated, owner("u"));
  const json::object pruned = *apply_object(kind, &updated, app("{}"), owner("a"), false);
  // The API server would leave a null where the list was, and refuse that.
  EXPECT_EQ(to_text(pruned.at("spec")), R"({"o":{"b":"2"}})");
}

// Conditions, as kube-apiserver 1.35 notes them.
TEST(Apply, OwnsAnAtomicElementAsAWhole) {
  auto condition = object({"type", "status"});
  condition->atomic_map = true;
  auto root = schema(SchemaType::kObject);
  root->properties["conditions"] = list(ListType::kMap, condition, {"type"});
  Kind kind = app_kind();
  kind.schema = root;
  const json::object applied =
      read_object(R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"x"},
                      "conditions":[{"type":"Ready","status":"True"}]})");
  const json::object live = *apply_object(kind, nullptr, applied, owner("a"), false);
  EXPECT_EQ(owners_text(live), "a {\"f:conditions\":{\"k:{\\\"type\\\":\\\"Ready\\\"}\":{}}}\n");
}

TEST(Apply, AtStatusTakesNothingElse) {
  const Kind kind = app_kind();
  const json::object live = *apply_object(
      kind, nullptr,
      read_object(R"({"apiVersion":"s.dev/v1","kind":"App","metadata":{"name":"x"}})"), owner("a"),
      false);
  const json::object result =
      *apply_object(kind, &live, read_object(R"({"apiVersion":"s.dev/v1","kind":"App",
                      "metadata":{"name":"x","labels":{"a":"b"}},
                      "spec":{"n":1},"status":{"n":2}})"),
                    owner("s", "status"), false);
  EXPECT_EQ(without_owners(result), read_object(R"({"apiVersion":"s.dev/v1","kind":"App",
                                                    "metadata":{"name":"x"},"status":{"n":2}})"));
}

}  // namespace
}  // namespace holmes::kube
