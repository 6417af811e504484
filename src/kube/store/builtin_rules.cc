#include "kube/store/builtin_rules.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"
#include "kube/store/label_syntax.h"
#include "kube/store/meta_rules.h"

namespace holmes::kube {
namespace {

void set_default(json::object& object, std::string_view name, json::value value) {
  if (!object.contains(name)) object[name] = std::move(value);
}

// The label lets selectors of namespaces name one; the finalizer keeps it until it is empty.
void default_namespace(json::object& ns, const json::object* old) {
  const std::string name = json_string_or(ns, {"metadata", "name"});
  member_object(metadata_of(ns), "labels")["kubernetes.io/metadata.name"] = name;
  if (old != nullptr) return;
  member_object(ns, "spec")["finalizers"] = json::array{"kubernetes"};
  ns["status"] = json::object{{"phase", "Active"}};
}

void default_secret(json::object& secret) {
  set_default(secret, "type", "Opaque");
  const json::value* plain = secret.if_contains("stringData");
  if (plain != nullptr && plain->is_object()) {
    const json::object texts = plain->get_object();
    json::object& data = member_object(secret, "data");
    for (const auto& [key, value] : texts) {
      if (value.is_string()) data[key] = base64_encode(value.get_string());
    }
  }
  secret.erase("stringData");
}

// Go writes these even when nobody set them.
void default_event(json::object& event, bool core) {
  set_default(event, "eventTime", nullptr);
  set_default(event, core ? "firstTimestamp" : "deprecatedFirstTimestamp", nullptr);
  set_default(event, core ? "lastTimestamp" : "deprecatedLastTimestamp", nullptr);
  set_default(event, core ? "source" : "deprecatedSource", json::object());
  if (!core) return;
  set_default(event, "reportingComponent", "");
  set_default(event, "reportingInstance", "");
}

void default_pod_status(json::object& pod, const json::object* old) {
  if (old == nullptr) set_default(pod, "status", json::object{{"phase", "Pending"}});
}

void default_container(json::object& container) {
  const std::string image = json_string_or(container, {"image"});
  const std::string_view tagged = std::string_view(image).substr(image.rfind('/') + 1);
  const bool newest = !tagged.contains(':') || tagged.ends_with(":latest");
  set_default(container, "imagePullPolicy", newest ? "Always" : "IfNotPresent");
  set_default(container, "resources", json::object());
  set_default(container, "terminationMessagePath", "/dev/termination-log");
  set_default(container, "terminationMessagePolicy", "File");
}

void default_pod_spec(json::object& spec) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    json::value* containers = spec.if_contains(list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (json::value& container : containers->get_array()) {
      if (container.is_object()) default_container(container.get_object());
    }
  }
  set_default(spec, "dnsPolicy", "ClusterFirst");
  set_default(spec, "restartPolicy", "Always");
  set_default(spec, "schedulerName", "default-scheduler");
  set_default(spec, "securityContext", json::object());
  set_default(spec, "terminationGracePeriodSeconds", 30);
}

void default_pod(json::object& pod) {
  json::object& spec = member_object(pod, "spec");
  default_pod_spec(spec);
  set_default(spec, "enableServiceLinks", true);
}

void default_service(json::object& service) {
  set_default(service, "status", json::object{{"loadBalancer", json::object()}});
  json::object& spec = member_object(service, "spec");  // until a member is added to the service
  set_default(spec, "type", "ClusterIP");
  set_default(spec, "sessionAffinity", "None");
  if (json_string(spec, {"type"}) != "ExternalName") {
    set_default(spec, "internalTrafficPolicy", "Cluster");
  }
  json::value* ports = spec.if_contains("ports");
  if (ports == nullptr || !ports->is_array()) return;
  for (json::value& port : ports->get_array()) {
    if (!port.is_object() || !port.get_object().contains("port")) continue;
    set_default(port.get_object(), "protocol", "TCP");
    set_default(port.get_object(), "targetPort", json::value(port.get_object()["port"]));
  }
}

void default_workload(json::object& object, std::string_view plural) {
  json::object& spec = member_object(object, "spec");
  if (json_object(spec, {"template"}) != nullptr) {
    default_pod_spec(member_object(member_object(spec, "template"), "spec"));
  }
  if (plural == "deployments" || plural == "replicasets" || plural == "statefulsets") {
    set_default(spec, "replicas", 1);
  }
  if (plural == "deployments") {
    set_default(spec, "revisionHistoryLimit", 10);
    set_default(spec, "progressDeadlineSeconds", 600);
    set_default(spec, "strategy",
                json::object{{"type", "RollingUpdate"},
                             {"rollingUpdate",
                              json::object{{"maxUnavailable", "25%"}, {"maxSurge", "25%"}}}});
  }
  if (plural != "cronjobs" && plural != "jobs") set_default(object, "status", json::object());
}

constexpr size_t kMaxDataBytes = size_t{1} << 20U;

size_t data_bytes(const json::object& object, std::string_view member) {
  const json::object* data = json_object(object, {member});
  size_t bytes = 0;
  if (data == nullptr) return bytes;
  for (const auto& [key, value] : *data) bytes += value.is_string() ? value.get_string().size() : 0;
  return bytes;
}

// The keys of a configmap's or secret's data are file names.
void check_data_keys(const json::object& object, std::string_view member, Causes& causes) {
  const json::object* data = json_object(object, {member});
  if (data == nullptr) return;
  for (const auto& [key, value] : *data) {
    const std::string_view name = key;
    const bool fine = !name.empty() && name.size() <= 253 && name != "." &&
                      !name.starts_with("..") &&
                      name.find_first_not_of(
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
                          std::string_view::npos;
    if (fine) continue;
    if (name == "." || name.starts_with("..")) {
      causes.push_back(
          {fmt::format("{}[{}]", member, name), "FieldValueInvalid",
           name.size() > 2
               ? fmt::format("Invalid value: {}: must not start with '..'", quoted(name))
               : fmt::format("Invalid value: {}: must not be '{}'", quoted(name), name)});
      continue;
    }
    causes.push_back(
        {fmt::format("{}[{}]", member, name), "FieldValueInvalid",
         fmt::format("Invalid value: {}: a valid config key must consist of alphanumeric "
                     "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
                     "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
                     quoted(name))});
  }
}

void check_immutable_data(const json::object& object, const json::object* old, Causes& causes) {
  if (old == nullptr || json_bool(*old, {"immutable"}) != true) return;
  for (const std::string_view field : {"immutable", "data", "binaryData"}) {
    const json::value* before = old->if_contains(field);
    const json::value* now = object.if_contains(field);
    const bool same = before == nullptr ? now == nullptr : now != nullptr && *before == *now;
    if (same) continue;
    causes.push_back({std::string(field), "FieldValueForbidden",
                      "Forbidden: field is immutable when `immutable` is set"});
  }
}

Causes validate_data(const json::object& object, const json::object* old) {
  Causes causes;
  check_immutable_data(object, old, causes);
  check_data_keys(object, "data", causes);
  check_data_keys(object, "binaryData", causes);
  if (data_bytes(object, "data") + data_bytes(object, "binaryData") > kMaxDataBytes) {
    causes.push_back({"[]", "FieldValueTooLong",
                      fmt::format("Too long: may not be more than {} bytes", kMaxDataBytes)});
  }
  return causes;
}

bool is_core(const Kind& kind, std::string_view plural) {
  return kind.type.group.empty() && kind.type.plural == plural;
}

// A null is what is not there.
void drop_nulls(json::object& object) {
  for (auto member = object.begin(); member != object.end();) {
    json::value& value = member->value();
    if (value.is_object()) drop_nulls(value.get_object());
    if (value.is_array()) {
      for (json::value& item : value.get_array()) {
        if (item.is_object()) drop_nulls(item.get_object());
      }
    }
    member = value.is_null() ? object.stable_erase(member) : member + 1;
  }
}

void drop_empty(json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const json::value* value = object.if_contains(name);
    if (value != nullptr && value->is_object() && value->get_object().empty()) object.erase(name);
  }
}

}  // namespace

void set_builtin_defaults(const Kind& kind, json::object& object, const json::object* old) {
  drop_nulls(object);
  drop_empty(object, {"data", "binaryData", "stringData"});
  if (is_core(kind, "namespaces")) return default_namespace(object, old);
  if (kind.type.plural == "events") return default_event(object, kind.type.group.empty());
  if (is_core(kind, "secrets")) return default_secret(object);
  if (is_core(kind, "services")) return default_service(object);
  if (is_core(kind, "pods")) {
    default_pod(object);
    return default_pod_status(object, old);
  }
  if (kind.type.group == "apps") return default_workload(object, kind.type.plural);
}

Causes validate_builtin(const Kind& kind, const json::object& object, const json::object* old) {
  if (!is_core(kind, "configmaps") && !is_core(kind, "secrets")) return {};
  Causes causes = validate_data(object, old);
  if (is_core(kind, "secrets") && old != nullptr) {
    const std::string type = json_string_or(object, {"type"});
    if (type != json_string_or(*old, {"type"})) {
      causes.push_back({"type", "FieldValueInvalid",
                        fmt::format("Invalid value: {}: field is immutable", quoted(type))});
    }
  }
  return causes;
}

}  // namespace holmes::kube
