// The store as the demo's stand-ins for controllers see it: whole objects, read and written within
// one turn of the loop, by the API server's rules. One loop's thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "kube/store/api_server.h"

namespace holmes {

inline constexpr size_t kMaxDemoEvents = 500;  // the oldest go

enum class DemoEventType { kNormal, kWarning };

class DemoObjects {
 public:
  // Both outlive it.
  DemoObjects(kube::ObjectStore& store, kube::ApiServer& server) : store_(store), server_(server) {}

  // What time it is for whoever writes: objects are created and events happen now. It may be a time
  // before the clock's, when the demo plays what happened until its start.
  void set_now(WallTime now) { now_ = now; }
  [[nodiscard]] WallTime now() const { return now_; }
  [[nodiscard]] std::string now_text() const { return format_rfc3339(now_); }

  // `resource` is a name as in the store: "pods", "deployments.apps". Without those that are being
  // deleted, and without managedFields.
  [[nodiscard]] std::vector<json::object> list(const std::string& resource,
                                               const std::string& ns = "") const;
  // Those whose controller has this UID.
  [[nodiscard]] std::vector<json::object> controlled_by(const std::string& resource,
                                                        const std::string& uid) const;
  [[nodiscard]] size_t count(const std::string& resource) const;
  [[nodiscard]] bool exists(const std::string& resource, const kube::ObjectKey& key) const;

  // Nothing happens when the API refuses, for example because the namespace is being deleted: the
  // next round sees what there is. `as` is the field manager.
  bool create(const std::string& resource, json::object object, std::string_view as);
  void write(const std::string& resource, const json::object& object, std::string_view as);
  void write_status(const std::string& resource, const json::object& object, std::string_view as);
  void remove(const std::string& resource, const json::object& object);

  // The same again within a few seconds is not counted.
  void event(const json::object& about, DemoEventType type, std::string_view reason,
             const std::string& message, std::string_view component);
  // Keeps kMaxDemoEvents events of the demo's own.
  void drop_old_events();

 private:
  void replace(const std::string& resource, const json::object& object, std::string_view as,
               std::string subresource);
  void date_back(const std::string& resource, const std::string& ns, const std::string& bytes);

  kube::ObjectStore& store_;
  kube::ApiServer& server_;
  WallTime now_{};
};

// The array at a path; an empty one when there is none.
const json::array& demo_array(const json::value& object, JsonPath path);
const json::array& demo_array(const json::object& object, JsonPath path);

// Members of an object; "" when absent.
std::string demo_name(const json::object& object);
std::string demo_namespace(const json::object& object);
std::string demo_uid(const json::object& object);

// An ownerReference to a controller.
json::array demo_owner(const json::object& controller);

// Sets a condition in status.conditions; its transition time stays when its status does.
void set_demo_condition(json::object& object, std::string_view type, bool is_true,
                        std::string_view reason, const std::string& message, WallTime now);
bool has_demo_condition(const json::object& object, std::string_view type);

// Whether these labels have all of a matchLabels.
bool demo_selects(const json::object* match_labels, const json::object& object);

}  // namespace holmes
