#include "cmd/check_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "cmd/terminal_text.h"

namespace holmes {

std::string progress_line(const ProgressRow& row) {
  if (row.progress.model_calls == 0) {
    return fmt::format("{}: {} s", one_line(row.name), row.elapsed.count());
  }
  return fmt::format("{}: model call {}, tools {}, {} s", one_line(row.name),
                     row.progress.model_calls, row.progress.tool_calls, row.elapsed.count());
}

std::string ProgressScreen::draw(const std::vector<ProgressRow>& running, size_t waiting,
                                 size_t width) {
  std::string text = clear();
  const size_t shown = std::min(running.size(), kMaxProgressRows);
  for (size_t i = 0; i < shown; ++i) text += fit(progress_line(running[i]), width) + "\n";
  lines_ = shown;
  if (running.size() > shown || waiting > 0) {
    text += fit(fmt::format("and {} more running, {} waiting", running.size() - shown, waiting),
                width) +
            "\n";
    ++lines_;
  }
  return text;
}

std::string ProgressScreen::clear() {
  if (lines_ == 0) return "";
  // Up to the first line, then everything below is erased.
  std::string text = fmt::format("\x1b[{}F\x1b[J", lines_);
  lines_ = 0;
  return text;
}

}  // namespace holmes
