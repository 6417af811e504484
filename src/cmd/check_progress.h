// How far running checks are, as lines that a terminal redraws in place. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "holmes/checks/check_runner.h"

namespace holmes {

struct ProgressRow {
  std::string name;
  CheckProgress progress;
  std::chrono::seconds elapsed{0};
};

// "shop/frontend: model call 3, tools 5, 12 s"
std::string progress_line(const ProgressRow& row);

// Knows what it drew last. Its texts are for a terminal only, in their order.
class ProgressScreen {
 public:
  // Replaces what was drawn by the rows, at most kMaxProgressRows of them, and how many checks run
  // beside these and wait. No line is longer than `width` characters, so that none is broken.
  std::string draw(const std::vector<ProgressRow>& running, size_t waiting, size_t width);
  // Removes what was drawn.
  std::string clear();

 private:
  size_t lines_ = 0;
};

inline constexpr size_t kMaxProgressRows = 10;

}  // namespace holmes
