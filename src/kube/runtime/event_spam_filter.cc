#include "kube/runtime/event_spam_filter.h"

#include <algorithm>
#include <string>
#include <utility>

namespace holmes::kube {

bool EventSpamFilter::allow(const ObjectReference& object, MonoTime now) {
  std::string key;
  for (const std::string* part :
       {&object.api_version, &object.kind, &object.ns, &object.name, &object.uid}) {
    key += *part;
    key += '\0';
  }
  Bucket* bucket = buckets_.use(key);
  if (bucket == nullptr) {
    if (buckets_.full()) buckets_.take_oldest();
    bucket = &buckets_.add(std::move(key), {.full_at = now});
  }
  const MonoTime full_at = std::max(bucket->full_at, now) + kEventRefill;
  if (full_at - now > kEventBurst * kEventRefill) return false;
  bucket->full_at = full_at;
  return true;
}

}  // namespace holmes::kube
