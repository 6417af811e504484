// A small Kubernetes API for HealthChecks and events, for tests: versions, conflicts, the status
// subresource, JSON patch of the re-run annotation and one watch. Faults are injected by the
// caller.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/healthcheck.h"
#include "async/wait.h"
#include "base/strings.h"
#include "kube/client/transport.h"

namespace holmes {

class FakeCluster final : public kube::Transport {
 public:
  explicit FakeCluster(Loop& loop) : news_(loop) {}

  // What a user does.
  void put(HealthCheck check) {
    json::object object = status_update(check);
    object["spec"] = to_json(check.spec);
    json::object& meta = object["metadata"].get_object();
    meta["generation"] = check.meta.generation;
    meta["creationTimestamp"] = format_rfc3339(check.meta.creation_timestamp);
    if (!check.meta.annotations.empty()) {
      for (const auto& [name, value] : check.meta.annotations) {
        meta["annotations"].is_object() ? void() : void(meta["annotations"].emplace_object());
        meta["annotations"].get_object()[name] = value;
      }
    }
    const bool known = objects_.contains(check.meta.name);
    if (known) object["status"] = objects_[check.meta.name]["status"];
    store(check.meta.name, std::move(object), known ? "MODIFIED" : "ADDED");
  }
  void remove(const std::string& name) {
    tell("DELETED", objects_.at(name));
    objects_.erase(name);
  }
  HealthCheck at(const std::string& name) const {
    return HealthCheck::from_json(objects_.at(name)).value();
  }
  bool has(const std::string& name) const { return objects_.contains(name); }

  // Called before a request is served; an Error is the answer instead. `after` is called when it
  // was served: an Error hides the answer (committed, but the caller cannot know).
  std::function<Status(const kube::Request&)> before;
  std::function<Status(const kube::Request&)> after;
  std::vector<std::string> event_reasons;
  int status_writes = 0;

  Task<Result<kube::Response>> send(kube::Request request, Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("send"));
    if (before) HOLMES_CO_CHECK(before(request));
    Result<kube::Response> response = serve(request);
    if (after) HOLMES_CO_CHECK(after(request));
    co_return response;
  }

  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request, Stop) override {
    co_return std::make_unique<Watch>(*this);
  }

 private:
  class Watch final : public HttpStream {
   public:
    explicit Watch(FakeCluster& cluster) : cluster_(cluster) {}
    [[nodiscard]] int status() const override { return 200; }
    [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
    Task<Result<std::optional<std::string>>> read(Stop stop) override {
      while (cluster_.watch_.empty()) {
        if (!co_await cluster_.news_.park(stop)) co_return fail(stop.error("read"));
      }
      std::optional<std::string> line = std::move(cluster_.watch_.front());
      cluster_.watch_.pop_front();
      co_return line;
    }

   private:
    FakeCluster& cluster_;
    HttpHeaders headers_;
  };

  Result<kube::Response> serve(const kube::Request& request) {
    const std::vector<std::string_view> parts = split(request.path, '/');
    if (request.path.find("events.k8s.io") != std::string::npos) {
      const json::object event = parse_json_object(request.body).value();
      event_reasons.push_back(json_string_or(event, {"reason"}));
      return kube::Response{201, request.body};
    }
    if (request.verb == kube::Verb::kList) return list();
    // /apis/GROUP/VERSION/namespaces/NS/healthchecks/NAME[/status]
    const std::string name(parts.at(7));
    const auto found = objects_.find(name);
    if (found == objects_.end()) return fail(ErrorCode::kNotFound, name + " not found");
    json::object object = found->second;
    if (request.verb == kube::Verb::kGet) return kube::Response{200, to_text(object)};
    if (request.verb == kube::Verb::kDelete) {
      remove(name);
      return kube::Response{200, "{}"};
    }
    if (request.verb == kube::Verb::kPatch) {
      object["metadata"].get_object().erase("annotations");
    } else {
      const json::object body = parse_json_object(request.body).value();
      if (json_string(body, {"metadata", "resourceVersion"}) !=
          json_string(object, {"metadata", "resourceVersion"})) {
        return fail(ErrorCode::kConflict, name + " was changed");
      }
      object["status"] = body.at("status");
      ++status_writes;
    }
    store(name, std::move(object), "MODIFIED");
    return kube::Response{200, to_text(objects_.at(name))};
  }

  Result<kube::Response> list() {
    json::object answer{{"metadata", {{"resourceVersion", std::to_string(version_)}}}};
    json::array& items = answer["items"].emplace_array();
    for (const auto& [name, object] : objects_) items.push_back(object);
    watch_.clear();
    return kube::Response{200, to_text(answer)};
  }

  void store(const std::string& name, json::object object, std::string_view event) {
    object["metadata"].get_object()["resourceVersion"] = std::to_string(++version_);
    tell(event, object);
    objects_[name] = std::move(object);
  }

  void tell(std::string_view event, const json::object& object) {
    watch_.push_back(to_text(json::object{{"type", event}, {"object", object}}) + "\n");
    news_.release_all();
  }

  int version_ = 100;
  std::map<std::string, json::object> objects_;
  std::deque<std::string> watch_;
  WaitList news_;
};

}  // namespace holmes
