#include "kube/client/discovery.h"

namespace holmes::kube {
namespace {

// One request serves all: the server answers with the first form it knows.
constexpr std::string_view kAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";
// Of the older protocol: one request each.
constexpr size_t kMaxGroupVersions = 200;

Task<Result<json::object>> get_document(Transport& transport, std::string path,
                                        std::string_view accept, Stop stop) {
  Request request;
  request.path = path;
  request.accept = accept;
  const Result<Response> response = co_await transport.send(std::move(request), std::move(stop));
  if (!response) co_return fail(response.error().within("discovery of " + path));
  Result<json::object> document = parse_json_object(response->body);
  if (!document) {
    co_return fail(ErrorCode::kProtocol,
                   "discovery of " + path + " is unreadable: " + document.error().message);
  }
  co_return document;
}

}  // namespace

Discovery::Discovery(Loop& loop, Transport& transport, DiscoveryOptions options)
    : loop_(loop), transport_(transport), options_(options), reading_(loop, 1) {}

Task<Result<ResourceType>> Discovery::resolve(std::string name, std::string api_version,
                                              Stop stop) {
  HOLMES_CO_TRY(const Semaphore::Permit reading, co_await reading_.permit(stop));
  Status read;
  if (older_than(options_.keep_time)) read = co_await refresh(stop);
  Result<ResourceType> found = catalog_.find(name, api_version);
  if (!found && read && older_than(options_.reread_interval)) {
    read = co_await refresh(stop);
    found = catalog_.find(name, api_version);
  }
  if (!found && !read) co_return fail(std::move(read).error());
  co_return found;
}

bool Discovery::older_than(std::chrono::seconds age) const {
  return !read_at_ || loop_.mono_now() - *read_at_ >= age;
}

Task<Status> Discovery::refresh(Stop stop) {
  ResourceCatalog catalog;
  HOLMES_CO_CHECK(co_await read_root("/api", catalog, stop));
  HOLMES_CO_CHECK(co_await read_root("/apis", catalog, stop));
  catalog_ = std::move(catalog);
  read_at_ = loop_.mono_now();
  co_return Status();
}

Task<Status> Discovery::read_root(std::string path, ResourceCatalog& catalog, Stop stop) {
  HOLMES_CO_TRY(const json::object document,
                co_await get_document(transport_, path, kAccept, stop));
  if (json_string(document, {"kind"}) == "APIGroupDiscoveryList") {
    HOLMES_CO_TRY(std::vector<ServedResource> resources, parse_group_discovery_list(document));
    catalog.add(std::move(resources));
    co_return Status();
  }
  HOLMES_CO_TRY(std::vector<std::string> paths, parse_group_versions(document));
  if (paths.size() > kMaxGroupVersions) paths.resize(kMaxGroupVersions);
  for (const std::string& group_version : paths) {
    HOLMES_CO_CHECK(co_await read_group_version(group_version, catalog, stop));
  }
  co_return Status();
}

// A group that is served by an extension which is down does not hide the others.
Task<Status> Discovery::read_group_version(std::string path, ResourceCatalog& catalog, Stop stop) {
  const Result<json::object> document =
      co_await get_document(transport_, path, "application/json", stop);
  if (stop.requested()) co_return fail(stop.error("discovery of " + path));
  if (!document) co_return Status();
  HOLMES_CO_TRY(std::vector<ServedResource> resources, parse_resource_list(*document));
  catalog.add(std::move(resources));
  co_return Status();
}

}  // namespace holmes::kube
