// What a list-watch does next, as a state machine without IO, clock or coroutine.
//
// The driver (list_watch.h) asks next(), does it, and tells what came of it. Rules are those of
// client-go's reflector (tools/cache/reflector.go) and of KEP-3157 (a watch that begins with all
// objects), with two differences. A view never goes back in time: the first list is of the most
// recent version, a later one not older than anything that is known, own writes too. And a watch
// that is closed regularly is simply gone on with, as API servers close those of slow clients under
// load; after one that broke, the driver first makes sure that it is still the same history.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "async/random.h"
#include "base/error.h"
#include "base/time.h"

namespace holmes::kube {

enum class ListWatchState {
  kStreaming,     // reads a watch that begins with all objects
  kListing,       // asks for the first or the next page of the list
  kListingWhole,  // asks for everything in one answer, as a continue token expired
  kWatching,      // reads changes from the last version on
  kAsking,        // the API server was away: asks whether its history is still the same
  kBackingOff,    // waits after a failure, then goes on with what failed
  kMissingType,   // the API server does not know the resource: waits, then lists
};
std::string_view to_string(ListWatchState state);

inline constexpr int64_t kListPageItems = 500;
// A stream that ended earlier and brought nothing is an error: guards against a hot loop.
inline constexpr std::chrono::seconds kShortWatch{1};
// So many versions may be gone, each within kCalm of the one before, until a list is waited for.
inline constexpr unsigned kMaxGoneWatches = 3;
// After so many failures in a row a page, or a watch from one version, is not asked for again: the
// list begins anew. Its token may never work again, and the next event may be one that the API
// server cannot send. Refusals do not count.
inline constexpr unsigned kMaxSameFailures = 3;
// A stream of all objects may fall silent so often before it is believed that the API server does
// not know how to end it.
inline constexpr unsigned kMaxSilentStreams = 2;
// This long without a failure, and the back-off begins anew.
inline constexpr std::chrono::minutes kCalm{2};
// A stream that says nothing for this long, not even a bookmark (API servers send one a minute), is
// dead, or hangs on a version that the server will not reach (restored from a backup): it is given
// up, and when it had brought nothing at all the next step lists.
inline constexpr std::chrono::seconds kSilentWatch{90};
// Objects are believed to be gone when this many lists in a row said that the type is unknown.
inline constexpr unsigned kMissingListsUntilGone = 2;
inline constexpr std::chrono::seconds kMaxRetryAfter{60};

struct ListStep {
  std::string not_older_than;  // this version; "": the most recent one, and for further pages
  std::string continue_token;  // "" for the first page
  int64_t limit = 0;           // 0: everything
};
// All objects of a version not older than this one, or of the most recent one, as events; then a
// bookmark that says so, and changes.
struct StreamStep {
  std::string not_older_than;
};
struct WatchStep {
  std::string resource_version;
};
// The smallest list there is, of the most recent version. An API server that was restored from a
// backup may be behind, and a watch from a version that it has not reached says nothing.
struct AskStep {};
struct WaitStep {
  std::chrono::nanoseconds delay{};
};
using ListWatchStep = std::variant<StreamStep, ListStep, WatchStep, AskStep, WaitStep>;

// How a watch ended.
struct WatchEnd {
  // Why it could not be opened, or the ERROR event. None when a stream just ended, however: closed
  // by the server, broken, or silent for too long.
  std::optional<Error> error;
  std::chrono::nanoseconds lasted{};
  bool brought_something = false;
  bool opened = false;
  bool broke = false;  // neither the server nor a stop ended it

  // The error, also that of a stream that ended too early.
  [[nodiscard]] std::optional<Error> failure() const;
};

class ListWatchMachine {
 public:
  explicit ListWatchMachine(Random& random) : random_(random) {}

  [[nodiscard]] ListWatchState state() const { return state_; }
  // A list was completed at least once.
  [[nodiscard]] bool synced() const { return synced_; }
  // The last list said that the API server does not know the resource.
  [[nodiscard]] bool missing_type() const { return missing_lists_ > 0; }
  // The same was said often enough to believe that the objects are gone.
  [[nodiscard]] bool objects_gone() const { return missing_lists_ >= kMissingListsUntilGone; }
  // The last version seen; "" before the first list was completed.
  [[nodiscard]] const std::string& version() const { return version_; }

  // What to do now; the same until one of the following is called.
  [[nodiscard]] ListWatchStep next() const;

  // A page came. True when it was the last one: the list is complete.
  bool page_arrived(std::string version, std::string continue_token);
  // A page, or the question for the most recent version.
  void list_failed(const Error& error, MonoTime now);
  // The bookmark that ends the objects with which a stream began: they are complete at this
  // version, and the same stream goes on as a watch.
  void initial_events_ended(std::string version);
  // An event or a bookmark of this version was handled. False when the version is older than what
  // was seen before: the history went back (a restored etcd), and the next step lists.
  bool advanced(std::string version);
  // Of a stream too. An error kInvalid of one means that the API server does not know how to begin
  // a watch with all objects: from then on pages are asked for. kTimeout of one that was opened
  // means that it fell silent.
  void watch_ended(const WatchEnd& end, MonoTime now);
  // The most recent version, as answered. False when it is older than what was seen before, as with
  // advanced().
  bool asked(const std::string& version);
  void waited();
  // Whatever is known is doubtful: the next step lists from the beginning, the most recent version.
  void must_list();
  // What an own write made is known too: lists must not be older.
  void wrote(const std::string& version);

 private:
  [[nodiscard]] std::string not_older_than() const;
  void complete(std::string version);
  void begin_list();
  void doubt();
  void stream_failed(const WatchEnd& end, MonoTime now);
  bool failure_waits(const std::optional<Error>& failure, MonoTime now);
  void back_off(MonoTime now, const Error* error);

  Random& random_;
  ListWatchState state_ = ListWatchState::kStreaming;
  ListWatchState after_wait_ = ListWatchState::kStreaming;
  std::string version_;
  std::string written_;  // the newest own write
  std::string continue_token_;
  std::chrono::nanoseconds delay_{};
  std::optional<MonoTime> last_failure_;
  unsigned failures_ = 0;
  std::optional<MonoTime> last_gone_;
  unsigned gone_watches_ = 0;
  unsigned same_failures_ = 0;   // of one page, or of watches from one version
  unsigned silent_streams_ = 0;  // in a row
  unsigned missing_lists_ = 0;
  bool streams_ = true;   // the API server is not known to refuse them
  bool doubtful_ = true;  // what is known may be of another history, or there is nothing
  bool synced_ = false;
};

}  // namespace holmes::kube
