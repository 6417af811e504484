#include "kube/store/meta_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/store/label_syntax.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxSubdomainBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

constexpr std::string_view kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

// What names without a domain may be finalizers.
constexpr std::array<std::string_view, 3> kStandardFinalizers{"kubernetes", "orphan",
                                                              "foregroundDeletion"};

enum class NameRule { kSubdomain, kLabel, kPathSegment };

NameRule name_rule(const Kind& kind) {
  if (kind.type.group == "rbac.authorization.k8s.io") return NameRule::kPathSegment;
  if (kind.type.group.empty() && kind.type.plural == "namespaces") return NameRule::kLabel;
  return NameRule::kSubdomain;
}

std::vector<std::string> path_segment_errors(std::string_view name) {
  if (name == "." || name == "..") return {fmt::format("may not be '{}'", name)};
  std::vector<std::string> errors;
  for (const char c : {'/', '%'}) {
    if (name.contains(c)) errors.push_back(fmt::format("may not contain '{}'", c));
  }
  return errors;
}

// What is wrong with a name, or with the beginning of one.
std::vector<std::string> name_errors(const Kind& kind, std::string_view name, bool prefix) {
  const NameRule rule = name_rule(kind);
  if (rule == NameRule::kPathSegment) return path_segment_errors(name);
  const bool label = rule == NameRule::kLabel;
  const size_t bytes_max = label ? kMaxLabelBytes : kMaxSubdomainBytes;
  std::string whole(name);
  if (prefix && whole.ends_with('-')) whole.back() = 'a';  // what is generated ends well
  std::vector<std::string> errors;
  if (whole.size() > bytes_max) {
    errors.push_back(fmt::format("must be no more than {} characters", bytes_max));
  }
  if (label && whole.contains('.')) {
    errors.emplace_back("must not contain dots");
  } else if (!(label ? is_dns_label(whole) : is_dns_subdomain(whole))) {
    errors.emplace_back(label ? kLabelRule : kSubdomainRule);
  }
  return errors;
}

void add_invalid(Causes& causes, std::string field, std::string_view value, std::string_view why) {
  causes.push_back({std::move(field), "FieldValueInvalid",
                    fmt::format("Invalid value: {}: {}", quoted(value), why)});
}

void check_name(const Kind& kind, const json::object& object, Causes& causes) {
  const auto generate = json_string(object, {"metadata", "generateName"});
  if (generate && !generate->empty()) {
    for (const std::string& error : name_errors(kind, *generate, true)) {
      add_invalid(causes, "metadata.generateName", *generate, error);
    }
  }
  const std::string name = json_string_or(object, {"metadata", "name"});
  if (name.empty()) {
    causes.push_back({"metadata.name", "FieldValueRequired",
                      "Required value: name or generateName is required"});
    return;
  }
  for (const std::string& error : name_errors(kind, name, false)) {
    add_invalid(causes, "metadata.name", name, error);
  }
}

// Each of the faults that label_syntax.h tells of together.
void add_each(Causes& causes, const std::string& field, std::string_view value,
              const std::string& errors) {
  if (errors.empty()) return;
  std::string_view rest = errors;
  while (true) {
    const size_t end = rest.find("; ");
    add_invalid(causes, field, value, rest.substr(0, end));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 2);
  }
}

std::string_view text_of(const json::value& value) {
  return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

std::map<std::string, std::string> sorted(const json::object& texts) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : texts) out.emplace(key, text_of(value));
  return out;
}

void check_labels(const json::object& object, Causes& causes) {
  const json::object* labels = json_object(object, {"metadata", "labels"});
  if (labels == nullptr) return;
  for (const auto& [key, value] : sorted(*labels)) {
    add_each(causes, "metadata.labels", key, label_key_errors(key));
    add_each(causes, "metadata.labels", value, label_value_errors(value));
  }
}

