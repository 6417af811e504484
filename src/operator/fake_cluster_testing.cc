#include "operator/fake_cluster_testing.h"

#include <charconv>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kModified = "MODIFIED";
constexpr std::chrono::minutes kBookmarkInterval{1};  // of a quiet watch, as the API server

std::string text_of(const json::object& object, JsonPath path) {
  return json_string_or(object, path);
}

json::object& meta_of(json::object& object) {
  json::value& meta = object["metadata"];
  return meta.is_object() ? meta.get_object() : meta.emplace_object();
}

// RFC 7396.
void merge(json::object& object, const json::object& patch) {
  for (const auto& [name, value] : patch) {
    if (value.is_null()) {
      object.erase(name);
    } else if (value.is_object()) {
      json::value& old = object[name];
      if (!old.is_object()) old.emplace_object();
      merge(old.get_object(), value.get_object());
    } else {
      object[name] = value;
    }
  }
}

// Of RFC 6902 what is used: tests and removals.
Status apply_operation(json::object& object, const json::object& operation) {
  std::vector<std::string> names;
  const std::string path = text_of(operation, {"path"});
  for (const std::string_view part : split(std::string_view(path).substr(1), '/')) {
    std::string& name = names.emplace_back(part);
    if (const size_t at = name.find("~1"); at != std::string::npos) name.replace(at, 2, "/");
  }
  json::object* parent = &object;
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    json::value* child = parent->if_contains(names[i]);
    if (child == nullptr || !child->is_object()) {
      return fail(ErrorCode::kInvalid, path + " is not there");
    }
    parent = &child->get_object();
  }
  const json::value* value = parent->if_contains(names.back());
  if (value == nullptr) return fail(ErrorCode::kInvalid, path + " is not there");
  if (text_of(operation, {"op"}) == "remove") {
    parent->erase(names.back());
  } else if (*value != operation.at("value")) {
    return fail(ErrorCode::kInvalid, path + " has another value");
  }
  return {};
}

// An object is what a client asks it to be only if it is the one the client knows.
Status check_identity(const json::object& object, const json::object& asked) {
  for (const std::string_view field : {"uid", "resourceVersion"}) {
    const auto wanted = json_string(asked, {field});
    if (wanted && *wanted != json_string(object, {"metadata", field})) {
      return fail(ErrorCode::kConflict, fmt::format("{} is not {}", field, *wanted));
    }
  }
  return {};
}

std::string bookmark(json::object metadata) {
  json::object object;
  object.emplace("metadata", std::move(metadata));
  return to_text(json::object{{"type", "BOOKMARK"}, {"object", std::move(object)}}) + "\n";
}

}  // namespace

bool is_write(const kube::Request& request) {
  const bool reads = request.verb == kube::Verb::kGet || request.verb == kube::Verb::kList ||
                     request.verb == kube::Verb::kWatch;
  return !reads && request.path.find("events.k8s.io") == std::string::npos;
}

bool is_create(const kube::Request& request) {
  return request.verb == kube::Verb::kCreate && is_write(request);
}

class FakeCluster::Watch final : public HttpStream {
 public:
  // `first`: what comes before the changes after this version.
  Watch(FakeCluster& cluster, const Resource& resource, int version, std::string first)
      : cluster_(cluster),
        resource_(resource),
        first_(std::move(first)),
        restores_(cluster.restores_) {
    while (next_ < resource.changes.size() && resource.changes[next_].first <= version) ++next_;
  }
  [[nodiscard]] int status() const override { return 200; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    if (!first_.empty()) co_return std::exchange(first_, {});
    const StopSource quiet(stop, cluster_.loop_, cluster_.loop_.mono_now() + kBookmarkInterval);
    while (restores_ != cluster_.restores_ || next_ == resource_.changes.size()) {
      if (restores_ != cluster_.restores_) co_return fail(ErrorCode::kUnavailable, "reset");
      if (co_await cluster_.news_.park(quiet.stop())) continue;
      if (stop.requested()) co_return fail(stop.error("read"));
      co_return bookmark({{"resourceVersion", std::to_string(cluster_.version_)}});
    }
    co_return resource_.changes[next_++].second;
  }

