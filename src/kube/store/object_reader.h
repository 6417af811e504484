// Get, list and watch. One loop's thread.
#pragma once

#include <memory>
#include <string>

#include "async/loop.h"
#include "kube/store/api_request.h"
#include "kube/store/kind_table.h"
#include "kube/store/object_store.h"
#include "kube/store/object_writer.h"
#include "kube/store/refusal.h"
#include "kube/store/representation.h"

namespace holmes::kube {

// Pieces of a list that is sent as a stream.
inline constexpr size_t kListPieceBytes = size_t{256} << 10U;

class ObjectReader {
 public:
  ObjectReader(Loop& loop, ObjectStore& store);

  // All wait until what they show is durable.
  Task<Answer<ApiAnswer>> get(ObjectTarget target, ApiRequest request, Stop stop);
  Task<Answer<ApiAnswer>> list(ObjectTarget target, ApiRequest request, Stop stop);
  // The stream goes before the store.
  Task<Answer<ApiAnswer>> watch(ObjectTarget target, ApiRequest request, Stop stop);

 private:
  Loop& loop_;
  ObjectStore& store_;
};

// An answer for what will never be durable: the journal failed.
Refusal not_durable(const Error& error);

}  // namespace holmes::kube
