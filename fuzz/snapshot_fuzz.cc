// Saved objects, as YAML or JSON: any text becomes a state that an API can be loaded with, or is
// refused.
#include <memory>

#include "async/virtual_loop.h"
#include "fuzz/input.h"
#include "kube/store/api_server.h"
#include "kube/store/journal.h"
#include "snapshot/snapshot_state.h"
#include "snapshot/snapshot_text.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  auto saved = read_saved_objects("", fuzz::text(data, size));
  if (!saved) {
    HOLMES_ASSERT(!saved.error().message.empty());
    return 0;
  }
  SeededRandom random(1);
  auto state = make_snapshot_state(std::move(saved->objects), {}, random);
  if (!state) return 0;
  HOLMES_ASSERT(static_cast<size_t>(state->version) == state->objects.size());
  VirtualLoop loop;
  kube::NoJournal journal;
  kube::ObjectStore store(loop, journal);
  store.load(std::move(state->objects), state->version);
  const kube::ApiServer api(loop, random, store);
  HOLMES_ASSERT(store.find("namespaces", {"", "default"}) != nullptr);
  loop.run(store.close());
  return 0;
}
