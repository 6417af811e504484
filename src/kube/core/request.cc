#include "kube/core/request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kTableAccept =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

// By character: RFC 3986, 2.3.
constexpr auto kUnreserved = [] {
  std::array<bool, 256> is{};
  for (size_t c = 'a'; c <= 'z'; ++c) is[c] = true;
  for (size_t c = 'A'; c <= 'Z'; ++c) is[c] = true;
  for (size_t c = '0'; c <= '9'; ++c) is[c] = true;
  for (const char c : std::string_view("-._~")) is[static_cast<size_t>(c)] = true;
  return is;
}();

bool is_unreserved(char c) {
  return kUnreserved[static_cast<unsigned char>(c)];
}

// Everything but unreserved characters is escaped. Names have no other characters.
void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (std::ranges::all_of(text, is_unreserved)) {
    out.append(text);
    return;
  }
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 0x0FU]);
  }
}

void append_segment(std::string& path, std::string_view segment) {
  path.push_back('/');
  append_encoded(path, segment);
}

// `more`: how much will be appended.
std::string collection_path(const ResourceType& type, std::string_view ns, size_t more = 0) {
  constexpr size_t kFixedBytes = std::string_view("/apis////namespaces//").size();
  std::string path;
  path.reserve(kFixedBytes + type.group.size() + type.version.size() + ns.size() +
               type.plural.size() + more);
  path += type.group.empty() ? "/api" : "/apis";
  if (!type.group.empty()) append_segment(path, type.group);
  append_segment(path, type.version);
  if (type.namespaced && !ns.empty()) {
    path += "/namespaces";
    append_segment(path, ns);
  }
  append_segment(path, type.plural);
  return path;
}

std::string object_path(const ResourceType& type, const ObjectKey& key,
                        std::string_view subresource) {
  std::string path = collection_path(type, key.ns, key.name.size() + subresource.size() + 2);
  append_segment(path, key.name);
  if (!subresource.empty()) append_segment(path, subresource);
  return path;
}

void put(Request& request, std::string_view name, std::string_view value) {
  if (!value.empty()) request.query.emplace_back(name, value);
}

void set_body(Request& request, std::string body, std::string_view content_type) {
  request.body = std::move(body);
  request.content_type = content_type;
}

bool is_no_path_character(char c) {
  return (c <= ' ') | (c == 0x7F) | (c == '?') | (c == '#') | (c == '\\');
}

// "%2e" is a dot to whoever normalises paths.
bool is_dots(std::string_view segment) {
  if (segment.size() > std::string_view("%2e%2e").size()) return false;
  if (segment[0] != '.' && segment[0] != '%') return false;
  std::string text = to_lower(segment);
  for (size_t at = text.find("%2e"); at != std::string::npos; at = text.find("%2e")) {
    text.replace(at, 3, ".");
  }
  return text == "." || text == "..";
}

}  // namespace

std::string_view to_string(Verb verb) {
  switch (verb) {
    case Verb::kGet:
      return "get";
    case Verb::kList:
      return "list";
    case Verb::kWatch:
      return "watch";
    case Verb::kCreate:
      return "create";
    case Verb::kUpdate:
      return "update";
    case Verb::kPatch:
      return "patch";
    case Verb::kDelete:
      return "delete";
  }
  return "unknown";
}

std::string Request::target(std::string_view base) const {
  std::string out;
  out.reserve(base.size() + path.size());
  out.append(base).append(path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    out.push_back(separator);
    append_encoded(out, name);
    out.push_back('=');
    append_encoded(out, value);
    separator = '&';
  }
  return out;
}

Status check_path(std::string_view path) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::kInvalid,
                "request path '" + cut(to_valid_utf8(path), 200) + "' " + std::string(why));
  };
  if (!path.starts_with('/')) return bad("does not begin with '/'");
  if (has_any(path, is_no_path_character)) return bad("has a character no path may have");
  for (size_t slash = 0; slash < path.size();) {
    const size_t next = std::min(path.find('/', slash + 1), path.size());
    const std::string_view segment = path.substr(slash + 1, next - slash - 1);
    if (segment.empty()) return bad("has an empty segment: is a name missing?");
    if (is_dots(segment)) return bad("has a segment of dots only");
    slash = next;
  }
  return {};
}

Request get_request(const ResourceType& type, const ObjectKey& key, std::string_view subresource) {
  Request request;
  request.path = object_path(type, key, subresource);
  return request;
}

Request list_request(const ResourceType& type, const ListOptions& options) {
  Request request;
  request.verb = Verb::kList;
  request.path = collection_path(type, options.ns);
  put(request, "labelSelector", options.label_selector);
  put(request, "fieldSelector", options.field_selector);
  if (options.limit > 0) put(request, "limit", std::to_string(options.limit));
  put(request, "continue", options.continue_token);
  put(request, "resourceVersion", options.resource_version);
  put(request, "resourceVersionMatch", options.resource_version_match);
  if (options.as_table) request.accept = kTableAccept;
  return request;
}

Request watch_request(const ResourceType& type, const WatchOptions& options) {
  Request request;
  request.verb = Verb::kWatch;
  request.path = collection_path(type, options.ns);
  put(request, "watch", "true");
  put(request, "labelSelector", options.label_selector);
  put(request, "fieldSelector", options.field_selector);
  put(request, "resourceVersion", options.resource_version);
  put(request, "timeoutSeconds", std::to_string(options.timeout.count()));
  put(request, "allowWatchBookmarks", "true");
  if (options.initial_events) {
    put(request, "sendInitialEvents", "true");
    put(request, "resourceVersionMatch", "NotOlderThan");
  }
  return request;
}

Request create_request(const ResourceType& type, std::string_view ns, const json::object& object) {
  return create_request_of(type, ns, to_text(object));
}

Request create_request_of(const ResourceType& type, std::string_view ns, std::string text) {
  Request request;
  request.verb = Verb::kCreate;
  request.method = "POST";
  request.path = collection_path(type, ns);
  set_body(request, std::move(text), "application/json");
  return request;
}

Request replace_request(const ResourceType& type, const ObjectKey& key, const json::object& object,
                        std::string_view subresource) {
  return replace_request_of(type, key, to_text(object), subresource);
}

Request replace_request_of(const ResourceType& type, const ObjectKey& key, std::string text,
                           std::string_view subresource) {
  Request request;
  request.verb = Verb::kUpdate;
  request.method = "PUT";
  request.path = object_path(type, key, subresource);
  set_body(request, std::move(text), "application/json");
  return request;
}

Request patch_request(const ResourceType& type, const ObjectKey& key, PatchType patch_type,
                      const json::value& patch, std::string_view subresource) {
  Request request;
  request.verb = Verb::kPatch;
  request.method = "PATCH";
  request.path = object_path(type, key, subresource);
  set_body(request, to_text(patch),
           patch_type == PatchType::kMerge ? "application/merge-patch+json"
                                           : "application/json-patch+json");
  return request;
}

Request delete_request(const ResourceType& type, const ObjectKey& key,
                       const DeleteOptions& options) {
  Request request;
  request.verb = Verb::kDelete;
  request.method = "DELETE";
  request.path = object_path(type, key, "");
  json::object preconditions;
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    preconditions["resourceVersion"] = options.resource_version;
  }
  if (preconditions.empty() && options.propagation.empty()) return request;
  json::object body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
  if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
  set_body(request, to_text(body), "application/json");
  return request;
}

}  // namespace holmes::kube
