// A schema (or a whole CRD) and an object, on two lines: pruning and defaulting twice is the same
// as once, and any object has a row in any table.
#include "base/json.h"
#include "fuzz/input.h"
#include "kube/store/column_path.h"
#include "kube/store/custom_kind.h"
#include "kube/store/schema.h"
#include "kube/store/table.h"

namespace holmes::kube {
namespace {

void check_object(const json::object& given, const Schema& schema) {
  json::object object = given;
  prune(object, schema);
  apply_defaults(object, schema);
  json::object again = object;
  HOLMES_ASSERT(prune(again, schema).empty());
  apply_defaults(again, schema);
  HOLMES_ASSERT(again == object);
  const Causes causes = validate(object, schema);
  HOLMES_ASSERT(validate(object, schema, &given).size() <= causes.size());
  validate_status(object, schema, given);
  settle_numbers(object);
}

void check_row(const json::object& object, const Kind& kind) {
  const json::object table = table_of(kind, {&object}, WallTime(), TableObjects::kObject, {});
  HOLMES_ASSERT(table.at("rows").at(0).at("cells").as_array().size() ==
                table.at("columnDefinitions").as_array().size());
}

}  // namespace
}  // namespace holmes::kube

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  using namespace holmes::kube;
  const std::string_view text = fuzz::text(data, size);
  const size_t line = std::min(text.find('\n'), text.size());
  ColumnPath::parse(text.substr(0, line));
  auto first = parse_json_object(text.substr(0, line));
  const auto object = parse_json_object(text.substr(std::min(line + 1, text.size())));
  if (!first || !object) return 0;
  for (const char* const plural : {"pods", "nodes", "services", "events", "secrets", "things"}) {
    Kind kind;
    kind.type.plural = plural;
    check_row(*object, kind);
  }
  if (const auto schema = Schema::parse(*first, "schema")) check_object(*object, **schema);
  apply_crd_defaults(*first);
  if (const auto kind = kind_of_crd(*first)) {
    check_object(*object, *kind->schema);
    check_row(*object, *kind);
    establish_crd(*first, {&*object}, WallTime());
  }
  return 0;
}
