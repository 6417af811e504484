// Running another program, as a seam: an argument vector without a shell, an environment that is
// handed in, /dev/null as its input and no terminal.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/asio_loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/result.h"

namespace holmes {

struct SubprocessCommand {
  // The first is the program: a path, or a name to be found in the PATH of `environment`.
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};  // all of it
};

struct SubprocessEnd {
  int exit_code = 0;         // 128 + the signal's number when a signal ended it, as shells say it
  std::string output{};      // its whole stdout
  std::string error_tail{};  // the last of its stderr, at most kMaxErrorTailBytes
};

inline constexpr size_t kMaxSubprocessOutputBytes = size_t{1} << 20U;
inline constexpr size_t kMaxErrorTailBytes = 2048;

// On the loop's thread.
class Subprocess {
 public:
  virtual ~Subprocess() = default;
  // Runs the program to its end; any exit code is a success here. Fails with kNotFound (no such
  // program), kForbidden (not to be executed by us), kTooLarge (stdout) and kInternal (also when it
  // cannot be learnt how it ended); by the stop with kTimeout or kCancelled.
  //
  // The program is killed at the stop and when its output is too large, with the processes that it
  // started; the call does not wait for their end. The program itself is reaped. The processes that
  // it started are left to PID 1: in a container where that is this process they stay as zombies,
  // so a pod that runs exec plugins needs an init (shareProcessNamespace: true).
  virtual Task<Result<SubprocessEnd>> run(SubprocessCommand command, Stop stop) = 0;
};

// Real processes. The loop outlives it; all runs have ended when it is destroyed.
std::unique_ptr<Subprocess> make_subprocess(AsioLoop& loop);

}  // namespace holmes
