#include "demo/demo_objects.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "kube/store/object_view.h"

namespace holmes {
namespace {

constexpr std::chrono::seconds kEventInterval{15};  // of a series
const std::string kEvents = "events";
constexpr std::string_view kAnnotation = "holmesgpt.dev/demo";  // on the demo's own events

bool being_deleted(const json::object& object) {
  return json_find(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

bool is_controlled_by(const json::object& object, std::string_view uid) {
  const json::array* owners = json_array(object, {"metadata", "ownerReferences"});
  return owners != nullptr && std::ranges::any_of(*owners, [&](const json::value& owner) {
           return json_bool(owner, {"controller"}) == true && json_string(owner, {"uid"}) == uid;
         });
}

// Nobody here asks who owns which field, and that is most of an object. All of the kinds that the
// demo reads are stored as they are shown.
json::object read(const kube::Stored& stored) {
  Result<json::object> object =
      parse_json_object(stored->bytes, {.drop_in = "metadata", .drop = "managedFields"});
  HOLMES_ASSERT(object.has_value());
  return *std::move(object);
}

// Of the whole object, with the resourceVersion of what was read left out: nothing else runs
// between reading and writing.
json::object without_version(const json::object& object) {
  json::object copy = object;
  copy["metadata"].get_object().erase("resourceVersion");
  return copy;
}

}  // namespace

std::vector<json::object> DemoObjects::list(const std::string& resource,
                                            const std::string& ns) const {
  std::vector<json::object> objects;
  const Status visited =
      store_.visit(resource, ns, std::nullopt, std::nullopt, [&](const kube::Stored& stored) {
        json::object object = read(stored);
        if (!being_deleted(object)) objects.push_back(std::move(object));
        return true;
      });
  HOLMES_ASSERT(visited.has_value());
  return objects;
}

std::vector<json::object> DemoObjects::controlled_by(const std::string& resource,
                                                     const std::string& uid) const {
  std::vector<json::object> objects;
  for (const kube::Stored& stored : store_.owned_by(uid)) {
    if (stored->resource != resource) continue;
    json::object object = read(stored);
    if (!being_deleted(object) && is_controlled_by(object, uid)) {
      objects.push_back(std::move(object));
    }
  }
  return objects;
}

size_t DemoObjects::count(const std::string& resource) const {
  return store_.count(resource);
}

bool DemoObjects::exists(const std::string& resource, const kube::ObjectKey& key) const {
  return store_.find(resource, key) != nullptr;
}

bool DemoObjects::create(const std::string& resource, json::object object, std::string_view as) {
  const kube::KindPtr kind = server_.kinds().find_stored(resource);
  const std::string ns = demo_namespace(object);
  const auto written = server_.writer().create({.kind = kind, .key = {ns, ""}}, std::move(object),
                                               {.manager = std::string(as)});
  if (!written) return false;
  date_back(resource, ns, written->bytes);
  return true;
}

void DemoObjects::date_back(const std::string& resource, const std::string& ns,
                            const std::string& bytes) {
  Result<json::object> created = parse_json_object(bytes);
  HOLMES_ASSERT(created.has_value());
  json::object& metadata = created->at("metadata").get_object();
  const std::string now = now_text();
  if (json_string_or(metadata, {"creationTimestamp"}) == now) return;
  metadata["creationTimestamp"] = now;
  const kube::KindPtr kind = server_.kinds().find_stored(resource);
  const kube::Stored live = store_.find(resource, {ns, demo_name(*created)});
  server_.writer().overwrite(live, kube::stored_form(*kind, *std::move(created)));
}

void DemoObjects::write(const std::string& resource, const json::object& object,
                        std::string_view as) {
  replace(resource, object, as, "");
}

void DemoObjects::write_status(const std::string& resource, const json::object& object,
                               std::string_view as) {
  replace(resource, object, as, "status");
}

void DemoObjects::replace(const std::string& resource, const json::object& object,
                          std::string_view as, std::string subresource) {
  const kube::KindPtr kind = server_.kinds().find_stored(resource);
  const kube::ObjectKey key{demo_namespace(object), demo_name(object)};
  (void)server_.writer().replace({.kind = kind, .key = key, .subresource = std::move(subresource)},
                                 without_version(object), {.manager = std::string(as)});
}

void DemoObjects::remove(const std::string& resource, const json::object& object) {
  const kube::KindPtr kind = server_.kinds().find_stored(resource);
  (void)server_.remover().remove({.kind = kind, .key = {demo_namespace(object), demo_name(object)}},
                                 {});
}

void DemoObjects::event(const json::object& about, DemoEventType type, std::string_view reason,
                        const std::string& message, std::string_view component) {
  const std::string about_ns = demo_namespace(about);
  const std::string ns = about_ns.empty() ? "default" : about_ns;
  const std::string identity = fmt::format("{} {} {}", demo_uid(about), reason, message);
  const std::string name =
      fmt::format("{}.{}", demo_name(about), sha256_hex(identity).substr(0, 16));
  if (const kube::Stored live = store_.find(kEvents, {ns, name})) {
    json::object event = read(live);
    const auto last = parse_rfc3339(json_string_or(event, {"lastTimestamp"}));
    if (last && now_ - *last < kEventInterval) return;
    event["count"] = json_int(event, {"count"}).value_or(1) + 1;
    event["lastTimestamp"] = now_text();
    return write(kEvents, event, component);
  }
  json::object involved{{"apiVersion", json_string_or(about, {"apiVersion"})},
                        {"kind", json_string_or(about, {"kind"})},
                        {"name", demo_name(about)},
                        {"uid", demo_uid(about)}};
  if (!about_ns.empty()) involved["namespace"] = about_ns;
  create(kEvents,
         {{"metadata", json::object{{"name", name},
                                    {"namespace", ns},
                                    {"annotations", json::object{{kAnnotation, "true"}}}}},
          {"involvedObject", std::move(involved)},
          {"type", type == DemoEventType::kWarning ? "Warning" : "Normal"},
          {"reason", reason},
          {"message", message},
          {"source", json::object{{"component", component}}},
          {"reportingComponent", component},
          {"reportingInstance", ""},
          {"firstTimestamp", now_text()},
          {"lastTimestamp", now_text()},
          {"count", 1}},
         component);
}

void DemoObjects::drop_old_events() {
  if (store_.count(kEvents) <= kMaxDemoEvents) return;
  std::multimap<std::string, json::object> own;  // by time; RFC 3339 in UTC sorts as text
  for (json::object& event : list(kEvents)) {
    if (!json_string(event, {"metadata", "annotations", kAnnotation})) continue;
    own.emplace(json_string_or(event, {"lastTimestamp"}), std::move(event));
  }
  for (; own.size() > kMaxDemoEvents; own.erase(own.begin())) remove(kEvents, own.begin()->second);
}

namespace {
const json::array& or_none(const json::array* array) {
  static const json::array none;
  return array == nullptr ? none : *array;
}
}  // namespace

const json::array& demo_array(const json::value& object, JsonPath path) {
  return or_none(json_array(object, path));
}
const json::array& demo_array(const json::object& object, JsonPath path) {
  return or_none(json_array(object, path));
}

std::string demo_name(const json::object& object) {
  return json_string_or(object, {"metadata", "name"});
}
std::string demo_namespace(const json::object& object) {
  return json_string_or(object, {"metadata", "namespace"});
}
std::string demo_uid(const json::object& object) {
  return json_string_or(object, {"metadata", "uid"});
}

json::array demo_owner(const json::object& controller) {
  return {json::object{{"apiVersion", json_string_or(controller, {"apiVersion"})},
                       {"kind", json_string_or(controller, {"kind"})},
                       {"name", demo_name(controller)},
                       {"uid", demo_uid(controller)},
                       {"controller", true},
                       {"blockOwnerDeletion", true}}};
}

void set_demo_condition(json::object& object, std::string_view type, bool is_true,
                        std::string_view reason, const std::string& message, WallTime now) {
  json::value& status = object["status"];
  if (!status.is_object()) status = json::object();
  json::value& conditions = status.get_object()["conditions"];
  if (!conditions.is_array()) conditions = json::array();
  json::object condition{{"type", type},
                         {"status", is_true ? "True" : "False"},
                         {"lastTransitionTime", format_rfc3339(now)}};
  if (!reason.empty()) condition["reason"] = reason;
  if (!message.empty()) condition["message"] = message;
  for (json::value& old : conditions.get_array()) {
    if (json_string(old, {"type"}) != type) continue;
    if (json_string(old, {"status"}) == json_string(condition, {"status"})) {
      condition["lastTransitionTime"] = json_string_or(old, {"lastTransitionTime"});
    }
    old = std::move(condition);
    return;
  }
  conditions.get_array().push_back(std::move(condition));
}

bool has_demo_condition(const json::object& object, std::string_view type) {
  const json::array* conditions = json_array(object, {"status", "conditions"});
  return conditions != nullptr &&
         std::ranges::any_of(*conditions, [&](const json::value& condition) {
           return json_string(condition, {"type"}) == type &&
                  json_string(condition, {"status"}) == "True";
         });
}

bool demo_selects(const json::object* match_labels, const json::object& object) {
  if (match_labels == nullptr || match_labels->empty()) return false;
  return std::ranges::all_of(*match_labels, [&](const auto& label) {
    const auto value = json_string(object, {"metadata", "labels", label.key()});
    return label.value().is_string() && value == std::string_view(label.value().get_string());
  });
}

}  // namespace holmes