void check_annotations(const json::object& object, Causes& causes) {
  const json::object* annotations = json_object(object, {"metadata", "annotations"});
  if (annotations == nullptr) return;
  size_t bytes = 0;
  for (const auto& [key, value] : sorted(*annotations)) {
    bytes += key.size() + value.size();
    // Capital letters in the prefix are let pass here.
    add_each(causes, "metadata.annotations", key, label_key_errors(to_lower(key)));
  }
  if (bytes > kMaxAnnotationBytes) {
    causes.push_back({"metadata.annotations", "FieldValueTooLong",
                      fmt::format("Too long: may not be more than {} bytes", kMaxAnnotationBytes)});
  }
}

void check_owner(const json::value& owner, Causes& causes) {
  const std::string at = "metadata.ownerReferences.";
  const std::string api_version = json_string_or(owner, {"apiVersion"});
  if (api_version.empty()) {
    add_invalid(causes, at + "apiVersion", api_version, "version must not be empty");
  }
  for (const std::string_view field : {"kind", "name", "uid"}) {
    const std::string value = json_string_or(owner, {field});
    if (value.empty()) {
      add_invalid(causes, at + std::string(field), value, "must not be empty");
    }
  }
}

void check_owners(const json::object& object, Causes& causes) {
  const json::array* owners = json_array(object, {"metadata", "ownerReferences"});
  if (owners == nullptr) return;
  std::optional<std::string> controller;
  for (const json::value& owner : *owners) {
    check_owner(owner, causes);
    if (json_bool(owner, {"controller"}) != true) continue;
    const std::string name =
        fmt::format("{}/{}", json_string_or(owner, {"kind"}), json_string_or(owner, {"name"}));
    if (controller) {
      causes.push_back(
          {"metadata.ownerReferences", "FieldValueInvalid",
           fmt::format("Invalid value: {}: Only one reference can have Controller set to true. "
                       "Found \"true\" in references for {} and {}",
                       to_text(json::value(*owners)), *controller, name)});
    }
    controller = name;
  }
}

bool is_plain_finalizer(std::string_view name) {
  return !name.contains('/') &&
         std::ranges::find(kStandardFinalizers, name) == kStandardFinalizers.end();
}

// Custom resources may have plain names, and are warned (finalizer_warnings).
void check_finalizers(const Kind& kind, const json::object& object, Causes& causes) {
  const json::array* finalizers = json_array(object, {"metadata", "finalizers"});
  if (finalizers == nullptr) return;
  for (size_t i = 0; i < finalizers->size(); ++i) {
    const std::string_view name = text_of((*finalizers)[i]);
    const std::string errors = label_key_errors(name);
    add_each(causes, "metadata.finalizers", name, errors);
    if (errors.empty() && kind.schema == nullptr && is_plain_finalizer(name)) {
      add_invalid(causes, fmt::format("metadata.finalizers[{}]", i), name,
                  "name is neither a standard finalizer name nor is it fully qualified");
    }
  }
}

// What a member of the metadata is in Go.
std::string_view go_type(std::string_view field) {
  if (field == "labels" || field == "annotations") return "map[string]string";
  if (field == "finalizers") return "[]string";
  if (field == "ownerReferences") return "[]v1.OwnerReference";
  if (field == "managedFields") return "[]v1.ManagedFieldsEntry";
  if (field == "generation" || field == "deletionGracePeriodSeconds") return "int64";
  return field == "uid" ? "types.UID" : "string";
}

bool is_known(std::string_view field) {
  static constexpr std::array<std::string_view, 15> kKnown{"name",
                                                           "generateName",
                                                           "namespace",
                                                           "selfLink",
                                                           "uid",
                                                           "resourceVersion",
                                                           "generation",
                                                           "creationTimestamp",
                                                           "deletionTimestamp",
                                                           "deletionGracePeriodSeconds",
                                                           "labels",
                                                           "annotations",
                                                           "ownerReferences",
                                                           "finalizers",
                                                           "managedFields"};
  return std::ranges::find(kKnown, field) != kKnown.end();
}

struct TypeFault {
  std::string_view kind;  // what it is
  std::string_view type;  // what it ought to be
};

