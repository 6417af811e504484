// What clients select and change objects with: whatever they send, it is carried out within the
// limits or refused with a code and words.
#include "base/json.h"
#include "fuzz/input.h"
#include "kube/store/apply.h"
#include "kube/store/managed_fields.h"
#include "kube/store/patch.h"
#include "kube/store/same_json.h"
#include "kube/store/selector.h"

namespace holmes::kube {
namespace {

void check(const Answer<json::object>& answer) {
  if (answer) {
    HOLMES_ASSERT(json_depth_within(json::value(*answer)));
    return;
  }
  HOLMES_ASSERT(answer.error().code >= 400 && answer.error().code <= 500);
  HOLMES_ASSERT(!answer.error().message.empty());
}

void select(std::string_view text) {
  const StringMap labels{{"a", "b"}, {"n", "5"}};
  const Result<LabelSelector> selector = LabelSelector::parse(text);
  HOLMES_ASSERT(selector || !selector.error().message.empty());
  HOLMES_ASSERT(!selector || selector->matches(labels) || !selector->everything());
  const Result<FieldSelector> fields = FieldSelector::parse(text);
  HOLMES_ASSERT(fields || !fields.error().message.empty());
}

void merge(const json::object& object, const json::object& patch) {
  const json::object once = apply_merge_patch(object, patch);
  check(once);
  HOLMES_ASSERT(same_json(apply_merge_patch(once, patch), once));
  check(apply_strategic_patch(object, patch));
}

// What was applied by force is owned: it is applied again without one, and changes nothing.
void apply(const json::object& object, const json::object& patch) {
  Kind kind;
  kind.type = {"", "v1", "pods", "Pod", true};
  json::object applied = patch;
  applied["apiVersion"] = "v1";
  applied["kind"] = "Pod";
  const FieldOwner owner{"fuzz", "", {}};
  const Answer<json::object> once = apply_object(kind, &object, applied, owner, true);
  check(once);
  if (!once) return;
  HOLMES_ASSERT(parse_managed_fields(*once).has_value());
  const Answer<json::object> twice = apply_object(kind, &*once, applied, owner, false);
  HOLMES_ASSERT(twice.has_value() && same_json(*twice, *once));
  json::object after = object;
  note_owner(kind, *once, after, owner);
  HOLMES_ASSERT(parse_managed_fields(after).has_value());
}

}  // namespace
}  // namespace holmes::kube

// An object and a patch, with a line break between them; or a selector.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  const std::string_view input = fuzz::text(data, size);
  const size_t end = input.find('\n');
  kube::select(input);
  if (end == std::string_view::npos) return 0;
  const Result<json::object> object = parse_json_object(input.substr(0, end));
  const Result<json::value> patch = parse_json(input.substr(end + 1));
  if (!object || !patch) return 0;
  kube::check(kube::apply_json_patch(*object, *patch));
  if (const json::object* members = patch->if_object()) {
    kube::merge(*object, *members);
    kube::apply(*object, *members);
  }
  return 0;
}
