// Where an ObjectStore's changes are made durable.
#pragma once

#include <cstdint>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "kube/store/stored_object.h"

namespace holmes::kube {

struct JournalEntry {
  int64_t version = 0;
  Stored object;  // when removed: its last state
  bool removed = false;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Returns when all entries are durable, or none of them is: then the store never calls again. In
  // the order of versions, without gaps. One call at a time; the store hands over in one call
  // what came while the one before was under way (group commit), within a limit.
  virtual Task<Status> append(std::vector<JournalEntry> entries) = 0;
};

// Forgets everything with the process.
class NoJournal final : public Journal {
 public:
  Task<Status> append(std::vector<JournalEntry> /*entries*/) override { co_return Status(); }
};

}  // namespace holmes::kube
