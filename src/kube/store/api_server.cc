#include "kube/store/api_server.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/discovery_docs.h"
#include "kube/store/meta_rules.h"
#include "kube/store/object_identity.h"
#include "kube/store/object_view.h"
#include "kube/store/openapi_docs.h"
#include "kube/store/protobuf_body.h"
#include "kube/store/resource_path.h"
#include "kube/store/scale.h"
#include "kube/store/write_options.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kVersion = "v1.35.0";  // whose API this is

json::object version_doc() {
  return {{"major", "1"},
          {"minor", "35"},
          {"emulationMajor", "1"},
          {"emulationMinor", "35"},
          {"minCompatibilityMajor", "1"},
          {"minCompatibilityMinor", "34"},
          {"gitVersion", fmt::format("{}+holmes", kVersion)},
          {"gitCommit", ""},
          {"gitTreeState", "clean"},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""},
          {"compiler", "clang"},
          {"platform", "linux/amd64"}};
}

bool is_health_path(const std::vector<std::string>& segments) {
  return !segments.empty() &&
         (segments[0] == "healthz" || segments[0] == "livez" || segments[0] == "readyz");
}

// The beginning of a body, for messages.
std::string summary_of(std::string_view body) {
  constexpr size_t kBytes = 30;
  if (body.empty()) return "<empty>";
  std::string text;
  if (body.starts_with('{')) {
    text = std::string(body.substr(0, kBytes));
  } else {
    for (const char c : body.substr(0, kBytes)) {
      text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
  }
  return body.size() > kBytes ? text + " ..." : text;
}

// Why a body that is no object cannot be read, as Go's decoder has it.
std::string decoding_fault(std::string_view body) {
  if (trim(body).empty()) return "unexpected end of JSON input";
  const Result<json::value> value = parse_json(body);
  if (!value) return go_json_error(value.error().message);
  return fmt::format(
      "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string "
      "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
      go_kind(*value));
}

// Built-in kinds need not say what they are.
Answer<json::object> read_object(const ObjectTarget& target, const ApiRequest& request) {
  const std::string_view type = media_type(request.content_type);
  if (!type.empty() && type != "application/json") {
    return refuse(unsupported_media_type("application/json"));
  }
  const auto unrecognized = [&](std::string_view why) {
    return refuse(
        bad_request(fmt::format("the object provided is unrecognized (must be of type {}): {} ({})",
                                target.kind->type.kind, why, summary_of(request.body))));
  };
  Result<json::object> object = parse_json_object(request.body);
  if (!object) {
    return unrecognized("couldn't get version/kind; json parse error: " +
                        decoding_fault(request.body));
  }
  for (const std::string_view field : {"apiVersion", "kind"}) {
    const json::value* value = object->if_contains(field);
    if (value == nullptr || value->is_string() || value->is_null()) continue;
    return unrecognized(fmt::format(
        "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go struct "
        "field .{} of type string",
        go_kind(*value), field));
  }
  if (target.kind->schema == nullptr) return *std::move(object);
  for (const auto& [field, name] : {std::pair("kind", "Kind"), {"apiVersion", "apiVersion"}}) {
    if (!json_string_or(*object, {field}).empty()) continue;
    return unrecognized(fmt::format("Object '{}' is missing in '{}'", name, request.body));
  }
  return *std::move(object);
}

std::string_view verb_of(std::string_view method) {
  if (method == "POST") return "create";
  return method == "DELETE" ? "delete" : "";
}

// Whether the groups of a path are served by the API server itself; the others are looked for among
// CustomResourceDefinitions, and then answered as any unknown page.
bool is_built_in_path(const KindTable& kinds, const std::vector<std::string>& segments) {
  if (segments.size() < 2) return false;
  if (segments[0] == "api") return true;
  return segments[0] == "apis" && segments.size() > 2 &&
         std::ranges::any_of(kinds.all(), [&](const KindPtr& kind) {
           return kind->schema == nullptr && kind->type.group == segments[1];
         });
}

Refusal nothing_there(const KindTable& kinds, const std::vector<std::string>& segments) {
  return is_built_in_path(kinds, segments) ? no_such_path() : no_such_page();
}

// What follows reads JSON only.
Answer<void> turn_into_json(ApiRequest& request) {
  if (request.body.empty() || !is_protobuf(request.content_type)) return {};
  Result<json::object> object = read_protobuf(request.body);
  if (!object && object.error().code == ErrorCode::kNotFound) {
    return refuse(unsupported_media_type("application/json"));
  }
  if (!object) return refuse(bad_request(object.error().message));
  request.body = to_text(*object);
  request.content_type = "application/json";
  return {};
}

bool is_scale(const ObjectTarget& target) {
  return target.subresource == "scale" && target.kind->has_scale;
}

// Of an encoded workload.
std::string scale_text(const std::string& bytes) {
  const Result<json::object> workload = parse_json_object(bytes);
  HOLMES_ASSERT(workload.has_value());  // it was encoded here
  return to_text(scale_of(*workload));
}

std::string tail_of(std::string text, std::optional<int64_t> lines) {
  if (!lines) return text;
  size_t begin = text.size();
  if (begin > 0 && text[begin - 1] == '\n') --begin;
  for (int64_t left = *lines; left > 0 && begin > 0;) {
    const size_t newline = text.rfind('\n', begin - 1);
    if (newline == std::string::npos) return text;
    if (--left == 0) return text.substr(newline + 1);
    begin = newline;
  }
  return *lines == 0 ? "" : text;
}

}  // namespace

