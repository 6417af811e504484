#include "kube/client/api.h"

#include <fmt/format.h>

namespace holmes::kube::api_internal {

std::string describe(Verb verb, const ResourceType& type, const ObjectKey& key,
                     std::string_view subresource) {
  std::string what(to_string(verb));
  what.append(" ").append(type.plural);
  if (!subresource.empty()) what.append("/").append(subresource);
  if (!key.name.empty()) {
    what.append(" ").append(key.to_text());
  } else if (!key.ns.empty()) {
    what.append(" in ").append(key.ns);
  }
  return what;
}

namespace {

Result<json::object> parse_answer(std::string_view body, std::string_view what) {
  Result<json::object> object =
      parse_json_object(body, {.drop_in = kApiReading.drop_in, .drop = kApiReading.drop});
  if (object) return object;
  return fail(ErrorCode::kProtocol,
              fmt::format("{}: answer is unreadable: {}", what, object.error().message));
}

}  // namespace

Task<Result<json::object>> exchange(Transport& transport, Request request, std::string what,
                                    Stop stop) {
  const Result<Response> response = co_await transport.send(std::move(request), std::move(stop));
  if (!response) co_return fail(response.error().within(what));
  co_return parse_answer(response->body, what);
}

Task<Result<DecodedList>> exchange_list(Transport& transport, Request request, std::string what,
                                        Stop stop) {
  const Result<Response> response = co_await transport.send(std::move(request), std::move(stop));
  if (!response) co_return fail(response.error().within(what));
  Result<DecodedList> list = decode_list(response->body);
  if (!list) co_return fail(list.error().within(what));
  co_return list;
}

Task<Result<std::string>> exchange_version(Transport& transport, Request request, std::string what,
                                           Stop stop) {
  const Result<Response> response = co_await transport.send(std::move(request), std::move(stop));
  if (!response) co_return fail(response.error().within(what));
  ObjectGlance glance;
  if (const auto seen = glance.of_object(response->body)) {
    co_return std::string(seen->resource_version);
  }
  HOLMES_CO_TRY(const json::object object, parse_answer(response->body, what));
  std::string version = json_string_or(object, {"metadata", "resourceVersion"});
  if (version.empty()) {
    co_return fail(ErrorCode::kProtocol, what + ": answer has no metadata.resourceVersion");
  }
  co_return version;
}

Task<Status> exchange_status(Transport& transport, Request request, std::string what, Stop stop) {
  const Result<Response> response = co_await transport.send(std::move(request), std::move(stop));
  if (!response) co_return fail(response.error().within(what));
  co_return Status();
}

Error unreadable(const ResourceType& type, const json::object& object, const Error& error) {
  return {ErrorCode::kProtocol, fmt::format("{} {} is unreadable: {}", type.plural,
                                            key_of(object).to_text(), error.message)};
}

}  // namespace holmes::kube::api_internal
