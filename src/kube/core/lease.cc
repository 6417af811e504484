#include "kube/core/lease.h"

#include <limits>

namespace holmes::kube {
namespace {

const ResourceType kLeaseResource{
    .group = "coordination.k8s.io", .version = "v1", .plural = "leases", .kind = "Lease"};

Error must_be(std::string_view field, std::string_view what) {
  return {ErrorCode::kInvalid, "spec." + std::string(field) + " must be " + std::string(what)};
}

// nullptr when the field is absent or null.
const json::value* field(const json::object& object, std::string_view name) {
  const json::value* value = json_find(object, {"spec", name});
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<int64_t> read_count(const json::object& object, std::string_view name) {
  const json::value* value = field(object, name);
  if (value == nullptr) return 0;
  const std::optional<int64_t> number = to_int(*value);
  if (!number || *number < 0 || *number > std::numeric_limits<int32_t>::max()) {
    return fail(must_be(name, "an integer from 0 to 2147483647"));
  }
  return *number;
}

Result<std::optional<WallTime>> read_time(const json::object& object, std::string_view name) {
  const json::value* value = field(object, name);
  if (value == nullptr) return std::optional<WallTime>();
  if (!value->is_string()) return fail(must_be(name, "a string"));
  Result<WallTime> time = parse_rfc3339(std::string_view(value->get_string()));
  if (!time) return fail(time.error().within("spec." + std::string(name)));
  return std::optional(*time);
}

void set_time(json::object& spec, std::string_view name, const std::optional<WallTime>& time) {
  if (time) {
    spec[name] = format_rfc3339_micros(*time);
  } else {
    spec.erase(name);
  }
}

json::object& member(json::object& object, std::string_view name) {
  json::value& value = object[name];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

}  // namespace

const ResourceType& Lease::resource() {
  return kLeaseResource;
}

Result<Lease> Lease::from_json(const json::object& object) {
  Lease lease;
  HOLMES_TRY(lease.meta, ObjectMeta::from_json(object));
  if (const json::value* holder = field(object, "holderIdentity"); holder != nullptr) {
    if (!holder->is_string()) return fail(must_be("holderIdentity", "a string"));
    lease.holder = std::string_view(holder->get_string());
  }
  HOLMES_TRY(const int64_t seconds, read_count(object, "leaseDurationSeconds"));
  lease.duration = std::chrono::seconds(seconds);
  HOLMES_TRY(lease.acquired, read_time(object, "acquireTime"));
  HOLMES_TRY(lease.renewed, read_time(object, "renewTime"));
  HOLMES_TRY(lease.transitions, read_count(object, "leaseTransitions"));
  lease.as_read = object;
  return lease;
}

json::object Lease::to_json() const {
  json::object object = as_read;
  object["apiVersion"] = resource().api_version();
  object["kind"] = resource().kind;
  json::object& metadata = member(object, "metadata");
  metadata["name"] = meta.name;
  metadata["namespace"] = meta.ns;
  if (!meta.resource_version.empty()) metadata["resourceVersion"] = meta.resource_version;
  json::object& spec = member(object, "spec");
  spec.erase("holderIdentity");
  if (!holder.empty()) spec["holderIdentity"] = holder;
  spec.erase("leaseDurationSeconds");
  if (duration.count() > 0) spec["leaseDurationSeconds"] = duration.count();
  set_time(spec, "acquireTime", acquired);
  set_time(spec, "renewTime", renewed);
  spec["leaseTransitions"] = transitions;
  return object;
}

bool Lease::same_record(const Lease& other) const {
  const bool same_object =
      meta.key() == other.meta.key() &&
      (meta.uid.empty() || other.meta.uid.empty() || meta.uid == other.meta.uid);
  return same_object && holder == other.holder && duration == other.duration &&
         acquired == other.acquired && renewed == other.renewed && transitions == other.transitions;
}

}  // namespace holmes::kube
