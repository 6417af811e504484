#include "kube/store/patch.h"

namespace holmes::kube {
namespace {

void merge(json::object& target, const json::object& patch) {
  for (const auto& member : patch) {
    if (member.value().is_null()) {
      target.erase(member.key());
      continue;
    }
    json::value& value = target[member.key()];
    if (!member.value().is_object()) {
      value = member.value();
      continue;
    }
    if (!value.is_object()) value.emplace_object();
    merge(value.get_object(), member.value().get_object());
  }
}

}  // namespace

json::object apply_merge_patch(const json::object& object, const json::object& patch) {
  json::object result = object;
  merge(result, patch);
  return result;
}

}  // namespace holmes::kube
