// A second way into an informer's cache: from a text that each object yields to the objects that
// yield it. Use Informer<T>::add_index.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "kube/core/object.h"

namespace holmes::kube {

// A shared snapshot of some T and its metadata inside it.
struct ErasedObject {
  std::shared_ptr<const void> object;
  const ObjectMeta* meta = nullptr;

  explicit operator bool() const { return object != nullptr; }
};

class InformerIndex {
 public:
  // Always the same for one snapshot; "": the object is not in the index.
  using KeyOf = std::function<std::string(const ErasedObject&)>;

  explicit InformerIndex(KeyOf key_of) : key_of_(std::move(key_of)) {}

  void changed(const ErasedObject& before, const ErasedObject& now);
  // In no order.
  [[nodiscard]] std::vector<ErasedObject> find(const std::string& key) const;

 private:
  using Bucket = std::unordered_map<const void*, ErasedObject>;  // by the snapshot

  KeyOf key_of_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace holmes::kube
