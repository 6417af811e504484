// ListWatch: keeps somebody informed of all objects of one kind in one scope, for ever.
//
// Drives a ListWatchMachine over a Transport. All on the loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/random.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/json.h"
#include "base/log.h"
#include "kube/client/transport.h"
#include "kube/core/request.h"
#include "kube/core/watch_event.h"
#include "kube/runtime/list_watch_machine.h"
#include "kube/runtime/runtime_metrics.h"

namespace holmes::kube {

// An asked-for watch ends after this time, on the server's side, less a random part of up to a
// fifth, so that the watches of many clients do not begin anew together.
inline constexpr std::chrono::seconds kWatchTimeout{290};
// A stream that is still open this long after its end was due is dead: a new one is opened.
inline constexpr std::chrono::seconds kWatchMargin{10};
inline constexpr std::chrono::seconds kListTimeout{60};
inline constexpr std::chrono::seconds kOpenTimeout{30};  // until the stream's headers are there
// The objects with which a watch begins come one after another: when nothing comes for this long
// before the bookmark that ends them, the API server does not know of such a bookmark.
inline constexpr std::chrono::seconds kInitialEventsSilence{30};

// So many objects are read after the API server was away, until one tells whether its history is
// the one that was seen.
inline constexpr size_t kMaxWitnesses = 3;

// An object as it was seen. The newest ones are witnesses: another history does not have them in
// the same version.
struct Witness {
  ObjectKey key;
  std::string uid;
  std::string resource_version;
};

// Receives what the API server says. Called on the loop's thread; must not wait.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  // A list begins (again). Items follow by list_item() as they come; when they come as events of a
  // stream, an item may come again as it changes, and go by object_deleted().
  virtual void list_began() = 0;
  virtual void list_item(const json::object& object) = 0;
  // The list was complete: what was not listed since list_began() does not exist at `version`.
  virtual void list_completed(const std::string& version) = 0;
  virtual void object_changed(const json::object& object) = 0;  // added or modified
  // Whether object_changed() would bring nothing new: it is not called then.
  [[nodiscard]] virtual bool knows(const ObjectGlance::Seen& object) const = 0;
  virtual void object_deleted(const json::object& object) = 0;
  // Everything up to this version has been told.
  virtual void version_reached(const std::string& version) = 0;
  // The kind itself is gone and its objects with it.
  virtual void all_gone() = 0;
  // Up to `most` of the objects that were told, the newest first. Not own writes that lie beyond
  // what was told: they may have been made in another history.
  virtual std::vector<Witness> newest(size_t most) = 0;
};

struct ListWatchOptions {
  std::string ns{};  // "" for all namespaces
  std::string label_selector{};
  std::string field_selector{};
};

class ListWatch {
 public:
  // Everything handed in outlives the ListWatch.
  ListWatch(Loop& loop, Random& random, Transport& transport, Logger logger,
            RuntimeMetrics& metrics, ResourceType type, ObjectSink& sink,
            ListWatchOptions options = {});

  // Ends only when stopped. Call it once.
  Task<> run(Stop stop);

  [[nodiscard]] const ListWatchMachine& machine() const { return machine_; }
  // Lists from the beginning as soon as possible; an open watch is given up.
  void list_again();
  // Called when the API server turned out to be behind what was seen of it: restored from a backup.
  void on_went_back(std::function<void()> callback) { went_back_ = std::move(callback); }
  // Logs it and calls that.
  void tell_history_went_back(const std::string& version) const;
  // An own write made this version, which the sink knows: lists are not older from now on.
  void wrote(const std::string& version) { machine_.wrote(version); }

 private:
  Task<Result<Response>> send_list(ListOptions options, Stop stop);
  Task<> do_list(ListStep step, Stop stop);
  Task<> ask(Stop stop);
  Task<Result<bool>> knows_what_was_seen(Stop stop);
  Task<Result<std::string>> read_version(Witness witness, Stop stop);
  void asking_failed(const Error& error);
  Task<> do_watch(WatchOptions options, Stop stop);
  void list_begins();
  Task<WatchEnd> read_watch(WatchOptions options, Stop stop);
  Task<Result<std::unique_ptr<HttpStream>>> open_watch(Request request, Stop stop);
  Task<> read_stream(HttpStream& stream, WatchEnd& end, Stop stop);
  bool take_events(WatchDecoder& decoder, WatchEnd& end);
  Status take_page(std::string body);
  // False when the stream must be given up; an ERROR event is then in end.error.
  bool take_event(const WatchEvent& event, WatchEnd& end);
  bool take_initial(const WatchEvent& event, WatchEnd& end);
  bool take_change(const WatchEvent& event);
  bool readable(const WatchEvent& event);
  bool expected_kind(const json::object& object);
  void skip_event(const char* reason, LogFields fields);
  void note_failure(const char* what, const Error& error);
  void note_success();

  Loop& loop_;
  Random& random_;
  Transport& transport_;
  Logger logger_;
  RuntimeMetrics& metrics_;
  ResourceType type_;
  std::string resource_;  // "healthchecks.holmesgpt.dev"
  ObjectSink& sink_;
  ListWatchOptions options_;
  ListWatchMachine machine_;
  StopSource* open_watch_ = nullptr;  // while a stream is read
  std::string last_failure_;          // logged already; "" when all is well
  bool list_again_ = false;
  std::function<void()> went_back_;
};

// "plural.group" ("pods" for the core group), as CustomResourceDefinitions are named.
std::string resource_name(const ResourceType& type);

}  // namespace holmes::kube