ApiServer::ApiServer(Loop& loop, Random& random, ObjectStore& store, ApiServerOptions options)
    : loop_(loop),
      store_(store),
      options_(std::move(options)),
      writer_(loop, random, store, kinds_),
      reader_(loop, store),
      remover_(loop, store, kinds_, writer_) {
  serve_definitions();
  make_namespaces();
}

Task<ApiAnswer> ApiServer::answer(ApiRequest request, Stop stop) {
  Answer<ApiAnswer> answer;
  if (Answer<void> readable = turn_into_json(request); readable) {
    answer = co_await route(std::move(request), std::move(stop));
  } else {
    answer = refuse(std::move(readable).error());
  }
  if (answer) co_return *std::move(answer);
  const Refusal& refusal = answer.error();
  if (refusal.plain_text) {
    co_return ApiAnswer{.status = refusal.code,
                        .content_type = "text/plain; charset=utf-8",
                        .body = refusal.message};
  }
  co_return ApiAnswer{
      .status = refusal.code, .warnings = refusal.warnings, .body = to_text(to_json(refusal))};
}

Task<Answer<ApiAnswer>> ApiServer::route(ApiRequest request, Stop stop) {
  const auto path = parse_resource_path(request.segments);
  if (!path) co_return document(request);
  const KindPtr kind = kinds_.find(path->group, path->version, path->plural);
  if (kind == nullptr) co_return review(request.segments, request);
  ObjectTarget target{kind, {path->ns, path->name}, path->subresource};
  const bool placed = kind->type.namespaced == !path->ns.empty();
  const bool all_namespaces = kind->type.namespaced && path->name.empty();
  if (!placed && !all_namespaces) co_return refuse(nothing_there(kinds_, request.segments));
  if (!placed && request.method != "GET") {
    co_return refuse(kind->schema == nullptr ? method_not_allowed() : no_such_page());
  }
  co_return co_await resource(std::move(target), std::move(request), std::move(stop));
}

Task<Answer<ApiAnswer>> ApiServer::resource(ObjectTarget target, ApiRequest request, Stop stop) {
  const bool pods = target.kind->type.group.empty() && target.kind->type.plural == "pods";
  if (target.subresource == "log" && pods && request.method == "GET") {
    co_return pod_log(target, request);
  }
  const bool custom = target.kind->schema != nullptr;
  const bool finalize = target.subresource == "finalize" && target.kind->type.kind == "Namespace";
  const bool status = target.status() && target.kind->has_status;
  if (!target.subresource.empty() && !status && !finalize && !is_scale(target)) {
    co_return refuse(custom ? not_found(target.kind->type, target.key.name) : no_such_path());
  }
  if (request.method != "GET") {
    co_return co_await write(std::move(target), std::move(request), std::move(stop));
  }
  if (!target.key.name.empty()) {
    const bool scale = is_scale(target);
    if (scale) request.accept.clear();  // in one form only
    auto answer = co_await reader_.get(std::move(target), std::move(request), std::move(stop));
    if (answer && scale) answer->body = scale_text(answer->body);
    co_return answer;
  }
  if (request.flag("watch")) {
    co_return co_await reader_.watch(std::move(target), std::move(request), std::move(stop));
  }
  co_return co_await reader_.list(std::move(target), std::move(request), std::move(stop));
}

