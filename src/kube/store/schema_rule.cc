#include "kube/store/schema_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/field_error.h"

namespace holmes::kube {
namespace {

// The bytes of the white space (unicode.IsSpace of Go, which CEL's trim() uses) that `text` begins
// with, or 0.
size_t space_size(std::string_view text) {
  static constexpr auto kSpaces = std::to_array<std::string_view>(
      {" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u1680",
       "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u2000", "\u2001", "\u2002", "\u2003",
       "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a"});
  const auto* const found = std::ranges::find_if(
      kSpaces, [&](std::string_view space) { return text.starts_with(space); });
  return found == kSpaces.end() ? 0 : found->size();
}

bool is_not_blank(const json::value& self) {
  if (!self.is_string()) return true;  // told as a wrong type
  std::string_view text(self.get_string());
  while (!text.empty()) {
    const size_t size = space_size(text);
    if (size == 0) return true;
    text.remove_prefix(size);
  }
  return false;
}

struct KnownRule {
  std::string_view rule;
  std::string_view type;
  bool (*holds)(const json::value& self);
};
constexpr KnownRule kKnownRules[] = {
    {.rule = "self.trim().size() > 0", .type = "string", .holds = is_not_blank},
};

std::string known_rules() {
  std::string text;
  for (const KnownRule& known : kKnownRules) {
    text += fmt::format("{}`{}` of a {}", text.empty() ? "" : ", ", known.rule, known.type);
  }
  return text;
}

}  // namespace

std::expected<SchemaRule, Cause> SchemaRule::parse(const json::object& entry, std::string_view type,
                                                   const std::string& path) {
  const std::string rule(trim(json_string_or(entry, {"rule"})));
  if (rule.empty()) {
    return std::unexpected(field::required(path + ".rule", "rule is not specified"));
  }
  const auto* const known = std::ranges::find_if(kKnownRules, [&](const KnownRule& candidate) {
    return candidate.rule == rule && candidate.type == type;
  });
  if (known == std::end(kKnownRules)) {
    return std::unexpected(field::invalid(
        path + ".rule", json::value(rule),
        fmt::format("this API does not evaluate CEL, and of validation rules it understands only "
                    "{}; remove the rule, or use a Kubernetes API server",
                    known_rules())));
  }
  for (const std::string_view unknown : {"messageExpression", "fieldPath", "optionalOldSelf"}) {
    if (!entry.contains(unknown)) continue;
    return std::unexpected(
        field::forbidden(fmt::format("{}.{}", path, unknown), "this API does not understand it"));
  }
  static const std::vector<std::string> reasons = {"FieldValueDuplicate", "FieldValueForbidden",
                                                   "FieldValueInvalid", "FieldValueRequired"};
  const std::string reason = json_string_or(entry, {"reason"}, "FieldValueInvalid");
  if (std::ranges::find(reasons, reason) == reasons.end()) {
    return std::unexpected(field::not_supported(path + ".reason", json::value(reason), reasons));
  }
  return SchemaRule{.rule = rule,
                    .message = std::string(trim(json_string_or(entry, {"message"}))),
                    .reason = reason,
                    .holds = known->holds};
}

std::optional<Cause> SchemaRule::check(const json::value& self, const std::string& field) const {
  if (holds(self)) return std::nullopt;
  const std::string detail = message.empty() ? "failed rule: " + rule : message;
  if (reason == "FieldValueRequired") return field::required(field, detail);
  if (reason == "FieldValueForbidden") return field::forbidden(field, detail);
  if (reason == "FieldValueDuplicate") return field::duplicate(field, self);
  return field::invalid(field, self, detail);
}

}  // namespace holmes::kube