 private:
  FakeCluster& cluster_;
  const Resource& resource_;
  std::string first_;
  const int restores_;
  size_t next_ = 0;
  HttpHeaders headers_;
};

FakeCluster::FakeCluster(Loop& loop) : loop_(loop), news_(loop), nothing_(loop) {
  checks_.plural = HealthCheck::resource().plural;
  schedules_.plural = ScheduledHealthCheck::resource().plural;
}

void FakeCluster::put(const HealthCheck& check) {
  json::object object = parse_json_object(status_update(check)).value();
  object["spec"] = to_json(check.spec);
  apply(checks_, check.meta, std::move(object));
}

void FakeCluster::put(const ScheduledHealthCheck& schedule) {
  json::object object = parse_json_object(status_update(schedule)).value();
  object["spec"] = to_json(schedule.spec);
  apply(schedules_, schedule.meta, std::move(object));
}

void FakeCluster::restore(int version) {
  version_ = version;
  ++restores_;
  for (Resource* resource : {&checks_, &schedules_}) {
    resource->changes.clear();
    for (auto& [name, object] : resource->objects) {
      meta_of(object)["resourceVersion"] = std::to_string(version);
    }
  }
  news_.release_all();
}

void FakeCluster::apply(Resource& resource, const kube::ObjectMeta& meta, json::object object) {
  object["metadata"] = meta.to_json();
  if (meta.creation_timestamp != WallTime{}) {
    meta_of(object)["creationTimestamp"] = format_rfc3339(meta.creation_timestamp);
  }
  if (const auto old = resource.objects.find(meta.name); old != resource.objects.end()) {
    object["status"] = old->second["status"];
    for (const std::string_view kept : {"uid", "creationTimestamp", "generation"}) {
      meta_of(object)[kept] = meta_of(old->second)[kept];
    }
  }
  fill_in(object);
  store(resource, meta.name, std::move(object));
}

void FakeCluster::edit_check(const std::string& name,
                             const std::function<void(json::object&)>& change) {
  edit(checks_, name, change);
}
void FakeCluster::edit_schedule(const std::string& name,
                                const std::function<void(json::object&)>& change) {
  edit(schedules_, name, change);
}
void FakeCluster::edit(Resource& resource, const std::string& name,
                       const std::function<void(json::object&)>& change) {
  json::object object = resource.objects.at(name);
  change(object);
  store(resource, name, std::move(object));
}

void FakeCluster::remove(const std::string& name) {
  erase(checks_, name);
}
void FakeCluster::remove_schedule(const std::string& name) {
  erase(schedules_, name);
}

void FakeCluster::collect_garbage() {
  std::set<std::string> living;
  for (const auto& [name, object] : schedules_.objects) {
    living.insert(text_of(object, {"metadata", "uid"}));
  }
  for (const HealthCheck& check : checks()) {
    const auto& owners = check.meta.owner_references;
    if (!owners.empty() && !living.contains(owners.front().uid)) erase(checks_, check.meta.name);
  }
}

void FakeCluster::show(const std::string& name) {
  hidden_.erase(name);
  edit(has(name) ? checks_ : schedules_, name,
       [](json::object& object) { meta_of(object)["labels"] = {{"shown", "true"}}; });
}

HealthCheck FakeCluster::at(const std::string& name) const {
  return HealthCheck::from_json(checks_.objects.at(name)).value();
}
ScheduledHealthCheck FakeCluster::schedule(const std::string& name) const {
  return ScheduledHealthCheck::from_json(schedules_.objects.at(name)).value();
}
std::vector<HealthCheck> FakeCluster::checks() const {
  std::vector<HealthCheck> all;
  for (const auto& [name, object] : checks_.objects) all.push_back(at(name));
  return all;
}

