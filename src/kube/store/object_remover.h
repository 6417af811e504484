// Delete, of one object or of all that are selected. One loop's thread.
// Rules: Kubernetes "Garbage Collection", "Finalizers", API concepts "Resource deletion".
#pragma once

#include <string>
#include <string_view>

#include "async/loop.h"
#include "kube/store/api_request.h"
#include "kube/store/kind_table.h"
#include "kube/store/object_store.h"
#include "kube/store/object_writer.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

struct RemoveOptions {
  std::string uid{};               // precondition, when set
  std::string resource_version{};  // precondition, when set
  std::string propagation{};       // "Background", "Foreground", "Orphan" or ""
  bool dry_run = false;
};
// From a DeleteOptions body and the query; the body counts first. 400 or 422 for what is neither.
Answer<RemoveOptions> read_remove_options(const ApiRequest& request);

class ObjectRemover {
 public:
  ObjectRemover(Loop& loop, ObjectStore& store, KindTable& kinds, ObjectWriter& writer);

  // At once, or when its finalizers are gone: until then it has a deletionTimestamp.
  Answer<Written> remove(const ObjectTarget& target, const RemoveOptions& options);
  // All of a collection that the request selects. Answers with a list of them.
  Answer<Written> remove_all(const ObjectTarget& target, const ApiRequest& request,
                             const RemoveOptions& options);

 private:
  Answer<Written> remove_stored(const ObjectTarget& target, const Stored& live,
                                const RemoveOptions& options);
  void remove_instances(const json::object& definition);

  Loop& loop_;
  ObjectStore& store_;
  KindTable& kinds_;
  ObjectWriter& writer_;
};

}  // namespace holmes::kube