// What is wrong with the type of a member of the metadata, or of what it holds.
std::optional<TypeFault> type_fault(std::string_view field, const json::value& value) {
  const std::string_view type = go_type(field);
  if (value.is_null()) return std::nullopt;
  if (type == "string" || type == "types.UID") {
    return value.is_string() ? std::nullopt : std::optional(TypeFault{go_kind(value), type});
  }
  if (type == "int64") {
    return to_int(value) ? std::nullopt : std::optional(TypeFault{go_kind(value), type});
  }
  if (type == "map[string]string" ? !value.is_object() : !value.is_array()) {
    return TypeFault{go_kind(value), type};
  }
  if (value.is_object()) {
    for (const auto& [key, text] : value.get_object()) {
      if (!text.is_string() && !text.is_null()) return TypeFault{go_kind(text), "string"};
    }
    return std::nullopt;
  }
  const bool of_texts = type == "[]string";
  for (const json::value& item : value.get_array()) {
    if (of_texts ? !item.is_string() : !item.is_object()) {
      return TypeFault{go_kind(item), type.substr(2)};
    }
  }
  return std::nullopt;
}

// As Go prints it: `[]string{"a"}`.
std::string new_finalizers(const json::object& object, const json::object& old) {
  const json::array none;
  const json::array* now = json_array(object, {"metadata", "finalizers"});
  const json::array* before = json_array(old, {"metadata", "finalizers"});
  if (before == nullptr) before = &none;
  std::string added;
  for (const json::value& name : now == nullptr ? none : *now) {
    if (std::ranges::find(*before, name) != before->end()) continue;
    if (!added.empty()) added += ", ";
    added += to_text(name);
  }
  return added;
}

void check_immutable(const json::object& object, const json::object& old, Causes& causes) {
  for (const std::string_view field : {"name", "namespace", "uid", "creationTimestamp",
                                       "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    const json::value* before = json_find(old, {"metadata", field});
    const json::value* now = json_find(object, {"metadata", field});
    const json::value null;
    if (before == nullptr) before = &null;
    if (now == nullptr) now = &null;
    if (*before == *now) continue;
    causes.push_back({fmt::format("metadata.{}", field), "FieldValueInvalid",
                      fmt::format("Invalid value: {}: field is immutable", to_text(*now))});
  }
}

Causes validate_shared(const json::object& object) {
  Causes causes;
  check_labels(object, causes);
  check_annotations(object, causes);
  check_owners(object, causes);
  return causes;
}

}  // namespace

std::vector<std::string> prune_meta(json::object& object) {
  json::object& metadata = metadata_of(object);
  std::vector<std::string> unknown;
  for (auto member = metadata.begin(); member != metadata.end();) {
    if (is_known(member->key())) {
      ++member;
      continue;
    }
    unknown.push_back(fmt::format("metadata.{}", std::string_view(member->key())));
    member = metadata.stable_erase(member);
  }
  return unknown;
}

std::string go_json_error(const std::string& message) {
  return message.contains("incomplete JSON") ? "unexpected end of JSON input" : message;
}

std::string_view go_kind(const json::value& value) {
  if (value.is_bool()) return "bool";
  const std::string_view kind = json_kind(value);  // "a string", "an array"
  const size_t space = kind.find(' ');
  return space == std::string_view::npos ? kind : kind.substr(space + 1);
}

void drop_empty_meta(json::object& object) {
  json::object& metadata = metadata_of(object);
  std::vector<std::string> empty;
  for (const auto& [name, value] : metadata) {
    const bool none = value.is_null() || (value.is_object() && value.get_object().empty()) ||
                      (value.is_array() && value.get_array().empty());
    if (none && name != "managedFields") empty.emplace_back(name);
  }
  for (const std::string& name : empty) metadata.erase(name);
}

std::vector<std::string> finalizer_warnings(const json::object& object, const json::object* old) {
  const json::array* now = json_array(object, {"metadata", "finalizers"});
  const json::array* before =
      old == nullptr ? nullptr : json_array(*old, {"metadata", "finalizers"});
  std::set<std::string> plain;
  for (const json::value& name : now == nullptr ? json::array() : *now) {
    const bool known = before != nullptr && std::ranges::find(*before, name) != before->end();
    if (!known && is_plain_finalizer(text_of(name))) plain.emplace(text_of(name));
  }
  std::vector<std::string> warnings;
  for (const std::string& name : plain) {
    warnings.push_back(
        fmt::format("metadata.finalizers: {}: prefer a domain-qualified finalizer name to avoid "
                    "accidental conflicts with other finalizer writers",
                    quoted(name)));
  }
  return warnings;
}

