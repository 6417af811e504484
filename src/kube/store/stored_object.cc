#include "kube/store/stored_object.h"

#include <utility>

#include <fmt/format.h>

namespace holmes::kube {
namespace {

void read_fields(const json::object& object, StoredObject& stored) {
  stored.key.ns = json_string_or(object, {"metadata", "namespace"});
  stored.key.name = json_string_or(object, {"metadata", "name"});
  stored.uid = json_string_or(object, {"metadata", "uid"});
  stored.deleting = json_string(object, {"metadata", "deletionTimestamp"}).has_value();
  if (const json::object* labels = json_object(object, {"metadata", "labels"})) {
    stored.labels.reserve(labels->size());
    for (const auto& [name, value] : *labels) {
      if (!value.is_string()) continue;
      stored.labels.emplace(std::string(name), std::string(value.get_string()));
    }
  }
  if (const json::array* owners = json_array(object, {"metadata", "ownerReferences"})) {
    stored.owner_uids.reserve(owners->size());
    for (const json::value& owner : *owners) {
      if (const auto uid = json_string(owner, {"uid"})) stored.owner_uids.emplace_back(*uid);
    }
  }
}

}  // namespace

StoredObject encode_stored(ResourceName resource, int64_t version, json::object object) {
  StoredObject stored;
  stored.resource = std::move(resource);
  stored.version = version;
  json::value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  metadata.get_object()["resourceVersion"] = std::to_string(version);
  read_fields(object, stored);
  stored.bytes = to_text(object);
  return stored;
}

Result<StoredObject> decode_stored(ResourceName resource, int64_t version, std::string bytes) {
  HOLMES_TRY(const json::object object, parse_json_object(bytes));
  StoredObject stored;
  stored.resource = std::move(resource);
  stored.version = version;
  read_fields(object, stored);
  if (stored.key.name.empty()) return fail(ErrorCode::kInvalid, "metadata.name is missing");
  const std::string encoded = json_string_or(object, {"metadata", "resourceVersion"});
  if (encoded != std::to_string(version)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("metadata.resourceVersion is \"{}\", not \"{}\"", encoded, version));
  }
  stored.bytes = std::move(bytes);
  return stored;
}

}  // namespace holmes::kube
