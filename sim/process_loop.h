// One process's view of the world's loop: a wall clock of its own, which may be set and may run
// fast or slow, and a life of its own: it can be paused, as by SIGSTOP or a suspended machine.
#pragma once

#include <deque>
#include <utility>

#include "async/loop.h"

namespace holmes::sim {

class ProcessLoop final : public Loop {
 public:
  // `rate`: how fast this process's clocks run, 1 as the world's. The world outlives this.
  explicit ProcessLoop(Loop& world, double rate = 1.0);

  [[nodiscard]] WallTime wall_now() const override;
  [[nodiscard]] MonoTime mono_now() const override;
  void post(Callback callback) override;
  TimerId call_at(MonoTime when, Callback callback) override;
  void cancel(TimerId id) override;

  // Somebody sets the clock.
  void jump_wall(std::chrono::microseconds by) { offset_ += by; }
  // While paused nothing runs, and time goes on; what came due meanwhile runs at the resume.
  void pause() { paused_ = true; }
  void resume();
  [[nodiscard]] bool paused() const { return paused_; }

 private:
  void run(TimerId id, Callback callback);
  [[nodiscard]] std::chrono::nanoseconds passed() const;

  Loop& world_;
  const double rate_;
  const MonoTime began_;
  const WallTime began_wall_;
  std::chrono::microseconds offset_{0};
  bool paused_ = false;
  std::deque<std::pair<TimerId, Callback>> held_;  // in order; id 0: posted
};

}  // namespace holmes::sim
