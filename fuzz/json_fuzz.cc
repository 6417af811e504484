// JSON: what is read can be written and read again, and leaving members out while parsing is the
// same as leaving them out afterwards.
#include "base/json.h"
#include "fuzz/input.h"

namespace holmes {
namespace {

// What JsonReading does with drop_in "metadata" and drop "managedFields".
void drop_managed_fields(json::value& value) {
  if (json::array* array = value.if_array()) {
    for (json::value& item : *array) drop_managed_fields(item);
  }
  json::object* object = value.if_object();
  if (object == nullptr) return;
  for (auto& member : *object) {
    drop_managed_fields(member.value());
    if (member.key() != "metadata") continue;
    if (json::object* metadata = member.value().if_object()) metadata->erase("managedFields");
  }
}

}  // namespace
}  // namespace holmes

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const std::string_view text = fuzz::text(data, size);
  Result<json::value> whole = parse_json(text);
  const Result<json::value> pruned =
      parse_json(text, {.drop_in = "metadata", .drop = "managedFields"});
  HOLMES_ASSERT(whole.has_value() == pruned.has_value());
  if (!whole) {
    HOLMES_ASSERT(whole.error().code == ErrorCode::kInvalid);
    return 0;
  }
  HOLMES_ASSERT(json_depth_within(*whole));
  HOLMES_ASSERT(parse_json(to_text(*whole)).has_value());
  drop_managed_fields(*whole);
  HOLMES_ASSERT(to_text(*whole) == to_text(*pruned));
  return 0;
}
