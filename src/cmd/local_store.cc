#include "cmd/local_store.h"

#include <utility>

#include "api/crd.h"
#include "kube/store/sqlite_journal.h"
#include "kube/store/store_transport.h"

namespace holmes {
namespace {

kube::Request apply_request(const json::object& definition) {
  kube::Request request;
  request.verb = kube::Verb::kPatch;
  request.method = "PATCH";
  request.path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" +
                 json_string_or(definition, {"metadata", "name"});
  request.query = {{"fieldManager", "holmes"}, {"force", "true"}};
  request.content_type = "application/apply-patch+yaml";
  request.body = to_text(definition);
  return request;
}

}  // namespace

LocalStore::Loaded::Loaded(AsioLoop& loop, kube::Journal& journal,
                           std::vector<kube::Stored> objects, int64_t version)
    : ObjectStore(loop, journal) {
  load(std::move(objects), version);
}

LocalStore::LocalStore(AsioLoop& loop, Random& random, std::unique_ptr<kube::Journal> journal,
                       std::vector<kube::Stored> objects, int64_t version,
                       kube::ApiServerOptions options)
    : journal_(std::move(journal)),
      store_(loop, *journal_, std::move(objects), version),
      api_(loop, random, store_, std::move(options)),
      rules_(api_),
      collector_(loop, store_, rules_) {}

Task<Result<std::unique_ptr<LocalStore>>> LocalStore::open(AsioLoop& loop, Random& random,
                                                           std::string file,
                                                           kube::ApiServerOptions options) {
  kube::SqliteJournal::Opened opened;
  std::unique_ptr<kube::Journal> journal;
  if (file.empty()) {
    journal = std::make_unique<kube::NoJournal>();
  } else {
    HOLMES_CO_TRY(opened, co_await kube::SqliteJournal::open(loop, std::move(file)));
    journal = std::move(opened.journal);
  }
  std::unique_ptr<LocalStore> store(new LocalStore(loop, random, std::move(journal),
                                                   std::move(opened.objects), opened.version,
                                                   std::move(options)));
  if (Status installed = co_await store->install_definitions(); !installed) {
    co_await store->close();
    co_return fail(installed.error());
  }
  co_return store;
}

std::unique_ptr<LocalStore> LocalStore::of(AsioLoop& loop, Random& random,
                                           std::vector<kube::Stored> objects, int64_t version,
                                           kube::ApiServerOptions options) {
  return std::unique_ptr<LocalStore>(
      new LocalStore(loop, random, std::make_unique<kube::NoJournal>(), std::move(objects), version,
                     std::move(options)));
}

Task<Status> LocalStore::install_definitions() {
  kube::StoreTransport transport(api_);
  for (const json::object& definition : {healthcheck_crd(), scheduledhealthcheck_crd()}) {
    HOLMES_CO_CHECK(co_await transport.send(apply_request(definition), {}));
  }
  co_return Status();
}

Task<Status> LocalStore::run(Stop stop) {
  co_await collector_.run(std::move(stop));
  co_return store_.health();
}

}  // namespace holmes
