// A Subprocess for tests: a function answers, when the test lets it, and it remembers what it was
// asked to run.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "async/subprocess.h"
#include "async/wait.h"

namespace holmes {

class FakeSubprocess final : public Subprocess {
 public:
  using Answer = std::function<Result<SubprocessEnd>(const SubprocessCommand&)>;
  FakeSubprocess(Loop& loop, Answer answer) : answer_(std::move(answer)), open_(loop) {
    open_.set();
  }

  Task<Result<SubprocessEnd>> run(SubprocessCommand command, Stop stop) override {
    commands.push_back(command);
    ++running;
    most_running = std::max(most_running, running);
    const Status waited = co_await open_.wait(stop);
    --running;
    if (!waited) co_return fail(stop.error("run " + command.arguments.front()));
    co_return answer_(command);
  }

  // While held, runs do not end.
  void hold() { open_.reset(); }
  void release() { open_.set(); }

  std::vector<SubprocessCommand> commands;
  int running = 0;
  int most_running = 0;

 private:
  Answer answer_;
  Event open_;
};

}  // namespace holmes