Task<Result<kube::Response>> FakeCluster::send(kube::Request request, Stop stop) {
  if (stop.requested()) co_return fail(stop.error("send"));
  if (latency.count() > 0) HOLMES_CO_CHECK(co_await sleep_for(loop_, latency / 2, stop));
  if (silent) static_cast<void>(co_await nothing_.park(stop));
  if (stop.requested()) co_return fail(stop.error("send"));
  if (before) HOLMES_CO_CHECK(before(request));
  Result<kube::Response> response = serve(request);
  if (response && is_write(request)) ++writes;
  if (after) HOLMES_CO_CHECK(after(request));
  if (silent) static_cast<void>(co_await nothing_.park(stop));
  if (latency.count() > 0) HOLMES_CO_CHECK(co_await sleep_for(loop_, latency / 2, stop));
  if (stop.requested()) co_return fail(stop.error("send"));
  co_return response;
}

Task<Result<std::unique_ptr<HttpStream>>> FakeCluster::open(kube::Request request, Stop stop) {
  if (latency.count() > 0) HOLMES_CO_CHECK(co_await sleep_for(loop_, latency, stop));
  int version = 0;
  std::string first;
  const Resource& resource = resource_of(request);
  for (const auto& [name, value] : request.query) {
    if (name == "resourceVersion") {
      std::from_chars(value.data(), value.data() + value.size(), version);
    } else if (name == "sendInitialEvents") {  // a list, for who injects faults
      if (before) HOLMES_CO_CHECK(before(request));
      first = initial_events(resource);
    }
  }
  if (!first.empty()) version = version_;
  co_return std::make_unique<Watch>(*this, resource, version, std::move(first));
}

// All objects and the bookmark behind them (KEP-3157).
std::string FakeCluster::initial_events(const Resource& resource) const {
  std::string events;
  for (const auto& [name, object] : resource.objects) {
    if (hidden_.contains(name)) continue;
    events += to_text(json::object{{"type", "ADDED"}, {"object", object}}) + "\n";
  }
  return events + bookmark({{"resourceVersion", std::to_string(version_)},
                            {"annotations", {{"k8s.io/initial-events-end", "true"}}}});
}

FakeCluster::Resource& FakeCluster::resource_of(const kube::Request& request) {
  const bool schedules = request.path.find("/" + schedules_.plural) != std::string::npos;
  return schedules ? schedules_ : checks_;
}

Result<kube::Response> FakeCluster::serve(const kube::Request& request) {
  const auto served = [&](std::string_view what) {
    requests.push_back(fmt::format("{} {}", kube::to_string(request.verb), what));
  };
  if (request.path.find("events.k8s.io") != std::string::npos) {
    const json::object event = parse_json_object(request.body).value();
    // A patch only counts it again.
    if (request.verb == kube::Verb::kCreate) event_reasons.push_back(text_of(event, {"reason"}));
    served("events");
    return kube::Response{201, request.body};
  }
  Resource& resource = resource_of(request);
  if (request.verb == kube::Verb::kList) return list(resource);
  // /apis/GROUP/VERSION/namespaces/NS/PLURAL[/NAME[/status]]
  const std::vector<std::string_view> parts = split(request.path, '/');
  if (request.verb == kube::Verb::kCreate) {
    served(fmt::format("{} {}", resource.plural,
                       text_of(parse_json_object(request.body).value(), {"metadata", "name"})));
    return create(resource, request, std::string(parts.at(5)));
  }
  const std::string name(parts.at(7));
  served(fmt::format("{} {}", resource.plural, name));
  if (!resource.objects.contains(name)) return fail(ErrorCode::kNotFound, name + " not found");
  switch (request.verb) {
    case kube::Verb::kGet:
      return kube::Response{200, to_text(resource.objects.at(name))};
    case kube::Verb::kDelete:
      return remove(resource, name, request);
    case kube::Verb::kPatch:
      return patch(resource, name, request);
    default:
      HOLMES_ASSERT(parts.size() == 9 && parts[8] == "status");  // nothing else is ever replaced
      return update_status(resource, name, request);
  }
}

Result<kube::Response> FakeCluster::list(const Resource& resource) const {
  json::object answer{{"metadata", {{"resourceVersion", std::to_string(version_)}}}};
  json::array& items = answer["items"].emplace_array();
  for (const auto& [name, object] : resource.objects) {
    if (!hidden_.contains(name)) items.push_back(object);
  }
  return kube::Response{200, to_text(answer)};
}