json::object& member_object(json::object& object, std::string_view name) {
  json::value& member = object[name];
  return member.is_object() ? member.get_object() : member.emplace_object();
}

json::object& metadata_of(json::object& object) {
  return member_object(object, "metadata");
}

bool is_held(const json::object& object) {
  const auto some = [&](JsonPath path) {
    const json::array* finalizers = json_array(object, path);
    return finalizers != nullptr && !finalizers->empty();
  };
  const bool is_namespace =
      json_string(object, {"apiVersion"}) == "v1" && json_string(object, {"kind"}) == "Namespace";
  return some({"metadata", "finalizers"}) || (is_namespace && some({"spec", "finalizers"}));
}

void set_meta(json::object& object, std::string_view field, std::string_view value) {
  json::object& metadata = metadata_of(object);
  if (value.empty()) {
    metadata.erase(field);
  } else {
    metadata[field] = value;
  }
}

Answer<void> check_meta_types(const Kind& kind, const json::object& object) {
  const json::value* metadata = object.if_contains("metadata");
  if (metadata == nullptr || metadata->is_null()) return {};
  const bool built_in = kind.schema == nullptr;
  std::string fault;
  if (!metadata->is_object()) {
    fault = built_in ? fmt::format("{} into Go struct field {}.metadata of type v1.ObjectMeta",
                                   go_kind(*metadata), kind.type.kind)
                     : fmt::format("{} into Go value of type v1.ObjectMeta", go_kind(*metadata));
  } else {
    for (const auto& [field, value] : metadata->get_object()) {
      const auto wrong = is_known(field) ? type_fault(field, value) : std::nullopt;
      if (!wrong) continue;
      fault = fmt::format("{} into Go struct field ObjectMeta.{}{} of type {}", wrong->kind,
                          built_in ? "metadata." : "", std::string_view(field), wrong->type);
      break;
    }
  }
  if (fault.empty()) return {};
  return refuse(bad_request(
      fmt::format("{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal {}",
                  kind.type.kind, kind.type.version, kind.type.kind, fault)));
}

Causes validate_meta(const Kind& kind, const json::object& object) {
  Causes causes;
  check_name(kind, object, causes);
  const std::string ns = json_string_or(object, {"metadata", "namespace"});
  if (kind.type.namespaced && ns.empty()) {
    causes.push_back({"metadata.namespace", "FieldValueRequired", "Required value"});
  } else if (kind.type.namespaced && !is_dns_label(ns)) {
    add_invalid(causes, "metadata.namespace", ns, kLabelRule);
  }
  const Causes shared = validate_shared(object);
  causes.insert(causes.end(), shared.begin(), shared.end());
  check_finalizers(kind, object, causes);
  return causes;
}

Causes validate_meta_update(const Kind& /*kind*/, const json::object& object,
                            const json::object& old) {
  Causes causes;
  if (json_find(old, {"metadata", "deletionTimestamp"}) != nullptr) {
    if (const std::string added = new_finalizers(object, old); !added.empty()) {
      causes.push_back({"metadata.finalizers", "FieldValueForbidden",
                        fmt::format("Forbidden: no new finalizers can be added if the object is "
                                    "being deleted, found new finalizers []string{{{}}}",
                                    added)});
    }
  }
  check_immutable(object, old, causes);
  const Causes shared = validate_shared(object);
  causes.insert(causes.end(), shared.begin(), shared.end());
  // The API server looks twice, for all kinds and for each.
  const Causes once = causes;
  causes.insert(causes.end(), once.begin(), once.end());
  return causes;
}

std::string generate_name(std::string_view base, uint64_t random) {
  static constexpr std::string_view kCharacters = "bcdfghjklmnpqrstvwxz2456789";
  std::string name(base.substr(0, kMaxGenerateNameBytes));
  for (int i = 0; i < 5; ++i) {
    name += kCharacters[random % kCharacters.size()];
    random /= kCharacters.size();
  }
  return name;
}

}  // namespace holmes::kube
