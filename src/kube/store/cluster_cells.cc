#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/age.h"
#include "kube/store/builtin_cells.h"

namespace holmes::kube::cells {
namespace {

int64_t size(const json::object& object, std::string_view member) {
  const json::object* found = json_object(object, {member});
  return found == nullptr ? 0 : static_cast<int64_t>(found->size());
}

std::string node_status(const json::object& node) {
  std::string status = "Unknown";
  for (const json::object* condition : objects(node, {"status", "conditions"})) {
    if (json_string(*condition, {"type"}) != "Ready") continue;
    status = json_string(*condition, {"status"}) == "True" ? "Ready" : "NotReady";
  }
  if (json_bool(node, {"spec", "unschedulable"}) == true) status += ",SchedulingDisabled";
  return status;
}

std::string node_roles(const json::object& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  if (const json::object* labels = json_object(node, {"metadata", "labels"})) {
    for (const auto& label : *labels) {
      const std::string_view key = label.key();
      const std::string role = key.starts_with(kPrefix) ? std::string(key.substr(kPrefix.size()))
                               : key == "kubernetes.io/role" ? json_string_or(*labels, {key})
                                                             : "";
      if (!role.empty()) roles.push_back(role);
    }
  }
  std::ranges::sort(roles);
  const auto repeated = std::ranges::unique(roles);
  roles.erase(repeated.begin(), repeated.end());
  return roles.empty() ? "<none>" : joined(roles);
}

std::string node_address(const json::object& node, std::string_view type) {
  for (const json::object* address : objects(node, {"status", "addresses"})) {
    if (json_string(*address, {"type"}) == type) return json_string_or(*address, {"address"});
  }
  return "<none>";
}

std::string access_modes(const json::object& claim) {
  static constexpr std::pair<std::string_view, std::string_view> kModes[] = {
      {"ReadWriteOnce", "RWO"},
      {"ReadOnlyMany", "ROX"},
      {"ReadWriteMany", "RWX"},
      {"ReadWriteOncePod", "RWOP"},
  };
  const auto given = texts(claim, {"status", "accessModes"});
  std::vector<std::string> modes;
  for (const auto& [mode, letters] : kModes) {
    if (std::ranges::find(given, mode) != given.end()) modes.emplace_back(letters);
  }
  return joined(modes);
}

// The first that is there, of both forms of events: core/v1 and events.k8s.io/v1.
std::string either(const json::object& object, JsonPath core, JsonPath events) {
  const std::string text = json_string_or(object, core);
  return text.empty() ? json_string_or(object, events) : text;
}

const json::value* either_time(const json::object& object, JsonPath core, JsonPath events) {
  const json::value* time = json_find(object, core);
  if (time == nullptr || time->is_null()) time = json_find(object, events);
  return time == nullptr || time->is_null() ? nullptr : time;
}

std::string event_source(const json::object& event) {
  const auto first = [](std::string text, std::string other) {
    return text.empty() ? other : text;
  };
  const std::string component =
      first(either(event, {"source", "component"}, {"deprecatedSource", "component"}),
            either(event, {"reportingComponent"}, {"reportingController"}));
  const std::string instance =
      first(either(event, {"source", "host"}, {"deprecatedSource", "host"}),
            json_string_or(event, {"reportingInstance"}));
  return instance.empty() ? component : component + ", " + instance;
}

std::string event_target(const json::object& event) {
  const std::string kind =
      to_lower(either(event, {"involvedObject", "kind"}, {"regarding", "kind"}));
  const std::string name = either(event, {"involvedObject", "name"}, {"regarding", "name"});
  return name.empty() ? kind : kind + "/" + name;
}

}  // namespace

json::array name_space(const json::object& object, WallTime now) {
  return {name_of(object), json_string_or(object, {"status", "phase"}, "Active"),
          age_of(object, now)};
}

json::array node(const json::object& object, WallTime now) {
  const auto info = [&](std::string_view name) {
    const std::string text = json_string_or(object, {"status", "nodeInfo", name});
    return text.empty() ? "<unknown>" : text;
  };
  return {name_of(object),
          node_status(object),
          node_roles(object),
          age_of(object, now),
          json_string_or(object, {"status", "nodeInfo", "kubeletVersion"}),
          node_address(object, "InternalIP"),
          node_address(object, "ExternalIP"),
          info("osImage"),
          info("kernelVersion"),
          info("containerRuntimeVersion")};
}

json::array config_map(const json::object& object, WallTime now) {
  return {name_of(object), size(object, "data") + size(object, "binaryData"), age_of(object, now)};
}

json::array secret(const json::object& object, WallTime now) {
  return {name_of(object), json_string_or(object, {"type"}, "Opaque"), size(object, "data"),
          age_of(object, now)};
}

json::array service_account(const json::object& object, WallTime now) {
  return {name_of(object), age_of(object, now)};
}

json::array volume_claim(const json::object& object, WallTime now) {
  const bool deleting = json_find(object, {"metadata", "deletionTimestamp"}) != nullptr;
  const std::string volume = json_string_or(object, {"spec", "volumeName"});
  const std::string old_class = json_string_or(
      object, {"metadata", "annotations", "volume.beta.kubernetes.io/storage-class"});
  return {name_of(object),
          deleting ? "Terminating" : json_string_or(object, {"status", "phase"}, "Pending"),
          volume,
          volume.empty() ? "" : json_string_or(object, {"status", "capacity", "storage"}, "0"),
          volume.empty() ? "" : access_modes(object),
          old_class.empty() ? json_string_or(object, {"spec", "storageClassName"}) : old_class,
          json_string_or(object, {"spec", "volumeAttributesClassName"}, "<unset>"),
          age_of(object, now),
          json_string_or(object, {"spec", "volumeMode"}, "<unset>")};
}

json::array lease(const json::object& object, WallTime now) {
  return {name_of(object), json_string_or(object, {"spec", "holderIdentity"}), age_of(object, now)};
}

json::array role_binding(const json::object& object, WallTime now) {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> accounts;
  for (const json::object* subject : objects(object, {"subjects"})) {
    const auto kind = json_string(*subject, {"kind"});
    const std::string name = json_string_or(*subject, {"name"});
    if (kind == "User") users.push_back(name);
    if (kind == "Group") groups.push_back(name);
    if (kind == "ServiceAccount") {
      accounts.push_back(fmt::format("{}/{}", json_string_or(*subject, {"namespace"}), name));
    }
  }
  return {name_of(object),
          fmt::format("{}/{}", json_string_or(object, {"roleRef", "kind"}),
                      json_string_or(object, {"roleRef", "name"})),
          age_of(object, now),
          joined(users, ", "),
          joined(groups, ", "),
          joined(accounts, ", ")};
}

json::array event(const json::object& object, WallTime now) {
  const json::value* event_time = either_time(object, {"eventTime"}, {"eventTime"});
  const json::value* first = either_time(object, {"firstTimestamp"}, {"deprecatedFirstTimestamp"});
  const std::string first_seen = age_text(first == nullptr ? event_time : first, now);
  const json::value* last = either_time(object, {"lastTimestamp"}, {"deprecatedLastTimestamp"});
  std::string last_seen = last == nullptr ? first_seen : age_text(last, now);
  int64_t number = std::max(count(object, {"count"}), count(object, {"deprecatedCount"}));
  if (number == 0) number = 1;
  if (json_object(object, {"series"}) != nullptr) {
    last_seen = age_text(json_find(object, {"series", "lastObservedTime"}), now);
    number = count(object, {"series", "count"});
  }
  return {last_seen,
          json_string_or(object, {"type"}),
          json_string_or(object, {"reason"}),
          event_target(object),
          either(object, {"involvedObject", "fieldPath"}, {"regarding", "fieldPath"}),
          event_source(object),
          trim(either(object, {"message"}, {"note"})),
          first_seen,
          number,
          name_of(object)};
}

json::array anything(const json::object& object, WallTime /*now*/) {
  return {name_of(object), json_string_or(object, {"metadata", "creationTimestamp"})};
}

}  // namespace holmes::kube::cells
