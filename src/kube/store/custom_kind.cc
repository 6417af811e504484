#include "kube/store/custom_kind.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/custom_kind_check.h"
#include "kube/store/field_error.h"
#include "kube/store/meta_rules.h"

namespace holmes::kube {
namespace {

std::vector<std::string> strings(const json::array* array) {
  std::vector<std::string> texts;
  if (array == nullptr) return texts;
  for (const json::value& text : *array) {
    if (text.is_string()) texts.emplace_back(std::string_view(text.get_string()));
  }
  return texts;
}

PrinterColumn column_of(const json::value& text) {
  return {.name = json_string_or(text, {"name"}),
          .type = json_string_or(text, {"type"}),
          .format = json_string_or(text, {"format"}),
          .description = json_string_or(text, {"description"}),
          .priority = static_cast<int>(json_int(text, {"priority"}).value_or(0)),
          .json_path = json_string_or(text, {"jsonPath"})};
}

// Takes a checked version.
Kind make_kind(const json::object& crd, const json::object& version,
               std::shared_ptr<const Schema> schema) {
  const json::object& names = *json_object(crd, {"spec", "names"});
  Kind kind;
  kind.type = {.group = json_string_or(crd, {"spec", "group"}),
               .version = json_string_or(version, {"name"}),
               .plural = json_string_or(names, {"plural"}),
               .kind = json_string_or(names, {"kind"}),
               .namespaced = json_string(crd, {"spec", "scope"}) == "Namespaced"};
  kind.singular = json_string_or(names, {"singular"});
  kind.list_kind = json_string_or(names, {"listKind"});
  kind.short_names = strings(json_array(names, {"shortNames"}));
  kind.categories = strings(json_array(names, {"categories"}));
  kind.has_status = json_object(version, {"subresources", "status"}) != nullptr;
  kind.has_generation = true;
  kind.schema = std::move(schema);
  if (const json::array* columns = json_array(version, {"additionalPrinterColumns"})) {
    std::ranges::transform(*columns, std::back_inserter(kind.columns), column_of);
  }
  if (kind.columns.empty()) {
    kind.columns.push_back(
        {.name = "Age", .type = "date", .json_path = ".metadata.creationTimestamp"});
  }
  if (const json::array* fields = json_array(version, {"selectableFields"})) {
    for (const json::value& field : *fields) {
      kind.selectable_fields.push_back(json_string_or(field, {"jsonPath"}).substr(1));
    }
  }
  return kind;
}

// --- status --------------------------------------------------------------------------------------

// What other CRDs of the group have.
struct UsedNames {
  std::set<std::string> resources;
  std::set<std::string> kinds;
};

UsedNames used_names(const std::string& group, std::string_view self,
                     const std::vector<const json::object*>& others) {
  UsedNames used;
  for (const json::object* other : others) {
    if (json_string_or(*other, {"spec", "group"}) != group) continue;
    if (json_string(*other, {"metadata", "name"}) == self) continue;
    const json::object* names = json_object(*other, {"status", "acceptedNames"});
    if (names == nullptr) continue;
    used.resources.insert(json_string_or(*names, {"plural"}));
    used.resources.insert(json_string_or(*names, {"singular"}));
    for (std::string& name : strings(json_array(*names, {"shortNames"}))) {
      used.resources.insert(std::move(name));
    }
    used.kinds.insert(json_string_or(*names, {"kind"}));
    used.kinds.insert(json_string_or(*names, {"listKind"}));
  }
  return used;
}

struct CrdCondition {
  std::string_view type;
  bool status;
  std::string reason;
  std::string message;
};

// Accepts what is free; the last conflict is the one that is told.
CrdCondition accept_names(const json::object& wanted, json::object& accepted,
                          const UsedNames& used) {
  CrdCondition condition{"NamesAccepted", true, "NoConflicts", "no conflicts found"};
  const auto conflict = [&](std::string_view reason, std::string message) {
    condition = {"NamesAccepted", false, std::string(reason), std::move(message)};
  };
  const auto accept = [&](std::string_view name, std::string_view reason,
                          const std::set<std::string>& taken) {
    const std::string text = json_string_or(wanted, {name});
    if (text != json_string_or(accepted, {name}) && taken.contains(text)) {
      const bool always_said = name == "plural" || name == "kind";
      if (always_said && !accepted.contains(name)) accepted[name] = "";
      return conflict(reason, fmt::format("{} is already in use", field::quoted(text)));
    }
    accepted[name] = text;
  };
  accept("plural", "PluralConflict", used.resources);
  accept("singular", "SingularConflict", used.resources);
  const std::vector<std::string> had = strings(json_array(accepted, {"shortNames"}));
  std::vector<std::string> taken;
  for (const std::string& name : strings(json_array(wanted, {"shortNames"}))) {
    if (std::ranges::find(had, name) == had.end() && used.resources.contains(name)) {
      taken.push_back(fmt::format("{} is already in use", field::quoted(name)));
    }
  }
  const auto copy = [&](std::string_view name) {
    accepted.erase(name);
    if (const json::array* list = json_array(wanted, {name})) accepted[name] = *list;
  };
  if (taken.empty()) {
    copy("shortNames");
  } else {
    const std::string all = fmt::format("{}", fmt::join(taken, ", "));
    conflict("ShortNamesConflict", taken.size() == 1 ? all : "[" + all + "]");
  }
  accept("kind", "KindConflict", used.kinds);
  accept("listKind", "ListKindConflict", used.kinds);
  copy("categories");
  return condition;
}

void set_crd_condition(json::array& conditions, const CrdCondition& condition, WallTime now) {
  const std::string_view status = condition.status ? "True" : "False";
  json::object entry{{"lastTransitionTime", format_rfc3339(now)},
                     {"message", condition.message},
                     {"reason", condition.reason},
                     {"status", status},
                     {"type", condition.type}};
  for (json::value& old : conditions) {
    if (json_string(old, {"type"}) != condition.type) continue;
    if (json_string(old, {"status"}) == status) {
      entry["lastTransitionTime"] = old.as_object()["lastTransitionTime"];
    }
    old = std::move(entry);
    return;
  }
  conditions.push_back(std::move(entry));
}

void store_version(json::object& status, const json::object& crd) {
  json::value& versions = status["storedVersions"];
  if (!versions.is_array()) versions.emplace_array();
  const json::array* all = json_array(crd, {"spec", "versions"});
  if (all == nullptr) return;
  for (const json::value& version : *all) {
    const json::value name(json_string_or(version, {"name"}));
    if (json_bool(version, {"storage"}) != true) continue;
    if (std::ranges::find(versions.get_array(), name) == versions.get_array().end()) {
      versions.get_array().push_back(name);
    }
  }
}

}  // namespace

void apply_crd_defaults(json::object& crd) {
  json::object& spec = member_object(crd, "spec");
  json::object& names = member_object(spec, "names");
  const std::string kind = json_string_or(names, {"kind"});
  if (!kind.empty() && json_string_or(names, {"singular"}).empty()) {
    names["singular"] = to_lower(kind);
  }
  if (!kind.empty() && json_string_or(names, {"listKind"}).empty()) {
    names["listKind"] = kind + "List";
  }
  if (json_object(spec, {"conversion"}) == nullptr) {
    spec["conversion"] = json::object{{"strategy", "None"}};
  }
}

std::expected<Kind, Causes> kind_of_crd(const json::object& crd) {
  CrdCheck check = check_crd(crd);
  if (!check.causes.empty()) return std::unexpected(std::move(check.causes));
  return make_kind(crd, *check.served, std::move(check.schema));
}

bool is_established(const json::object& crd) {
  const json::array* conditions = json_array(crd, {"status", "conditions"});
  return conditions != nullptr &&
         std::ranges::any_of(*conditions, [](const json::value& condition) {
           return json_string(condition, {"type"}) == "Established" &&
                  json_string(condition, {"status"}) == "True";
         });
}

Causes check_crd_update(const json::object& crd, const json::object& old) {
  Causes causes;
  const bool established = is_established(old);
  const auto same = [&](JsonPath path, std::string_view field) {
    const std::string now = json_string_or(crd, path);
    if (now == json_string_or(old, path)) return;
    causes.push_back(field::invalid(std::string(field), json::value(now), "field is immutable"));
  };
  if (established) {
    same({"spec", "scope"}, "spec.scope");
    same({"spec", "names", "kind"}, "spec.names.kind");
  }
  same({"spec", "group"}, "spec.group");
  same({"spec", "names", "plural"}, "spec.names.plural");
  return causes;
}

bool establish_crd(json::object& crd, const std::vector<const json::object*>& others,
                   WallTime now) {
  static const json::object no_names;
  const json::object* names = json_object(crd, {"spec", "names"});
  const json::object wanted = names == nullptr ? no_names : *names;
  json::object& status = member_object(crd, "status");
  const UsedNames used = used_names(json_string_or(crd, {"spec", "group"}),
                                    json_string_or(crd, {"metadata", "name"}), others);
  const CrdCondition accepted = accept_names(wanted, member_object(status, "acceptedNames"), used);
  json::value& list = status["conditions"];
  json::array& conditions = list.is_array() ? list.get_array() : list.emplace_array();
  set_crd_condition(conditions, accepted, now);
  // Once established, a kind stays so, whatever becomes of its names.
  const bool established = accepted.status || is_established(crd);
  const CrdCondition state =
      established ? CrdCondition{"Established", true, "InitialNamesAccepted",
                                 "the initial names have been accepted"}
                  : CrdCondition{"Established", false, "NotAccepted", "not all names are accepted"};
  set_crd_condition(conditions, state, now);
  store_version(status, crd);
  return established;
}

}  // namespace holmes::kube
