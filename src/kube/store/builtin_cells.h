// Cells of built-in kinds, for builtin_tables.cc, and what they have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace holmes::kube::cells {

using Row = json::array (*)(const json::object& object, WallTime now);

// pod_cells.cc
json::array pod(const json::object& object, WallTime now);
json::array pod_conditions(const json::object& object);
// workload_cells.cc
json::array deployment(const json::object& object, WallTime now);
json::array replica_set(const json::object& object, WallTime now);
json::array stateful_set(const json::object& object, WallTime now);
json::array daemon_set(const json::object& object, WallTime now);
json::array job(const json::object& object, WallTime now);
json::array cron_job(const json::object& object, WallTime now);
json::array autoscaler(const json::object& object, WallTime now);
// network_cells.cc
json::array service(const json::object& object, WallTime now);
json::array endpoint_slice(const json::object& object, WallTime now);
json::array ingress(const json::object& object, WallTime now);
// cluster_cells.cc
json::array name_space(const json::object& object, WallTime now);
json::array node(const json::object& object, WallTime now);
json::array config_map(const json::object& object, WallTime now);
json::array secret(const json::object& object, WallTime now);
json::array service_account(const json::object& object, WallTime now);
json::array volume_claim(const json::object& object, WallTime now);
json::array lease(const json::object& object, WallTime now);
json::array role_binding(const json::object& object, WallTime now);
json::array event(const json::object& object, WallTime now);
json::array anything(const json::object& object, WallTime now);

// --- builtin_cells.cc ---

std::string name_of(const json::object& object);
std::string age_of(const json::object& object, WallTime now);
// The number there, or 0.
int64_t count(const json::object& object, JsonPath path);
// The members of a list that are objects; none when there is no list.
std::vector<const json::object*> objects(const json::object& object, JsonPath path);
// The texts of a list.
std::vector<std::string> texts(const json::object& object, JsonPath path);
std::string joined(const std::vector<std::string>& parts, std::string_view between = ",");
// One text of each of the objects: names of containers.
std::string joined(const std::vector<const json::object*>& objects, std::string_view member);
// Whether that condition stands at True.
bool has_condition(const json::object& object, std::string_view type);
// "a=b,c=d"; "<none>".
std::string labels_text(const json::object* labels);
// "a=b,c in (d,e),!f" of a metav1.LabelSelector; "" when it selects everything or is missing.
std::string selector_text(const json::object* selector);
// The first `max` parts, and how many more there are.
std::string with_more(const std::vector<std::string>& parts, size_t max, std::string_view empty);

}  // namespace holmes::kube::cells
