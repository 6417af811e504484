// The embedded Kubernetes API of `holmes local`: store, journal, API and garbage collector.
#pragma once

#include <memory>
#include <string>

#include "async/asio_loop.h"
#include "async/random.h"
#include "kube/store/api_collector.h"
#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"
#include "kube/store/journal.h"
#include "kube/store/object_store.h"

namespace holmes {

class LocalStore {
 public:
  // With the CustomResourceDefinitions of Holmes, installed or brought up to date. `file`: where
  // the objects are kept; "": in memory. Fails with a sentence that says what to do, as
  // SqliteJournal::open does. Loop and random outlive it.
  static Task<Result<std::unique_ptr<LocalStore>>> open(AsioLoop& loop, Random& random,
                                                        std::string file,
                                                        kube::ApiServerOptions options);
  // In memory, of these objects and of no definitions but theirs.
  static std::unique_ptr<LocalStore> of(AsioLoop& loop, Random& random,
                                        std::vector<kube::Stored> objects, int64_t version,
                                        kube::ApiServerOptions options = {});

  [[nodiscard]] kube::ApiServer& api() { return api_; }
  [[nodiscard]] kube::ObjectStore& objects() { return store_; }

  // Collects garbage until the stop, or until nothing can be written any more, which it tells.
  Task<Status> run(Stop stop);
  // Waits until all is written. Whatever asks the API is gone, streams too.
  Task<> close() { return store_.close(); }

 private:
  LocalStore(AsioLoop& loop, Random& random, std::unique_ptr<kube::Journal> journal,
             std::vector<kube::Stored> objects, int64_t version, kube::ApiServerOptions options);
  Task<Status> install_definitions();

  // With the objects of the journal.
  struct Loaded final : kube::ObjectStore {
    Loaded(AsioLoop& loop, kube::Journal& journal, std::vector<kube::Stored> objects,
           int64_t version);
  };

  std::unique_ptr<kube::Journal> journal_;
  Loaded store_;
  kube::ApiServer api_;
  kube::ApiCollector rules_;
  kube::GarbageCollector collector_;
};

}  // namespace holmes
