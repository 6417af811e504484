#include "cmd/check_live.h"

#include <iostream>

#include <fmt/format.h>

#include "cmd/check_selection.h"
#include "cmd/terminal_text.h"

namespace holmes {

LiveProgress::LiveProgress(Loop& loop, const std::vector<FileCheck>& checks, Terminal terminal,
                           bool plain_lines)
    : loop_(loop), terminal_(terminal), plain_lines_(plain_lines), waiting_(checks.size()) {
  for (const FileCheck& check : checks) names_.push_back(one_line(display_name(check)));
}

LiveProgress::~LiveProgress() {
  if (terminal_.interactive) std::cerr << screen_.clear() << std::flush;
}

void LiveProgress::began(size_t index) {
  running_[index] = {{}, loop_.mono_now()};
  --waiting_;
  if (terminal_.interactive) {
    draw();
    if (running_.size() == 1) draw_each_second();
  } else if (plain_lines_) {
    std::cerr << fmt::format("{}: started\n", names_[index]);
  }
}

void LiveProgress::progressed(size_t index, const CheckProgress& progress) {
  running_[index].progress = progress;
  if (terminal_.interactive) draw();
}

void LiveProgress::ended(size_t index, const CheckResponse& response) {
  running_.erase(index);
  if (terminal_.interactive) {
    draw();
  } else if (plain_lines_) {
    std::cerr << fmt::format("{}: {} ({:.1f} s)\n", names_[index], to_string(response.status),
                             response.duration_seconds);
  }
}

void LiveProgress::draw() {
  std::vector<ProgressRow> rows;
  for (const auto& [index, running] : running_) {
    rows.push_back({names_[index], running.progress,
                    std::chrono::floor<std::chrono::seconds>(loop_.mono_now() - running.began)});
  }
  std::cerr << screen_.draw(rows, waiting_, terminal_.width) << std::flush;
}

void LiveProgress::draw_each_second() {
  next_draw_ = Timer(loop_, loop_.mono_now() + std::chrono::seconds(1), [this] {
    if (running_.empty()) return;
    draw();
    draw_each_second();
  });
}

}  // namespace holmes
