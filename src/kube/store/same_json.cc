#include "kube/store/same_json.h"

#include <algorithm>

namespace holmes::kube {
namespace {

bool same_number(const json::value& a, const json::value& b) {
  if (a.kind() == b.kind()) return a == b;
  const std::optional<int64_t> left = to_int(a);
  const std::optional<int64_t> right = to_int(b);
  if (left || right) return left == right;
  return a.to_number<double>() == b.to_number<double>();
}

}  // namespace

bool same_json(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::ranges::equal(a.get_array(), b.get_array(),
                              [](const auto& x, const auto& y) { return same_json(x, y); });
  }
  return a.is_object() ? same_json(a.get_object(), b.get_object()) : a == b;
}

bool same_json(const json::object& a, const json::object& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&b](const auto& member) {
           const json::value* other = b.if_contains(member.key());
           return other != nullptr && same_json(member.value(), *other);
         });
}

}  // namespace holmes::kube
