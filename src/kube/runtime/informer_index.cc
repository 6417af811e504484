#include "kube/runtime/informer_index.h"

namespace holmes::kube {

void InformerIndex::changed(const ErasedObject& before, const ErasedObject& now) {
  if (before) {
    if (const auto bucket = buckets_.find(key_of_(before)); bucket != buckets_.end()) {
      bucket->second.erase(before.object.get());
      if (bucket->second.empty()) buckets_.erase(bucket);
    }
  }
  if (!now) return;
  const std::string key = key_of_(now);
  if (!key.empty()) buckets_[key].emplace(now.object.get(), now);
}

std::vector<ErasedObject> InformerIndex::find(const std::string& key) const {
  std::vector<ErasedObject> found;
  if (const auto bucket = buckets_.find(key); bucket != buckets_.end()) {
    for (const auto& [snapshot, object] : bucket->second) found.push_back(object);
  }
  return found;
}

}  // namespace holmes::kube
