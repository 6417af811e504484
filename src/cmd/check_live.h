// Tells on stderr how far a round is: redrawn in place on a terminal, a line per check in a pipe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/loop.h"
#include "cmd/check_progress.h"
#include "cmd/check_round.h"
#include "cmd/terminal.h"

namespace holmes {

class LiveProgress final : public RoundObserver {
 public:
  // `plain_lines`: what is told when stderr is no terminal. The loop outlives it.
  LiveProgress(Loop& loop, const std::vector<FileCheck>& checks, Terminal terminal,
               bool plain_lines);
  // Nothing of it is left on the terminal.
  ~LiveProgress() override;
  LiveProgress(const LiveProgress&) = delete;
  LiveProgress& operator=(const LiveProgress&) = delete;

  void began(size_t index) override;
  void progressed(size_t index, const CheckProgress& progress) override;
  void ended(size_t index, const CheckResponse& response) override;

 private:
  struct Running {
    CheckProgress progress;
    MonoTime began;
  };
  void draw();
  void draw_each_second();

  Loop& loop_;
  std::vector<std::string> names_;
  Terminal terminal_;
  bool plain_lines_;
  size_t waiting_;
  std::map<size_t, Running> running_;
  ProgressScreen screen_;
  Timer next_draw_;
};

}  // namespace holmes
