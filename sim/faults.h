// What can go wrong, where, and what shall go wrong in this run.
//
// Every request of a process and every event of a watch is a point. Points are counted in the order
// in which they happen, which is the same in every run with the same seed up to the first fault: so
// "fault F at point N" names one run exactly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/random.h"

namespace holmes::sim {

enum class Fault {
  // Of the process, at any point.
  kCrashBefore,  // dies before the request left, or before it saw the event
  kCrashAfter,   // dies after it was carried out, or after it saw the event
  kPause,        // stops for 40 s with the answer on its way: longer than any lease
  // Of a request.
  kCutBefore,       // the connection breaks; nothing happened
  kCutAfter,        // the connection breaks; it was carried out
  kLost,            // carried out, and no answer ever comes
  kLate,            // carried out 12 s later; its sender gave up before
  kConflict,        // 409
  kGone,            // 410
  kTooMany,         // 429 with Retry-After
  kTooManyBare,     // 429 without
  kInternalError,   // 500
  kUnavailable,     // 503
  kUnavailableFor,  // 503 with Retry-After
  kTimeoutAfter,    // 504; it was carried out
  kNoConnection,    // no connection could be made
  // Of a watch event.
  kEventCut,    // the stream breaks before it
  kEventEnds,   // the stream ends regularly before it
  kEventGone,   // an ERROR event of code 410 instead
  kEventError,  // an ERROR event of code 500 instead
  kEventLate,   // it and what follows come 10 s later
  kEventAgain,  // everything that the stream told comes once more
  // Of a check server.
  kServerDies,   // with what it runs and all answers that it knows
  kCrashDuring,  // the process dies while the server works on its request
  // Of a watch event, with a version: made from the events of a run that went well (Sieve,
  // OSDI'22).
  kBlind,       // from this event on it sees nothing until that version is there
  kStale,       // it is shown nothing new until that version is there
  kTimeTravel,  // it dies here, and the next one is connected to an API server at that version
};
inline constexpr size_t kFaultKinds = static_cast<size_t>(Fault::kTimeTravel) + 1;
std::string_view to_string(Fault fault);
std::optional<Fault> parse_fault(std::string_view text);

enum class Place { kApi, kLease, kWatchOpen, kWatchEvent, kChecks };

struct Point {
  Place place = Place::kApi;
  bool writes = false;
  std::string process;
  std::string what;  // "PUT healthchecks/a/status"
  // Of a watch event, when points are kept.
  std::string object{};
  int64_t version = 0;
};

struct Planned {
  Fault fault = Fault::kCrashBefore;
  int64_t version = 0;  // for those of the last kind
};

// Which faults make sense there.
std::vector<Fault> faults_at(const Point& point);

// What is to go wrong: chosen points, or any with a probability.
class Faults {
 public:
  void plan(size_t point, Planned planned) { planned_[point] = planned; }
  // From now on each point has one of its faults with this probability; 0: never.
  void set_rate(double rate) { rate_ = rate; }
  void seed(uint64_t seed) { dice_ = SeededRandom(seed); }
  // Nothing goes wrong any more.
  void heal() {
    planned_.clear();
    rate_ = 0;
  }

  // Counts the point. Called once for each, as it happens.
  std::optional<Planned> at(const Point& point);

  [[nodiscard]] size_t points() const { return points_; }
  [[nodiscard]] const std::map<Fault, size_t>& hits() const { return hits_; }
  // The points so far, when they are to be kept.
  bool keep_points = false;
  std::vector<Point> kept;

 private:
  size_t points_ = 0;
  std::map<size_t, Planned> planned_;
  double rate_ = 0;
  SeededRandom dice_{1};
  std::map<Fault, size_t> hits_;
};

}  // namespace holmes::sim
