// A recorded run, run again: the same loop and rules, with what the model said and the tools
// answered then. Asks no provider and no cluster.
#pragma once

#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "holmes/checks/check_runner.h"
#include "holmes/checks/recording.h"

namespace holmes {

// The answer as the rules of today give it. When they ask for more than was recorded (a further
// reply, a call that was not made) it is an error that says so.
Task<CheckResponse> replay(Loop& loop, Recording recording, CheckRunnerOptions options, Logger log,
                           Stop stop);

}  // namespace holmes
