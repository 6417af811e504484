#include "kube/store/refusal.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"

namespace holmes::kube {
namespace {

// "healthchecks.holmesgpt.dev", "pods".
std::string resource_text(const ResourceType& type) {
  return type.group.empty() ? type.plural : type.plural + "." + type.group;
}

// "HealthCheck.holmesgpt.dev", "Pod".
std::string kind_text(const ResourceType& type) {
  return type.group.empty() ? type.kind : type.kind + "." + type.group;
}

Refusal plain(int code, std::string reason, std::string message) {
  Refusal refusal;
  refusal.code = code;
  refusal.reason = std::move(reason);
  refusal.message = std::move(message);
  return refusal;
}

// About an object; details name the resource, as the API server has it in the field "kind".
Refusal about(int code, std::string reason, std::string message, const ResourceType& type,
              std::string_view name) {
  Refusal refusal = plain(code, std::move(reason), std::move(message));
  refusal.group = type.group;
  refusal.kind = type.plural;
  refusal.name = std::string(name);
  return refusal;
}

json::object details_of(const Refusal& refusal) {
  json::object details;
  const auto add = [&details](std::string_view field, const std::string& value) {
    if (!value.empty()) details.emplace(field, value);
  };
  add("name", refusal.name);
  add("group", refusal.group);
  add("kind", refusal.kind);
  add("uid", refusal.uid);
  json::array causes;
  for (const Cause& cause : refusal.causes) {
    json::object entry{{"reason", cause.reason}, {"message", cause.message}};
    if (!cause.field.empty()) entry.emplace("field", cause.field);
    causes.push_back(std::move(entry));
  }
  if (!causes.empty()) details.emplace("causes", std::move(causes));
  if (refusal.retry_after_seconds) {
    details.emplace("retryAfterSeconds", *refusal.retry_after_seconds);
  }
  return details;
}

}  // namespace

json::object to_json(const Refusal& refusal) {
  json::object status{{"kind", "Status"},
                      {"apiVersion", "v1"},
                      {"metadata", json::object()},
                      {"status", "Failure"},
                      {"message", refusal.message}};
  if (!refusal.reason.empty()) status.emplace("reason", refusal.reason);
  json::object details = details_of(refusal);
  if (!details.empty() || refusal.has_details) status.emplace("details", std::move(details));
  status.emplace("code", refusal.code);
  return status;
}

Refusal bad_request(std::string message) {
  return plain(400, "BadRequest", std::move(message));
}

Refusal not_found(const ResourceType& type, std::string_view name) {
  return about(404, "NotFound", fmt::format("{} \"{}\" not found", resource_text(type), name), type,
               name);
}

Refusal no_such_path() {
  Refusal refusal = plain(404, "NotFound", "the server could not find the requested resource");
  refusal.has_details = true;
  return refusal;
}

Refusal no_such_page() {
  Refusal refusal = plain(404, "NotFound", "404 page not found\n");
  refusal.plain_text = true;
  return refusal;
}

Refusal verb_not_supported(const ResourceType& type, std::string_view verb) {
  return about(
      405, "MethodNotAllowed",
      fmt::format("{} is not supported on resources of kind \"{}\"", verb, resource_text(type)),
      type, "");
}

Refusal precondition_failed(const ResourceType& type, std::string_view name, std::string_view why) {
  ResourceType named = type;
  named.plural = type.kind;
  return conflict(named, name, why);
}

Refusal already_exists(const ResourceType& type, std::string_view name) {
  return about(409, "AlreadyExists",
               fmt::format("{} \"{}\" already exists", resource_text(type), name), type, name);
}

Refusal conflict(const ResourceType& type, std::string_view name, std::string_view why) {
  return about(
      409, "Conflict",
      fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource_text(type), name, why),
      type, name);
}

Refusal modified(const ResourceType& type, std::string_view name) {
  return conflict(type, name,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

Refusal invalid(const ResourceType& type, std::string_view name, Causes causes) {
  HOLMES_ASSERT(!causes.empty());
  // What is found twice is a cause twice, but said once.
  std::vector<std::string> said;
  for (const Cause& cause : causes) {
    std::string text = cause.field + ": " + cause.message;
    if (std::ranges::find(said, text) == said.end()) said.push_back(std::move(text));
  }
  const std::string all = said.size() == 1 ? said[0] : fmt::format("[{}]", fmt::join(said, ", "));
  Refusal refusal =
      about(422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", kind_text(type), name, all),
            type, name);
  refusal.kind = type.kind;
  refusal.causes = std::move(causes);
  return refusal;
}

Refusal rejected() {
  Refusal refusal =
      plain(422, "Invalid", "the server rejected our request due to an error in our request");
  refusal.has_details = true;
  return refusal;
}

Refusal method_not_allowed() {
  Refusal refusal = plain(405, "MethodNotAllowed",
                          "the server does not allow this method on the requested resource");
  refusal.has_details = true;
  return refusal;
}

Refusal unsupported_media_type(std::string_view accepted) {
  return plain(415, "UnsupportedMediaType",
               fmt::format("the body of the request was in an unknown format - accepted media "
                           "types include: {}",
                           accepted));
}

Refusal no_such_media_type() {
  Refusal refusal = plain(415, "UnsupportedMediaType", "415: Unsupported Media Type");
  refusal.has_details = true;
  return refusal;
}

Refusal expired(std::string message) {
  return plain(410, "Expired", std::move(message));
}

Refusal forbidden(const ResourceType& type, std::string_view name, std::string_view why) {
  return about(403, "Forbidden",
               fmt::format("{} \"{}\" is forbidden: {}", resource_text(type), name, why), type,
               name);
}

Refusal version_too_large(int64_t asked, int64_t current) {
  Refusal refusal =
      plain(504, "Timeout",
            fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current));
  refusal.causes.push_back({"", "ResourceVersionTooLarge", "Too large resource version"});
  refusal.retry_after_seconds = 1;
  return refusal;
}

}  // namespace holmes::kube
