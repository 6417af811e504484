#include "kube/store/apply.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kube/store/field_walk.h"
#include "kube/store/label_syntax.h"
#include "kube/store/managed_fields.h"
#include "kube/store/same_json.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// Nobody owns these.
const FieldSet& unowned_fields() {
  static const FieldSet set = [] {
    FieldSet out;
    const auto member = [](FieldSet& at, std::string_view name) -> FieldSet& {
      FieldSet& child = at.children[fmt::format("f:{}", name)];
      child.member = true;
      return child;
    };
    member(out, "apiVersion");
    member(out, "kind");
    FieldSet& metadata = member(out, "metadata");
    for (const std::string_view name : {"name", "namespace", "creationTimestamp", "selfLink", "uid",
                                        "generation", "managedFields", "resourceVersion"}) {
      member(metadata, name);
    }
    return out;
  }();
  return set;
}

void drop_managed_fields(json::object& object) {
  json::value* metadata = object.if_contains("metadata");
  if (metadata != nullptr && metadata->is_object()) metadata->get_object().erase("managedFields");
}

std::string kind_text(const json::object& object) {
  const std::string version = json_string_or(object, {"apiVersion"});
  return fmt::format("{}{}, Kind={}", version.contains('/') ? "" : "/", version,
                     json_string_or(object, {"kind"}));
}

// The part of an applied object that counts.
json::object relevant(const Kind& kind, const json::object& applied, const FieldOwner& owner) {
  json::object out = applied;
  if (owner.subresource.empty()) {
    if (kind.has_status) out.erase("status");
    return out;
  }
  for (const auto& member : applied) {
    const std::string_view name = member.key();
    if (name != "apiVersion" && name != "kind" && name != "metadata" && name != owner.subresource) {
      out.erase(name);
    }
  }
  json::value* metadata = out.if_contains("metadata");
  if (metadata == nullptr || !metadata->is_object()) return out;
  json::object identity;
  for (const auto& member : metadata->get_object()) {
    if (unowned_fields()
            .children.at("f:metadata")
            .children.contains(fmt::format("f:{}", std::string_view(member.key())))) {
      identity.emplace(member.key(), member.value());
    }
  }
  *metadata = std::move(identity);
  return out;
}

std::optional<Refusal> cannot_be_applied(const Kind& kind, const json::object& applied,
                                         const json::object& config) {
  if (json_string_or(applied, {"apiVersion"}) != kind.type.api_version() ||
      json_string_or(applied, {"kind"}) != kind.type.kind) {
    return bad_request(fmt::format("invalid object type: {}", kind_text(applied)));
  }
  const json::value* managed = json_find(applied, {"metadata", "managedFields"});
  if (managed != nullptr && !managed->is_null()) {
    return bad_request("metadata.managedFields must be nil");
  }
  const std::vector<std::string> errors = field_errors(config, FieldShape(kind));
  if (errors.empty()) return std::nullopt;
  Refusal refusal;
  refusal.message = fmt::format("failed to create typed patch object ({}/{}; {}): {}{}",
                                json_string_or(applied, {"metadata", "namespace"}),
                                json_string_or(applied, {"metadata", "name"}), kind_text(applied),
                                errors.size() == 1 ? "" : "errors:\n  ", fmt::join(errors, "\n  "));
  return refusal;
}

struct Conflict {
  std::string owner;  // `"kubectl-edit" using holmesgpt.dev/v1alpha1`
  std::string path;
};

std::string owner_text(const ManagedFields& entry) {
  std::string out = quoted(entry.manager);
  if (!entry.subresource.empty()) {
    out += fmt::format(" with subresource {}", quoted(entry.subresource));
  }
  if (!entry.applied) out += fmt::format(" using {}", entry.api_version);
  return out;
}

Refusal conflict_refusal(const std::vector<Conflict>& conflicts) {
  Refusal refusal;
  refusal.code = 409;
  refusal.reason = "Conflict";
  std::map<std::string, std::vector<std::string>> by_owner;
  for (const Conflict& conflict : conflicts) {
    by_owner[conflict.owner].push_back(conflict.path);
    refusal.causes.push_back(
        {conflict.path, "FieldManagerConflict", fmt::format("conflict with {}", conflict.owner)});
  }
  if (conflicts.size() == 1) {
    refusal.message = fmt::format("Apply failed with 1 conflict: conflict with {}: {}",
                                  conflicts[0].owner, conflicts[0].path);
    return refusal;
  }
  std::vector<std::string> lines;
  for (const auto& [owner, paths] : by_owner) {
    lines.push_back(fmt::format("conflicts with {}:", owner));
    for (const std::string& path : paths) lines.push_back(fmt::format("- {}", path));
  }
  refusal.message =
      fmt::format("Apply failed with {} conflicts: {}", conflicts.size(), fmt::join(lines, "\n"));
  return refusal;
}

// What client-side apply wrote and nobody changed since.
FieldSet left_by_client_side_apply(const FieldShape& shape, const json::object& live) {
  const auto text = json_string(live, {"metadata", "annotations", kLastApplied});
  Result<json::object> last =
      text ? parse_json_object(*text) : fail(ErrorCode::kNotFound, "not applied by a client");
  if (!last || json_string(*last, {"apiVersion"}) != json_string(live, {"apiVersion"})) return {};
  FieldSet fields = fields_of(*last, shape);
  const FieldChanges changes = compare_fields(*last, live, shape);
  for (const FieldSet* set : {&changes.added, &changes.modified, &changes.removed}) {
    fields.subtract(*set);
  }
  return fields;
}

