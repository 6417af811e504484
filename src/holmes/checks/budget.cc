#include "holmes/checks/budget.h"

namespace holmes {

void DailySpending::add(int64_t micro_usd) {
  begin_day();
  micro_usd_ += micro_usd;
}

bool DailySpending::used_up() {
  begin_day();
  return micro_usd_max_ > 0 && micro_usd_ >= micro_usd_max_;
}

void DailySpending::begin_day() {
  const auto today = std::chrono::floor<std::chrono::days>(clock_.wall_now());
  if (today == day_) return;
  day_ = today;
  micro_usd_ = 0;
}

}  // namespace holmes
