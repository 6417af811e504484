// A journal for tests that is written only when told, and fails when told.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "async/loop.h"
#include "async/wait.h"
#include "kube/store/journal.h"

namespace holmes::kube {

class FakeJournal final : public Journal {
 public:
  explicit FakeJournal(Loop& loop) : permits_(loop, 0) {}

  Task<Status> append(std::vector<JournalEntry> entries) override {
    ++calls;
    ++running;
    HOLMES_ASSERT(running == 1);
    const Status permitted = co_await permits_.acquire({});
    HOLMES_ASSERT(permitted.has_value());
    --running;
    if (failure) co_return fail(*failure);
    groups.push_back(std::move(entries));
    co_return Status();
  }

  // Lets so many appends end, those to come included.
  void allow(size_t appends) {
    for (size_t i = 0; i < appends; ++i) permits_.release();
  }

  std::optional<Error> failure;
  std::vector<std::vector<JournalEntry>> groups;  // what is durable
  size_t calls = 0;
  size_t running = 0;

 private:
  Semaphore permits_;
};

}  // namespace holmes::kube