Result<kube::Response> FakeCluster::create(Resource& resource, const kube::Request& request,
                                           std::string ns) {
  json::object object = parse_json_object(request.body).value();
  const std::string name = text_of(object, {"metadata", "name"});
  if (resource.objects.contains(name)) {
    return fail(ErrorCode::kAlreadyExists, resource.plural + " \"" + name + "\" already exists");
  }
  object.erase("status");
  meta_of(object)["namespace"] = ns;
  fill_in(object);
  store(resource, name, std::move(object));
  return kube::Response{201, to_text(resource.objects.at(name))};
}

// Nothing but the status of the body counts.
Result<kube::Response> FakeCluster::update_status(Resource& resource, const std::string& name,
                                                  const kube::Request& request) {
  json::object object = resource.objects.at(name);
  const json::object body = parse_json_object(request.body).value();
  HOLMES_CHECK(check_identity(object, body.at("metadata").get_object()));
  object["status"] = body.at("status");
  ++status_writes;
  store(resource, name, std::move(object));
  return kube::Response{200, to_text(resource.objects.at(name))};
}

Result<kube::Response> FakeCluster::patch(Resource& resource, const std::string& name,
                                          const kube::Request& request) {
  json::object object = resource.objects.at(name);
  const json::value change = parse_json(request.body).value();
  if (request.content_type == "application/json-patch+json") {
    for (const json::value& operation : change.get_array()) {
      HOLMES_CHECK(apply_operation(object, operation.get_object()));
    }
  } else {
    if (const json::object* meta = json_object(change, {"metadata"})) {
      const Status same = check_identity(object, *meta);
      // As custom resources have it: a uid is immutable rather than a precondition.
      if (!same && meta->contains("uid")) return fail(ErrorCode::kInvalid, same.error().message);
      HOLMES_CHECK(same);
    }
    merge(object, change.get_object());
    object["status"] = resource.objects.at(name)["status"];
  }
  store(resource, name, std::move(object));
  return kube::Response{200, to_text(resource.objects.at(name))};
}

Result<kube::Response> FakeCluster::remove(Resource& resource, const std::string& name,
                                           const kube::Request& request) {
  if (!request.body.empty()) {
    const json::object body = parse_json_object(request.body).value();
    if (const json::object* preconditions = json_object(body, {"preconditions"})) {
      HOLMES_CHECK(check_identity(resource.objects.at(name), *preconditions));
    }
  }
  erase(resource, name);
  return kube::Response{200, "{}"};
}

void FakeCluster::fill_in(json::object& object) {
  json::object& meta = meta_of(object);
  if (!meta.contains("uid")) meta["uid"] = fmt::format("uid-{}", ++uids_);
  if (!meta.contains("creationTimestamp")) {
    meta["creationTimestamp"] = format_rfc3339(loop_.wall_now());
  }
  if (!meta.contains("generation")) meta["generation"] = 1;
}

void FakeCluster::store(Resource& resource, const std::string& name, json::object object) {
  json::object before;
  if (const auto old = resource.objects.find(name); old != resource.objects.end()) {
    before = old->second;
  }
  json::object& meta = meta_of(object);
  if (!before.empty()) {
    meta["resourceVersion"] = before["metadata"].get_object()["resourceVersion"];
    if (object == before) return;
    if (object["spec"] != before["spec"]) {
      meta["generation"] = json_int(before, {"metadata", "generation"}).value() + 1;
    }
  }
  meta["resourceVersion"] = std::to_string(++version_);
  resource.objects[name] = object;
  tell(resource, before.empty() ? "ADDED" : kModified, before, object);
}

void FakeCluster::erase(Resource& resource, const std::string& name) {
  json::object object = resource.objects.at(name);
  resource.objects.erase(name);
  meta_of(object)["resourceVersion"] = std::to_string(++version_);
  tell(resource, "DELETED", object, object);
}

void FakeCluster::tell(Resource& resource, std::string_view event, const json::object& before,
                       const json::object& now) {
  if (changed) changed(event, before, now);
  if (hidden_.contains(text_of(now, {"metadata", "name"}))) return;
  resource.changes.emplace_back(version_,
                                to_text(json::object{{"type", event}, {"object", now}}) + "\n");
  news_.release_all();
}

}  // namespace holmes
