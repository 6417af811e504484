// Requests to the Kubernetes API as values: what to say, not how to send it. Pure.
// Rules: Kubernetes API concepts (paths, list and watch parameters, patch types).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/core/object.h"

namespace holmes::kube {

enum class Verb { kGet, kList, kWatch, kCreate, kUpdate, kPatch, kDelete };
std::string_view to_string(Verb verb);  // as RBAC names it

// Asks for an object's metadata only (API concepts: PartialObjectMetadata); a server that cannot do
// that sends the whole object, which has them too.
inline constexpr std::string_view kMetadataAccept =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

struct Request {
  Verb verb = Verb::kGet;
  std::string method = "GET";
  std::string path;  // "/apis/holmesgpt.dev/v1alpha1/namespaces/default/healthchecks/a/status"
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string content_type;  // set when there is a body
  std::string accept = "application/json";

  // Path and encoded query, behind the `base`.
  [[nodiscard]] std::string target(std::string_view base = "") const;
};

// Fails with kInvalid when the path does not name what it seems to: an empty, "." or ".." segment
// (an empty object name would turn a get into a list), or bytes that do not belong into a path.
// Every transport asks before it sends.
Status check_path(std::string_view path);

// Every field of the options has a default, so that callers name only what they need.
struct ListOptions {
  std::string ns{};  // "" for all namespaces, or for a cluster-scoped kind
  std::string label_selector{};
  std::string field_selector{};
  int64_t limit = 0;  // 0: all at once
  std::string continue_token{};
  std::string resource_version{};        // "": the most recent
  std::string resource_version_match{};  // "NotOlderThan", "Exact"; for the first page
  bool as_table = false;                 // the server prints (meta.k8s.io/v1 Table)
};

struct WatchOptions {
  std::string ns{};
  std::string label_selector{};
  std::string field_selector{};
  std::string resource_version{};
  std::chrono::seconds timeout{290};
  // Begins with all objects of a version not older than resource_version as events (KEP-3157), then
  // comes a bookmark that ends them.
  bool initial_events = false;
};

struct DeleteOptions {
  std::string uid{};               // precondition, when set
  std::string resource_version{};  // precondition, when set
  std::string propagation{};       // "Background", "Foreground", "Orphan" or ""
};

enum class PatchType { kMerge, kJson };

// `subresource` is "", "status" or "log". The namespace of a key is left out for a cluster-scoped
// type. Names are percent-encoded, never judged.
Request get_request(const ResourceType& type, const ObjectKey& key,
                    std::string_view subresource = "");
Request list_request(const ResourceType& type, const ListOptions& options);
Request watch_request(const ResourceType& type, const WatchOptions& options);
Request create_request(const ResourceType& type, std::string_view ns, const json::object& object);
// `_of`: of an object that is JSON text already.
Request create_request_of(const ResourceType& type, std::string_view ns, std::string text);
Request replace_request(const ResourceType& type, const ObjectKey& key, const json::object& object,
                        std::string_view subresource = "");
Request replace_request_of(const ResourceType& type, const ObjectKey& key, std::string text,
                           std::string_view subresource = "");
Request patch_request(const ResourceType& type, const ObjectKey& key, PatchType patch_type,
                      const json::value& patch, std::string_view subresource = "");
Request delete_request(const ResourceType& type, const ObjectKey& key,
                       const DeleteOptions& options = {});

}  // namespace holmes::kube
