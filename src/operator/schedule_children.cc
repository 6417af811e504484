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
  const kube::OwnerReference* owner = now == nullptr ? nullptr : schedule_of(*now);
  const kube::OwnerReference* former = before == nullptr ? nullptr : schedule_of(*before);
  if (former != nullptr && (now == nullptr || owner == nullptr || owner->uid != former->uid)) {
    take_out(before, now == nullptr && owner_lives);  // deleted, or somebody else's from now on
  }
  if (owner != nullptr) put(now);
}

void ScheduleChildren::put(const CheckSnapshot& check) {
  ScheduleChild& child = schedules_[schedule_of(*check)->uid][check->meta.uid];
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