Task<Answer<ApiAnswer>> ApiServer::write(ObjectTarget target, ApiRequest request, Stop stop) {
  const Answer<Representation> as =
      choose_representation(request.accept, request.parameter("includeObject"));
  if (!as) co_return refuse(as.error());
  if (const Status health = store_.health(); !health) {
    co_return refuse(not_durable(health.error()));
  }
  Answer<Written> written = carry_out(target, request);
  if (!written) co_return refuse(written.error());
  if (const Status durable = co_await store_.durable(store_.version(), stop); !durable) {
    co_return refuse(not_durable(durable.error()));
  }
  ApiAnswer answer{.status = written->status, .warnings = std::move(written->warnings)};
  const bool whole = request.method == "DELETE";  // a Status, a list, or the object as it is
  answer.body = whole ? std::move(written->bytes)
                      : show_object(*target.kind, *as, written->bytes, loop_.wall_now());
  co_return answer;
}

// A verb that the resource does not have; nothing when it has it.
Answer<void> ApiServer::check_verb(const ObjectTarget& target, const std::string& method) {
  const bool one = !target.key.name.empty();
  const bool custom = target.kind->schema != nullptr;
  const bool changes = method == "PUT" || method == "PATCH";
  const bool namespaces = target.kind->type.group.empty() && target.kind->type.kind == "Namespace";
  if (custom && changes && !one) return refuse(bad_request("name must be provided"));
  bool has = changes && one;
  if (target.subresource.empty()) {
    // The name of a new object is the object's to say, wherever it is sent.
    has = has || (method == "POST" && (custom || !one)) ||
          (method == "DELETE" && (one || !namespaces));
  }
  if (has) return {};
  return refuse(custom ? verb_not_supported(target.kind->type, verb_of(method))
                       : method_not_allowed());
}

Answer<Written> ApiServer::carry_out(const ObjectTarget& at, const ApiRequest& request) {
  if (Answer<void> fine = check_verb(at, request.method); !fine) return refuse(fine.error());
  ObjectTarget target = at;
  if (request.method == "POST") target.key.name.clear();
  const bool one = !target.key.name.empty();
  if (request.method == "DELETE") {
    const Answer<RemoveOptions> options = read_remove_options(request);
    if (!options) return refuse(options.error());
    return one ? remover_.remove(target, *options) : remover_.remove_all(target, request, *options);
  }
  const Answer<WriteOptions> options = read_write_options(request);
  if (!options) return refuse(options.error());
  if (is_scale(target)) return carry_out_scale(target, request, *options);
  if (request.method == "PATCH") {
    return writer_.patch(target, request.content_type, request.body, *options);
  }
  const bool create = request.method == "POST";
  Answer<json::object> object = read_object(target, request);
  if (!object) return refuse(object.error());
  return create ? writer_.create(target, *std::move(object), *options)
                : writer_.replace(target, *std::move(object), *options);
}

Answer<Written> ApiServer::carry_out_scale(const ObjectTarget& target, const ApiRequest& request,
                                           const WriteOptions& options) {
  const Stored live = store_.find(stored_name(target.kind->type), target.key);
  if (live == nullptr) return refuse(not_found(target.kind->type, target.key.name));
  json::object workload = read_view(*target.kind, *live);
  const Answer<json::object> scale =
      read_scale(scale_of(workload), request.method, request.content_type, request.body);
  if (!scale) return refuse(scale.error());
  if (Answer<void> fine = check_place(target, *scale); !fine) return refuse(fine.error());
  Answer<json::object> next = with_scale(std::move(workload), *scale);
  if (!next) return refuse(next.error());
  Answer<Written> written = writer_.replace(target, *std::move(next), options);
  if (written) written->bytes = scale_text(written->bytes);
  return written;
}

Answer<ApiAnswer> ApiServer::document(const ApiRequest& request) const {
  Answer<ApiAnswer> found = page(request);
  if (found && request.method != "GET") return refuse(method_not_allowed());
  return found;
}

