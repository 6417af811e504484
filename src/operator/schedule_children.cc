#include "operator/schedule_children.h"

#include <algorithm>

#include "operator/schedule_child.h"

namespace holmes {
namespace {

// Deleted children that a schedule remembers: more can only be deleted by hand at once.
constexpr size_t kMaxGone = 100;

}  // namespace

void ScheduleChildren::changed(const CheckSnapshot& before, const CheckSnapshot& now,
                               bool owner_lives) {
  if (now != nullptr) return put(now);
  if (before != nullptr) take_out(before, owner_lives);
}

void ScheduleChildren::put(const CheckSnapshot& check) {
  const kube::OwnerReference* owner = schedule_of(*check);
  if (owner == nullptr) return;
  ScheduleChild& child = schedules_[owner->uid][check->meta.uid];
  if (child.check != nullptr && child.unfinished()) --unfinished_;
  child = {.check = check};
  if (child.unfinished()) ++unfinished_;
}

void ScheduleChildren::take_out(const CheckSnapshot& check, bool owner_lives) {
  const kube::OwnerReference* owner = schedule_of(*check);
  const auto found = owner == nullptr ? schedules_.end() : schedules_.find(owner->uid);
  if (found == schedules_.end()) return;
  ByUid& children = found->second;
  const auto child = children.find(check->meta.uid);
  if (child == children.end()) return;
  if (child->second.unfinished()) --unfinished_;
  const auto gone = std::ranges::count_if(children, [](const auto& c) { return c.second.gone; });
  if (owner_lives && static_cast<size_t>(gone) < kMaxGone) {
    child->second.gone = true;
  } else {
    children.erase(child);
    if (children.empty()) schedules_.erase(found);
  }
}

std::vector<ScheduleChild> ScheduleChildren::of(const std::string& schedule_uid) const {
  std::vector<ScheduleChild> children;
  if (const auto found = schedules_.find(schedule_uid); found != schedules_.end()) {
    for (const auto& [uid, child] : found->second) children.push_back(child);
  }
  return children;
}

void ScheduleChildren::told(const std::string& schedule_uid,
                            const std::vector<ScheduleChild>& children) {
  const auto found = schedules_.find(schedule_uid);
  if (found == schedules_.end()) return;
  for (const ScheduleChild& child : children) {
    if (child.gone) found->second.erase(child.check->meta.uid);
  }
  if (found->second.empty()) schedules_.erase(found);
}

}  // namespace holmes
