#include "sim/faults.h"

#include <array>

namespace holmes::sim {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames = {
    "crash-before",  "crash-after",     "pause",
    "cut-before",    "cut-after",       "lost",
    "late",          "conflict",        "gone",
    "too-many",      "too-many-bare",   "internal-error",
    "unavailable",   "unavailable-for", "timeout-after",
    "no-connection", "event-cut",       "event-ends",
    "event-gone",    "event-error",     "event-late",
    "event-again",   "server-dies",     "crash-during",
    "blind",         "stale",           "time-travel"};

}  // namespace

std::string_view to_string(Fault fault) {
  return kNames[static_cast<size_t>(fault)];
}

std::optional<Fault> parse_fault(std::string_view text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

std::vector<Fault> faults_at(const Point& point) {
  using enum Fault;
  std::vector<Fault> faults = {kCrashBefore, kCrashAfter, kPause};
  if (point.place == Place::kWatchEvent) {
    for (const Fault fault :
         {kEventCut, kEventEnds, kEventGone, kEventError, kEventLate, kEventAgain}) {
      faults.push_back(fault);
    }
    return faults;
  }
  for (const Fault fault : {kCutBefore, kCutAfter, kLost, kLate, kTooMany, kInternalError,
                            kUnavailable, kUnavailableFor, kTimeoutAfter, kNoConnection}) {
    faults.push_back(fault);
  }
  if (point.place == Place::kChecks) {
    faults.push_back(kServerDies);
    faults.push_back(kCrashDuring);
    return faults;
  }
  faults.push_back(kTooManyBare);
  faults.push_back(point.writes ? kConflict : kGone);
  return faults;
}

std::optional<Planned> Faults::at(const Point& point) {
  const size_t number = points_++;
  if (keep_points) kept.push_back(point);
  std::optional<Planned> planned;
  if (const auto found = planned_.find(number); found != planned_.end()) {
    planned = found->second;
  } else if (rate_ > 0 && dice_.unit() < rate_) {
    const std::vector<Fault> choices = faults_at(point);
    planned = Planned{choices[dice_.next() % choices.size()]};
  }
  if (planned) ++hits_[planned->fault];
  return planned;
}

}  // namespace holmes::sim