Answer<ApiAnswer> ApiServer::page(const ApiRequest& request) const {
  if (is_health_path(request.segments)) {
    return ApiAnswer{.content_type = "text/plain; charset=utf-8", .body = "ok"};
  }
  if (request.segments.size() == 1 && request.segments[0] == "version") {
    return ApiAnswer{.body = to_text(version_doc())};
  }
  if (auto doc = discovery_doc(kinds_, request.segments, request.accept)) {
    return ApiAnswer{.content_type = doc->content_type, .body = to_text(doc->body)};
  }
  const auto raw = [this](const Kind& kind) { return raw_schema(kind); };
  if (auto doc = openapi_doc(kinds_, request.segments, raw)) {
    return ApiAnswer{.body = to_text(*doc)};
  }
  return refuse(nothing_there(kinds_, request.segments));
}

Answer<ApiAnswer> ApiServer::review(const std::vector<std::string>& segments,
                                    const ApiRequest& request) const {
  if (request.method != "POST" || segments.size() != 4 || segments[0] != "apis") {
    return refuse(nothing_there(kinds_, segments));
  }
  Result<json::object> body = parse_json_object(request.body);
  if (!body) return refuse(bad_request(body.error().message));
  auto answered = answer_review(segments[1], segments[3], *std::move(body), options_.user);
  if (!answered) return refuse(nothing_there(kinds_, segments));
  return ApiAnswer{.status = 201, .body = to_text(*answered)};
}

Answer<ApiAnswer> ApiServer::pod_log(const ObjectTarget& target, const ApiRequest& request) const {
  const Stored pod = store_.find("pods", target.key);
  if (pod == nullptr) return refuse(not_found(target.kind->type, target.key.name));
  PodLogQuery query{.pod = target.key,
                    .container = std::string(request.parameter("container")),
                    .previous = request.flag("previous")};
  const json::object object = read_view(*target.kind, *pod);
  const json::array* containers = json_array(object, {"spec", "containers"});
  if (query.container.empty() && containers != nullptr && containers->size() == 1) {
    query.container = json_string_or((*containers)[0], {"name"});
  }
  if (request.has("tailLines")) {
    query.tail_lines = whole_number(request.parameter("tailLines"));
    if (!query.tail_lines) return refuse(bad_request("tailLines must be a whole number"));
  }
  std::optional<std::string> log = options_.pod_log ? options_.pod_log(query) : std::nullopt;
  if (!log) {
    return refuse(bad_request(fmt::format("container \"{}\" in pod \"{}\" has no log here",
                                          query.container, target.key.name)));
  }
  return ApiAnswer{.content_type = "text/plain",
                   .body = tail_of(*std::move(log), query.tail_lines)};
}

std::optional<json::object> ApiServer::raw_schema(const Kind& kind) const {
  const Stored crd =
      store_.find(std::string(kDefinitions), {"", kind.type.plural + "." + kind.type.group});
  if (kind.schema == nullptr || crd == nullptr) return std::nullopt;
  const Result<json::object> object = parse_json_object(crd->bytes);
  HOLMES_ASSERT(object.has_value());
  const json::array* versions = json_array(*object, {"spec", "versions"});
  if (versions == nullptr) return std::nullopt;
  for (const json::value& version : *versions) {
    if (json_string(version, {"name"}) != kind.type.version) continue;
    const json::object* schema = json_object(version, {"schema", "openAPIV3Schema"});
    if (schema != nullptr) return *schema;
  }
  return std::nullopt;
}

void ApiServer::make_namespaces() {
  const KindPtr kind = kinds_.find("", "v1", "namespaces");
  for (const std::string_view name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
    if (store_.find("namespaces", {"", std::string(name)}) != nullptr) continue;
    json::object object{{"metadata", json::object{{"name", name}}}};
    const Answer<Written> made =
        writer_.create({.kind = kind, .key = {}}, std::move(object), {.manager = "kube-apiserver"});
    HOLMES_ASSERT(made.has_value());
  }
}

void ApiServer::serve_definitions() {
  const Status visited = store_.visit(std::string(kDefinitions), "", std::nullopt, std::nullopt,
                                      [this](const Stored& stored) {
                                        writer_.serve_definition(*stored);
                                        return true;
                                      });
  HOLMES_ASSERT(visited.has_value());
}

}  // namespace holmes::kube
