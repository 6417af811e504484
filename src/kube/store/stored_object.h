// One object as the store keeps it: encoded, with the few fields parsed that somebody asks for.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "kube/core/object.h"

namespace holmes::kube {

// "healthchecks.holmesgpt.dev", "pods". Copies share the text, and so do all objects of a resource
// in a store.
class ResourceName {
 public:
  ResourceName() : ResourceName(std::string()) {}
  // A name is a string in all but its cost.
  // NOLINTBEGIN(google-explicit-constructor)
  ResourceName(std::string name) : name_(std::make_shared<const std::string>(std::move(name))) {}
  ResourceName(const char* name) : ResourceName(std::string(name)) {}

  [[nodiscard]] const std::string& text() const { return *name_; }
  operator const std::string&() const { return *name_; }
  // NOLINTEND(google-explicit-constructor)
  friend bool operator==(const ResourceName& a, const ResourceName& b) {
    return a.name_ == b.name_ || *a.name_ == *b.name_;
  }
  template <std::convertible_to<std::string_view> Text>
  friend bool operator==(const ResourceName& a, const Text& b) {
    return *a.name_ == std::string_view(b);
  }

 private:
  std::shared_ptr<const std::string> name_;
};

// One version of one object. Immutable and shared, once it is stored.
struct StoredObject {
  ResourceName resource;
  ObjectKey key;
  std::string uid;
  int64_t version = 0;
  StringMap labels;
  std::vector<std::string> owner_uids;
  bool deleting = false;  // has a deletionTimestamp
  std::string bytes;      // JSON, with apiVersion, kind and metadata.resourceVersion
};
using Stored = std::shared_ptr<const StoredObject>;

// From a whole object, whose metadata.resourceVersion it sets. A field that is missing or of
// another type is left empty: what may be written is for the caller to say.
StoredObject encode_stored(ResourceName resource, int64_t version, json::object object);

// From bytes that encode_stored made. Fails with kInvalid when they are no object, have no name, or
// are of another version.
Result<StoredObject> decode_stored(ResourceName resource, int64_t version, std::string bytes);

}  // namespace holmes::kube
