#include "kube/store/managed_fields.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "kube/store/label_syntax.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kAncientChanges = "ancient-changes";

// In one spelling, so that elements can be compared as text.
Result<std::string> canonical(std::string_view element) {
  const std::string_view kind = element.substr(0, 2);
  const std::string_view rest = element.substr(kind.size());
  if (kind == "f:") return std::string(element);
  if (kind == "k:" || kind == "v:" || kind == "i:") {
    HOLMES_TRY(const json::value value, parse_json(rest));
    if (const json::object* keys = value.if_object(); keys != nullptr && kind == "k:") {
      std::map<std::string, json::value> sorted;
      for (const auto& key : *keys) sorted.emplace(key.key(), key.value());
      return "k:" + holmes::to_text(json::object(sorted.begin(), sorted.end()));
    }
    if (kind != "k:") return std::string(kind) + holmes::to_text(value);
  }
  return fail(ErrorCode::kInvalid, fmt::format("{} is no path element", quoted(element)));
}

void drop_empty(FieldSet& set) {
  std::erase_if(set.children, [](const auto& child) { return child.second.empty(); });
}

std::string value_text(const json::value& value) {
  return value.is_string() ? quoted(std::string_view(value.get_string())) : to_text(value);
}

void list_paths(const FieldSet& set, const std::string& at, std::vector<std::string>& out) {
  for (const auto& [element, child] : set.children) {
    if (child.member) out.push_back(at + element_text(element));
  }
  for (const auto& [element, child] : set.children) {
    list_paths(child, at + element_text(element), out);
  }
}

Result<ManagedFields> parse_entry(const json::value& entry) {
  ManagedFields out;
  const std::string operation = json_string_or(entry, {"operation"});
  const json::object* fields = json_object(entry, {"fieldsV1"});
  if ((operation != "Apply" && operation != "Update") || fields == nullptr) {
    return fail(ErrorCode::kInvalid,
                "an entry of managedFields needs an operation, Apply or Update, and fieldsV1");
  }
  out.manager = json_string_or(entry, {"manager"});
  out.applied = operation == "Apply";
  out.api_version = json_string_or(entry, {"apiVersion"});
  out.subresource = json_string_or(entry, {"subresource"});
  out.time = json_string_or(entry, {"time"});
  HOLMES_TRY(out.fields, FieldSet::parse(*fields));
  return out;
}

json::object entry_json(const ManagedFields& entry) {
  json::object out{{"manager", entry.manager},
                   {"operation", entry.applied ? "Apply" : "Update"},
                   {"apiVersion", entry.api_version}};
  if (!entry.time.empty()) out.emplace("time", entry.time);
  out.emplace("fieldsType", "FieldsV1");
  out.emplace("fieldsV1", entry.fields.to_json());
  if (!entry.subresource.empty()) out.emplace("subresource", entry.subresource);
  return out;
}

// Joins the oldest of too many Update entries, which stand last and in the order of their times.
void limit_updates(std::vector<ManagedFields>& managers) {
  auto oldest = std::ranges::find(managers, false, &ManagedFields::applied);
  while (managers.end() - oldest > static_cast<ptrdiff_t>(kMaxUpdateManagers)) {
    const auto next = oldest + 1;
    next->fields.add(oldest->fields);
    next->manager = kAncientChanges;
    next->subresource.clear();
    oldest = managers.erase(oldest);
  }
}

}  // namespace

Result<FieldSet> FieldSet::parse(const json::object& fields) {
  FieldSet set;
  for (const auto& entry : fields) {
    const json::object* below = entry.value().if_object();
    if (below == nullptr) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} must be an object", quoted(std::string_view(entry.key()))));
    }
    if (entry.key() == ".") {
      set.member = true;
      continue;
    }
    HOLMES_TRY(const std::string element, canonical(entry.key()));
    HOLMES_TRY(FieldSet child, parse(*below));
    if (below->empty()) child.member = true;
    set.children[element].add(child);
  }
  return set;
}

