#include "kube/core/object.h"

#include <algorithm>

#include <fmt/format.h>

namespace holmes::kube {
namespace {

Error must_be(std::string_view where, std::string_view what, const json::value& value) {
  return {ErrorCode::kInvalid, fmt::format("{} must be {}, is {}", where, what, json_kind(value))};
}

// The member, or nullptr when it is absent or null.
const json::value* member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// Reads members of one object into fields; absent ones leave the field alone. After the first
// mistake everything is a no-op, so that callers check once at the end.
class Reader {
 public:
  Reader(const json::object& object, std::string_view prefix) : object_(object), prefix_(prefix) {}

  void read(std::string_view name, std::string& field) {
    const json::value* value = next(name);
    if (value == nullptr) return;
    if (!value->is_string()) return set_error(must_be(path(name), "a string", *value));
    field.assign(value->get_string().data(), value->get_string().size());
  }
  void read(std::string_view name, int64_t& field) {
    const json::value* value = next(name);
    if (value == nullptr) return;
    const std::optional<int64_t> number = to_int(*value);
    if (!number) return set_error(must_be(path(name), "an integer", *value));
    field = *number;
  }
  void read(std::string_view name, bool& field) {
    const json::value* value = next(name);
    if (value == nullptr) return;
    if (!value->is_bool()) return set_error(must_be(path(name), "a boolean", *value));
    field = value->get_bool();
  }
  void read(std::string_view name, std::optional<WallTime>& field) {
    if (next(name) == nullptr) return;
    std::string text;
    read(name, text);
    if (error_) return;
    Result<WallTime> time = parse_rfc3339(text);
    if (!time) return set_error(time.error().within(path(name)));
    field = *time;
  }
  void read(std::string_view name, WallTime& field) {
    std::optional<WallTime> time;
    read(name, time);
    if (time) field = *time;
  }
  void read(std::string_view name, StringMap& field) {
    const json::value* value = next(name);
    if (value == nullptr) return;
    if (!value->is_object()) return set_error(must_be(path(name), "an object", *value));
    const std::string prefix = path(name) + ".";
    Reader entries(value->get_object(), prefix);
    field.reserve(value->get_object().size());
    for (const auto& entry : value->get_object()) {
      std::string text;
      entries.read(entry.key(), text);
      field.emplace(entry.key(), std::move(text));
    }
    error_ = std::move(entries.error_);
  }
  void read(std::string_view name, std::vector<OwnerReference>& field) {
    const json::value* value = next(name);
    if (value == nullptr) return;
    if (!value->is_array()) return set_error(must_be(path(name), "an array", *value));
    const json::array& array = value->get_array();
    for (size_t i = 0; i < array.size() && !error_; ++i) {
      const std::string where = fmt::format("{}[{}]", path(name), i);
      if (!array[i].is_object()) return set_error(must_be(where, "an object", array[i]));
      const std::string prefix = where + ".";
      Reader reader(array[i].get_object(), prefix);
      OwnerReference& owner = field.emplace_back();
      reader.read("apiVersion", owner.api_version);
      reader.read("kind", owner.kind);
      reader.read("name", owner.name);
      reader.read("uid", owner.uid);
      reader.read("controller", owner.controller);
      error_ = std::move(reader.error_);
    }
  }

  // The first mistake, if any.
  [[nodiscard]] Status status() && {
    if (error_) return fail(std::move(*error_));
    return {};
  }

 private:
  [[nodiscard]] const json::value* next(std::string_view name) const {
    return error_ ? nullptr : member(object_, name);
  }
  [[nodiscard]] std::string path(std::string_view name) const {
    return fmt::format("{}{}", prefix_, name);
  }
  void set_error(Error error) { error_ = std::move(error); }