// Where client-side apply has left its annotation, for the next one.
void keep_last_applied(json::object& object, const json::object& applied) {
  if (!json_string(object, {"metadata", "annotations", kLastApplied})) return;
  json::object& metadata = object.at("metadata").get_object();
  metadata.at("annotations").get_object()[kLastApplied] = to_text(applied);
}

FieldSet changed(const FieldChanges& changes) {
  FieldSet out = changes.modified;
  out.add(changes.added);
  return out;
}

ManagedFields entry_of(const Kind& kind, const FieldOwner& owner, bool applied) {
  ManagedFields entry;
  entry.manager = owner.manager;
  entry.applied = applied;
  entry.api_version = kind.type.api_version();
  entry.subresource = owner.subresource;
  return entry;
}

// The entries of an object that is about to be applied.
std::vector<ManagedFields> owners_of(const Kind& kind, const json::object* live,
                                     const FieldOwner& owner) {
  if (live == nullptr) return {};
  std::vector<ManagedFields> managers =
      parse_managed_fields(*live).value_or(std::vector<ManagedFields>());
  if (!managers.empty()) return managers;
  json::object content = *live;
  drop_managed_fields(content);
  ManagedFields entry = entry_of(kind, owner, false);
  entry.manager = "before-first-apply";
  entry.time = format_rfc3339(owner.time);
  entry.fields = compare_fields({}, content, FieldShape(kind)).added;
  entry.fields.subtract(unowned_fields());
  managers.push_back(std::move(entry));
  return managers;
}

// The entry of the one that applies, made where there is none.
ManagedFields& own_entry(std::vector<ManagedFields>& managers, const ManagedFields& wanted) {
  const auto found = std::ranges::find_if(
      managers, [&](const ManagedFields& entry) { return entry.same_owner(wanted); });
  return found == managers.end() ? managers.emplace_back(wanted) : *found;
}

// Takes what this manager owned from the object, where it left it out and nobody else owns it.
void prune(json::object& object, const FieldShape& shape, const FieldSet& last, const FieldSet& now,
           const std::vector<ManagedFields>& managers, const FieldSet& own) {
  if (last.empty()) return;
  FieldSet kept = now;
  for (const ManagedFields& entry : managers) {
    if (&entry.fields != &own) kept.add(entry.fields);
  }
  FieldSet gone = last.with_parents();
  gone.subtract(kept.with_parents());
  remove_fields(object, shape, gone, kept);
}

}  // namespace

Answer<json::object> apply_object(const Kind& kind, const json::object* live,
                                  const json::object& applied, const FieldOwner& owner,
                                  bool force) {
  const json::object config = relevant(kind, applied, owner);
  if (auto refusal = cannot_be_applied(kind, applied, config)) return refuse(std::move(*refusal));
  const FieldShape shape(kind);
  std::vector<ManagedFields> managers = owners_of(kind, live, owner);
  json::object before = live == nullptr ? json::object() : *live;
  drop_managed_fields(before);
  ManagedFields& own = own_entry(managers, entry_of(kind, owner, true));
  FieldSet now = fields_of(config, shape);
  json::object after = merge_fields(before, config, shape);
  drop_managed_fields(after);
  prune(after, shape, own.fields, now, managers, own.fields);

  const FieldChanges changes = compare_fields(before, after, shape);
  const FieldSet taken = changed(changes);
  FieldSet free;
  if (owner.manager == "kubectl") free = left_by_client_side_apply(shape, before);
  std::vector<Conflict> conflicts;
  for (ManagedFields& entry : managers) {
    if (&entry == &own) continue;
    FieldSet disputed = entry.fields.intersection(taken);
    disputed.subtract(free);
    for (std::string& path : disputed.paths()) {
      conflicts.push_back({owner_text(entry), std::move(path)});
    }
    entry.fields.subtract(taken);
    entry.fields.subtract_trees(changes.removed);
  }
  if (!conflicts.empty() && !force) return refuse(conflict_refusal(conflicts));

  if (owner.manager == "kubectl") keep_last_applied(after, applied);
  now.subtract(unowned_fields());
  own.fields = std::move(now);
  if (live == nullptr || !same_json(before, after)) own.time = format_rfc3339(owner.time);
  set_managed_fields(after, std::move(managers));
  return after;
}

void note_owner(const Kind& kind, const json::object& before, json::object& after,
                const FieldOwner& owner) {
  const json::value* given = json_find(after, {"metadata", "managedFields"});
  const json::array* entries = given == nullptr ? nullptr : given->if_array();
  const bool is_subresource = !owner.subresource.empty();
  const bool reset = !is_subresource && entries != nullptr &&
                     (entries->empty() || (entries->size() == 1 && entries->front().is_object() &&
                                           entries->front().get_object().empty()));
  Result<std::vector<ManagedFields>> managers =
      parse_managed_fields(is_subresource ? before : after);
  if (!managers || managers->empty()) managers = parse_managed_fields(before);
  json::object old = before;
  drop_managed_fields(old);
  drop_managed_fields(after);
  if (reset || !managers || std::ranges::none_of(*managers, &ManagedFields::applied)) return;

  const FieldChanges changes = compare_fields(old, after, FieldShape(kind));
  FieldSet taken = changed(changes);
  for (ManagedFields& entry : *managers) {
    entry.fields.subtract(taken);
    entry.fields.subtract_trees(changes.removed);
  }
  taken.subtract(unowned_fields());
  if (!taken.empty()) {
    ManagedFields& own = own_entry(*managers, entry_of(kind, owner, false));
    own.fields.add(taken);
    own.time = format_rfc3339(owner.time);
  }
  set_managed_fields(after, std::move(*managers));
}

}  // namespace holmes::kube
