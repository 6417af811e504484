// Checks as people watch them: a table that is redrawn in place on a terminal, or a line for each
// change in a pipe. Pure: checks in, text out; whoever calls owns the terminal and the clock.
//
// Names and messages come from a cluster and a model: control characters in them never reach the
// terminal.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/healthcheck.h"
#include "api/scheduled_healthcheck.h"

namespace holmes {

struct LiveCheck {
  std::string ns{};
  std::string name{};
  std::string schedule{};  // whose child it is; ""
  std::string phase{};
  std::optional<CheckStatus> result{};
  std::optional<double> duration_seconds{};
  std::string message{};
};
LiveCheck live_check(const HealthCheck& check);

struct LiveSchedule {
  std::string ns{};
  std::string name{};
  std::string schedule{};  // "@every 1m"
  bool enabled = true;
  std::optional<CheckStatus> last_result{};
};
LiveSchedule live_schedule(const ScheduledHealthCheck& schedule);

struct LiveState {
  std::vector<LiveCheck> checks{};  // in any order
  std::vector<LiveSchedule> schedules{};
};

struct LiveTableOptions {
  size_t width = 80;        // columns; a line is never longer
  size_t height = 24;       // lines; a table is never higher than this less one, for the cursor
  bool colour = true;       // false when NO_COLOR is set
  size_t children_max = 3;  // of a schedule: its last ones
};

// Columns NAME PHASE RESULT DURATION MESSAGE, sorted by namespace and name; the children of a
// schedule below it, the newest first. Each line ends with a line feed.
std::string render_live_table(const LiveState& state, const LiveTableOptions& options = {});

// Draws the table over the one it drew before.
class LiveTable {
 public:
  // What is to be written; "" when nothing changed. The options may differ from call to call, as
  // when the window is made larger.
  std::string draw(const LiveState& state, const LiveTableOptions& options = {});

 private:
  std::string drawn_;
};

// A line for each check whose phase or result changed since the last call:
//   2026-01-01T00:00:05Z shop/payments Completed fail 1.2s Check failed. ...
class LiveLines {
 public:
  std::string changes(const LiveState& state, WallTime now);

 private:
  std::map<std::string, std::string> known_;  // by namespace/name; deleted ones are forgotten
};

}  // namespace holmes