  const json::object& object_;
  std::string_view prefix_;
  std::optional<Error> error_;
};

void put(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put(json::object& object, std::string_view name, const StringMap& texts) {
  if (texts.empty()) return;
  json::object& entries = object[name].emplace_object();
  for (const auto& [key, text] : texts) entries[key] = text;
}

bool is_resource_version(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string ResourceType::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

std::string ObjectKey::to_text() const {
  return ns.empty() ? name : ns + "/" + name;
}

Result<ObjectMeta> ObjectMeta::from_json(const json::object& object) {
  const json::object* metadata = json_object(object, {"metadata"});
  if (metadata == nullptr) return fail(ErrorCode::kInvalid, "metadata must be an object");
  ObjectMeta meta;
  Reader reader(*metadata, "metadata.");
  reader.read("name", meta.name);
  reader.read("namespace", meta.ns);
  reader.read("uid", meta.uid);
  reader.read("resourceVersion", meta.resource_version);
  reader.read("generation", meta.generation);
  reader.read("creationTimestamp", meta.creation_timestamp);
  reader.read("deletionTimestamp", meta.deletion_timestamp);
  reader.read("labels", meta.labels);
  reader.read("annotations", meta.annotations);
  reader.read("ownerReferences", meta.owner_references);
  HOLMES_CHECK(std::move(reader).status());
  if (meta.name.empty()) return fail(ErrorCode::kInvalid, "metadata.name must not be empty");
  return meta;
}

json::object ObjectMeta::to_json() const {
  json::object metadata;
  put(metadata, "name", name);
  put(metadata, "namespace", ns);
  put(metadata, "uid", uid);
  put(metadata, "resourceVersion", resource_version);
  put(metadata, "labels", labels);
  put(metadata, "annotations", annotations);
  if (owner_references.empty()) return metadata;
  json::array& owners = metadata["ownerReferences"].emplace_array();
  for (const OwnerReference& owner : owner_references) {
    json::object& entry = owners.emplace_back(json::object()).get_object();
    entry["apiVersion"] = owner.api_version;
    entry["kind"] = owner.kind;
    entry["name"] = owner.name;
    entry["uid"] = owner.uid;
    if (owner.controller) entry["controller"] = true;
  }
  return metadata;
}

ObjectKey key_of(const json::object& object) {
  return {json_string_or(object, {"metadata", "namespace"}),
          json_string_or(object, {"metadata", "name"})};
}

json::array annotation_removal(const ObjectMeta& meta, std::string_view name) {
  std::string path = "/metadata/annotations/";
  for (const char c : name) {  // RFC 6901
    if (c == '~' || c == '/') {
      path += c == '~' ? "~0" : "~1";
    } else {
      path += c;
    }
  }
  return {
      json::object{
          {"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", meta.resource_version}},
      json::object{{"op", "remove"}, {"path", path}}};
}

std::optional<std::strong_ordering> compare_resource_versions(std::string_view a,
                                                              std::string_view b) {
  if (!is_resource_version(a) || !is_resource_version(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

Result<Condition> Condition::from_json(const json::object& object) {
  Condition condition;
  std::string status;
  Reader reader(object, "");
  reader.read("type", condition.type);
  reader.read("status", status);
  reader.read("reason", condition.reason);
  reader.read("message", condition.message);
  reader.read("lastTransitionTime", condition.last_transition_time);
  reader.read("observedGeneration", condition.observed_generation);
  HOLMES_CHECK(std::move(reader).status());
  if (condition.type.empty()) return fail(ErrorCode::kInvalid, "type must not be empty");
  if (status != "True" && status != "False" && status != "Unknown") {
    return fail(ErrorCode::kInvalid, "status must be \"True\", \"False\" or \"Unknown\"");
  }
  condition.status = status == "True";
  return condition;
}

void Condition::write_members(JsonText& to) const {
  to.text("type", type);
  to.text("status", status ? "True" : "False");
  to.text("reason", reason);
  to.text("message", message);
  to.text("lastTransitionTime", format_rfc3339(last_transition_time));
  if (observed_generation != 0) to.integer("observedGeneration", observed_generation);
}

void set_condition(std::vector<Condition>& conditions, Condition condition) {
  const auto old = std::ranges::find(conditions, condition.type, &Condition::type);
  if (old == conditions.end()) {
    conditions.push_back(std::move(condition));
    return;
  }
  if (old->status == condition.status) condition.last_transition_time = old->last_transition_time;
  *old = std::move(condition);
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace holmes::kube
