// Api<T>: the typed client of one kind.
//
// T provides
//   static const kube::ResourceType& resource();
//   static Result<T> from_json(const json::object&);   // kInvalid with the path of the field
//   kube::ObjectMeta meta;
// Every function sends one request and returns the answer decoded, or the Error of transport.h; the
// message says which request on which object failed. An answer that T cannot be read from is
// kProtocol: a write has happened all the same. Nothing is retried here.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/stop.h"
#include "async/task.h"
#include "kube/client/transport.h"
#include "kube/core/request.h"
#include "kube/core/watch_event.h"

namespace holmes::kube {

template <class T>
struct ListPage {
  std::vector<T> items;
  std::string resource_version;
  std::string continue_token;  // "" on the last page
  // Items that T could not be read from: key (as far as known) and the reason. The rest is fine.
  std::vector<std::pair<ObjectKey, Error>> unreadable;
};

// What does not depend on T. `what` begins the message of an error: "get healthchecks default/a".
namespace api_internal {
std::string describe(Verb verb, const ResourceType& type, const ObjectKey& key,
                     std::string_view subresource = "");
Task<Result<json::object>> exchange(Transport& transport, Request request, std::string what,
                                    Stop stop);
Task<Result<DecodedList>> exchange_list(Transport& transport, Request request, std::string what,
                                        Stop stop);
Task<Result<std::string>> exchange_version(Transport& transport, Request request, std::string what,
                                           Stop stop);
Task<Status> exchange_status(Transport& transport, Request request, std::string what, Stop stop);
Error unreadable(const ResourceType& type, const json::object& object, const Error& error);
}  // namespace api_internal

template <class T>
class Api {
 public:
  // The transport outlives the Api and its requests.
  explicit Api(Transport& transport) : transport_(transport) {}

  Task<Result<T>> get(ObjectKey key, Stop stop) {
    return one(Verb::kGet, key, "", get_request(T::resource(), key), std::move(stop));
  }

  // One page; the next one is asked for with its continue_token.
  Task<Result<ListPage<T>>> list(ListOptions options, Stop stop) {
    return page(api_internal::exchange_list(
        transport_, list_request(T::resource(), options),
        api_internal::describe(Verb::kList, T::resource(), {options.ns, ""}), std::move(stop)));
  }

  // The stream of a watch, for WatchDecoder. The errors are those of Transport::open, unchanged.
  Task<Result<std::unique_ptr<HttpStream>>> watch(WatchOptions options, Stop stop) {
    return transport_.open(watch_request(T::resource(), options), std::move(stop));
  }

  Task<Result<T>> create(std::string ns, json::object object, Stop stop) {
    const ObjectKey key{ns, key_of(object).name};
    return one(Verb::kCreate, key, "", create_request(T::resource(), ns, object), std::move(stop));
  }

  // `object` carries metadata.resourceVersion: kConflict when somebody else wrote first.
  Task<Result<T>> replace(ObjectKey key, json::object object, Stop stop) {
    return one(Verb::kUpdate, key, "", replace_request(T::resource(), key, object),
               std::move(stop));
  }
  Task<Result<T>> replace_status(ObjectKey key, json::object object, Stop stop) {
    return one(Verb::kUpdate, key, "status", replace_request(T::resource(), key, object, "status"),
               std::move(stop));
  }

  // The same, for who knows what was written: the answer is only the new resourceVersion.
  Task<Result<std::string>> write_status(ObjectKey key, std::string text, Stop stop) {
    Request request = replace_request_of(T::resource(), key, std::move(text), "status");
    request.accept = kMetadataAccept;
    return api_internal::exchange_version(
        transport_, std::move(request),
        api_internal::describe(Verb::kUpdate, T::resource(), key, "status"), std::move(stop));
  }

  Task<Result<T>> merge_patch(ObjectKey key, json::value patch, Stop stop,
                              std::string subresource = "") {
    return one(Verb::kPatch, key, subresource,
               patch_request(T::resource(), key, PatchType::kMerge, patch, subresource),
               std::move(stop));
  }
  // A failed "test" operation is kInvalid, like any patch the server cannot apply (422).
  Task<Result<T>> json_patch(ObjectKey key, json::value patch, Stop stop,
                             std::string subresource = "") {
    return one(Verb::kPatch, key, subresource,
               patch_request(T::resource(), key, PatchType::kJson, patch, subresource),
               std::move(stop));
  }

  Task<Status> remove(ObjectKey key, DeleteOptions options, Stop stop) {
    return api_internal::exchange_status(transport_, delete_request(T::resource(), key, options),
                                         api_internal::describe(Verb::kDelete, T::resource(), key),
                                         std::move(stop));
  }

 private:
  Task<Result<T>> one(Verb verb, const ObjectKey& key, std::string_view subresource,
                      Request request, Stop stop) {
    return decoded(api_internal::exchange(
        transport_, std::move(request),
        api_internal::describe(verb, T::resource(), key, subresource), std::move(stop)));
  }

  static Task<Result<T>> decoded(Task<Result<json::object>> answer) {
    HOLMES_CO_TRY(const json::object object, co_await std::move(answer));
    Result<T> item = T::from_json(object);
    if (!item) co_return fail(api_internal::unreadable(T::resource(), object, item.error()));
    co_return item;
  }

  static Task<Result<ListPage<T>>> page(Task<Result<DecodedList>> answer) {
    HOLMES_CO_TRY(DecodedList list, co_await std::move(answer));
    ListPage<T> result;
    result.items.reserve(list.items.size());
    for (json::object& object : list.items) {
      Result<T> item = T::from_json(object);
      if (item) {
        result.items.push_back(*std::move(item));
      } else {
        result.unreadable.emplace_back(
            key_of(object), api_internal::unreadable(T::resource(), object, item.error()));
      }
      object.clear();  // the typed items replace the page rather than join it
    }
    result.resource_version = std::move(list.resource_version);
    result.continue_token = std::move(list.continue_token);
    co_return result;
  }

  Transport& transport_;
};

}  // namespace holmes::kube