json::object FieldSet::to_json() const {
  json::object out;
  if (member && !children.empty()) out.emplace(".", json::object());
  for (const auto& [element, child] : children) out.emplace(element, child.to_json());
  return out;
}

void FieldSet::add(const FieldSet& other) {
  member = member || other.member;
  for (const auto& [element, child] : other.children) children[element].add(child);
}

void FieldSet::subtract(const FieldSet& other) {
  member = member && !other.member;
  for (const auto& [element, child] : other.children) {
    if (const auto mine = children.find(element); mine != children.end()) {
      mine->second.subtract(child);
    }
  }
  drop_empty(*this);
}

void FieldSet::subtract_trees(const FieldSet& other) {
  for (const auto& [element, child] : other.children) {
    const auto mine = children.find(element);
    if (mine == children.end()) continue;
    if (child.member) {
      children.erase(mine);
    } else {
      mine->second.subtract_trees(child);
    }
  }
  drop_empty(*this);
}

FieldSet FieldSet::intersection(const FieldSet& other) const {
  FieldSet out;
  out.member = member && other.member;
  for (const auto& [element, child] : children) {
    const auto theirs = other.children.find(element);
    if (theirs != other.children.end()) {
      out.children[element] = child.intersection(theirs->second);
    }
  }
  drop_empty(out);
  return out;
}

FieldSet FieldSet::with_parents() const {
  FieldSet out;
  out.member = member;
  for (const auto& [element, child] : children) {
    FieldSet& below = out.children[element] = child.with_parents();
    if (element.starts_with("f:")) below.member = true;
  }
  return out;
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  list_paths(*this, "", out);
  return out;
}

std::string element_text(std::string_view element) {
  const std::string_view rest = element.substr(std::min<size_t>(2, element.size()));
  if (element.starts_with("f:")) return fmt::format(".{}", rest);
  const Result<json::value> value = parse_json(rest);
  const json::object* keys = value ? value->if_object() : nullptr;
  if (keys != nullptr && element.starts_with("k:")) {
    std::vector<std::string> parts;
    for (const auto& key : *keys) {
      parts.push_back(fmt::format("{}={}", std::string_view(key.key()), value_text(key.value())));
    }
    return fmt::format("[{}]", fmt::join(parts, ","));
  }
  if (value && element.starts_with("v:")) return fmt::format("[={}]", value_text(*value));
  return fmt::format("[{}]", rest);
}

bool ManagedFields::same_owner(const ManagedFields& other) const {
  return std::tie(manager, applied, api_version, subresource) ==
         std::tie(other.manager, other.applied, other.api_version, other.subresource);
}

Result<std::vector<ManagedFields>> parse_managed_fields(const json::object& object) {
  std::vector<ManagedFields> managers;
  const json::value* found = json_find(object, {"metadata", "managedFields"});
  if (found == nullptr || found->is_null()) return managers;
  if (!found->is_array()) return fail(ErrorCode::kInvalid, "managedFields must be an array");
  for (const json::value& entry : found->get_array()) {
    HOLMES_TRY(ManagedFields parsed, parse_entry(entry));
    managers.push_back(std::move(parsed));
  }
  return managers;
}

void set_managed_fields(json::object& object, std::vector<ManagedFields> managers) {
  std::erase_if(managers, [](const ManagedFields& entry) { return entry.fields.empty(); });
  std::ranges::sort(managers, [](const ManagedFields& a, const ManagedFields& b) {
    return std::tie(b.applied, a.time, a.manager, a.api_version, a.subresource) <
           std::tie(a.applied, b.time, b.manager, b.api_version, b.subresource);
  });
  limit_updates(managers);
  json::value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.get_object().erase("managedFields");
  json::array entries;
  for (const ManagedFields& entry : managers) entries.push_back(entry_json(entry));
  if (!entries.empty()) metadata.get_object().emplace("managedFields", std::move(entries));
}

}  // namespace holmes::kube
