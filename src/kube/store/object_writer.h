// Create, replace, patch and apply: how an object gets into the store, by the API server's rules.
// Nothing waits here; answers wait for ObjectStore::durable(). One loop's thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "kube/store/api_request.h"
#include "kube/store/apply.h"
#include "kube/store/kind_table.h"
#include "kube/store/object_store.h"
#include "kube/store/object_target.h"
#include "kube/store/refusal.h"
#include "kube/store/write_options.h"

namespace holmes::kube {

// An object may grow to this, as it may in etcd (https://etcd.io/docs/latest/dev-guide/limit/).
inline constexpr size_t kMaxStoredBytes = 3 * (size_t{1} << 19U);

// An object as it now stands in the store, or would, for a dry run.
struct Written {
  int status = 200;
  std::string bytes;
  std::vector<std::string> warnings{};
};

class ObjectWriter {
 public:
  // Whatever defines a kind defines it in `kinds`.
  ObjectWriter(Loop& loop, Random& random, ObjectStore& store, KindTable& kinds);

  Answer<Written> create(const ObjectTarget& target, json::object object,
                         const WriteOptions& options);
  Answer<Written> replace(const ObjectTarget& target, json::object object,
                          const WriteOptions& options);
  // By the content type: JSON patch, merge patch, strategic merge patch, or apply.
  Answer<Written> patch(const ObjectTarget& target, std::string_view content_type,
                        std::string_view body, const WriteOptions& options);

  // `next` replaces `live`, which it was made from, whatever it may change: for deletion, garbage
  // collection and the store's own records. Removed instead, when it is being deleted and nothing
  // holds it any more. nullptr then.
  Stored overwrite(const Stored& live, json::object next);
  // Takes it out at once.
  void erase(const Stored& live);
  // Serves the kind that a stored CustomResourceDefinition defines; other objects are no matter.
  void serve_definition(const StoredObject& stored);

 private:
  Answer<json::object> read_live(const ObjectTarget& target, Stored& live) const;
  Answer<Written> insert(const ObjectTarget& target, json::object object,
                         const WriteOptions& options);
  Answer<Written> update(const ObjectTarget& target, const Stored& live, const json::object& old,
                         json::object next, const WriteOptions& options, bool owners_known);
  Answer<Written> apply(const ObjectTarget& target, std::string_view body,
                        const WriteOptions& options);
  Answer<void> check_namespace(const ObjectTarget& target, const std::string& name) const;
  Answer<void> fit_schema(const ObjectTarget& target, json::object& object, const json::object* old,
                          const WriteOptions& options, std::vector<std::string>& warnings) const;
  Answer<void> fit_kind(const ObjectTarget& target, json::object& object, const json::object* old,
                        const WriteOptions& options, std::vector<std::string>& warnings) const;
  [[nodiscard]] FieldOwner owner_of(const ObjectTarget& target, const WriteOptions& options) const;
  // Of a CustomResourceDefinition: its defaults, what is wrong with it, its status.
  Answer<void> prepare_definition(json::object& crd, const json::object* old) const;

  Loop& loop_;
  Random& random_;
  ObjectStore& store_;
  KindTable& kinds_;
};

}  // namespace holmes::kube
