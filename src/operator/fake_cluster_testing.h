// A small Kubernetes API for both kinds and events, for tests. As the real one: versions,
// conflicts, generations, the status subresource, patches, preconditions, and for each kind a watch
// that begins at a version. Names are unique over all namespaces. Faults are the caller's to
// inject.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/scheduled_healthcheck.h"
#include "async/wait.h"
#include "kube/client/transport.h"

namespace holmes {

// Of the state that counts: events only tell of it.
bool is_write(const kube::Request& request);
bool is_create(const kube::Request& request);

class FakeCluster final : public kube::Transport {
 public:
  explicit FakeCluster(Loop& loop);

  // What a user applies: a status that is there stays. A uid and a time that lack are filled in.
  void put(const HealthCheck& check);
  void put(const ScheduledHealthCheck& schedule);
  // Any change by hand, also of a status, also to what no type can hold.
  void edit_check(const std::string& name, const std::function<void(json::object&)>& change);
  void edit_schedule(const std::string& name, const std::function<void(json::object&)>& change);
  void remove(const std::string& name);  // a check
  void remove_schedule(const std::string& name);
  // Deletes the checks whose schedule is gone.
  void collect_garbage();
  // The object is there, but lists and watches do not show it: a cache that is behind. show() tells
  // of it as a change.
  void hide(const std::string& name) { hidden_.insert(name); }
  void show(const std::string& name);

  // As etcd after a restore: the objects are those of this earlier version, and all watches break.
  void restore(int version);

  HealthCheck at(const std::string& name) const;
  bool has(const std::string& name) const { return checks_.objects.contains(name); }
  ScheduledHealthCheck schedule(const std::string& name) const;
  std::vector<HealthCheck> checks() const;

  // Called before a request (and a watch that begins with all objects) is served; an Error is the
  // answer instead. `after` is called when it was served: an Error hides the answer (committed, but
  // the caller cannot know).
  std::function<Status(const kube::Request&)> before;
  std::function<Status(const kube::Request&)> after;
  // Each change as a watch tells it, before and after it; the object before is empty for a new one.
  std::function<void(std::string_view event, const json::object& before, const json::object& now)>
      changed;
  // How long a request takes.
  std::chrono::milliseconds latency{0};
  // From now on no request is answered: whoever sends is as good as dead.
  bool silent = false;

  std::vector<std::string> event_reasons;
  std::vector<std::string> requests;  // served, but for watches: "create healthchecks a"
  int status_writes = 0;
  int writes = 0;

  Task<Result<kube::Response>> send(kube::Request request, Stop stop) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request request, Stop stop) override;

 private:
  struct Resource {
    std::string plural;
    std::map<std::string, json::object> objects;
    std::vector<std::pair<int, std::string>> changes;  // all there were
  };
  class Watch;

  Resource& resource_of(const kube::Request& request);
  void apply(Resource& resource, const kube::ObjectMeta& meta, json::object object);
  void edit(Resource& resource, const std::string& name,
            const std::function<void(json::object&)>& change);
  Result<kube::Response> serve(const kube::Request& request);
  Result<kube::Response> list(const Resource& resource) const;
  std::string initial_events(const Resource& resource) const;
  Result<kube::Response> create(Resource& resource, const kube::Request& request, std::string ns);
  Result<kube::Response> update_status(Resource& resource, const std::string& name,
                                       const kube::Request& request);
  Result<kube::Response> patch(Resource& resource, const std::string& name,
                               const kube::Request& request);
  Result<kube::Response> remove(Resource& resource, const std::string& name,
                                const kube::Request& request);
  void fill_in(json::object& object);
  // A change that changes nothing has no version of its own.
  void store(Resource& resource, const std::string& name, json::object object);
  void erase(Resource& resource, const std::string& name);
  void tell(Resource& resource, std::string_view event, const json::object& before,
            const json::object& now);

  Loop& loop_;
  int version_ = 100;
  int restores_ = 0;
  int uids_ = 0;
  Resource checks_;
  Resource schedules_;
  std::set<std::string> hidden_;
  WaitList news_;
  WaitList nothing_;  // for whoever waits for a silent cluster
};

}  // namespace holmes
