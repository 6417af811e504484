// Which HealthChecks belong to which schedule, kept up to date from the cache's changes.
//
// A child that is deleted is kept until its schedule's status has told of it: one with a short time
// to live may be gone before anybody looked at its result. All on the loop's thread.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "operator/schedule_history.h"

namespace holmes {

class ScheduleChildren {
 public:
  // For each change of the cache: as Informer::on_change. `owner_lives`: the schedule of
  // `before` exists.
  void changed(const CheckSnapshot& before, const CheckSnapshot& now, bool owner_lives);

  // All children of the schedule with this uid, in no order.
  [[nodiscard]] std::vector<ScheduleChild> of(const std::string& schedule_uid) const;
  // The status tells of these now; the deleted ones among them need not be kept.
  void told(const std::string& schedule_uid, const std::vector<ScheduleChild>& children);
  // Unfinished children of all schedules.
  [[nodiscard]] size_t unfinished() const { return unfinished_; }

 private:
  using ByUid = std::unordered_map<std::string, ScheduleChild>;  // of the child

  void put(const CheckSnapshot& check);
  void take_out(const CheckSnapshot& check, bool owner_lives);

  std::unordered_map<std::string, ByUid> schedules_;  // by their uid
  size_t unfinished_ = 0;
};

}  // namespace holmes
