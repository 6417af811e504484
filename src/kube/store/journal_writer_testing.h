// What the program that sqlite_journal_test kills writes: known in advance, so that what must be in
// the file follows from what was acknowledged.
#pragma once

#include <string>

#include <fmt/format.h>

#include "kube/store/stored_object.h"

namespace holmes::kube {

inline constexpr int kWriters = 20;
inline constexpr int kSlots = 4;

// Each writer makes its objects one after the other, then removes them, and so on.
inline bool removes(int step) {
  return step / kSlots % 2 == 1;
}
inline ObjectKey written_key(int run, int writer, int step) {
  return {fmt::format("run-{}", run), fmt::format("writer-{}-{}", writer, step % kSlots)};
}
inline StoredObject written_object(int run, int writer, int step, int64_t version) {
  const ObjectKey key = written_key(run, writer, step);
  return encode_stored("toys", version,
                       {{"metadata", {{"namespace", key.ns}, {"name", key.name}}},
                        {"step", step},
                        {"padding", std::string(1000, 'x')}});
}

}  // namespace holmes::kube
