// What many operators do, and the one that Holmes replaces: jobs in the memory of each process, and
// nothing that one process would tell another. Under the same faults and the same judge, it shows
// that those find what is wrong.
//
// Every replica runs every schedule and every check; nobody claims. A check is executed, and then
// its status is written over whatever is there. Names are random. What came due while nobody ran is
// forgotten.
#pragma once

#include <map>
#include <set>
#include <string>

#include "api/scheduled_healthcheck.h"
#include "async/random.h"
#include "async/task_scope.h"
#include "kube/client/api.h"
#include "net/http.h"

namespace holmes::sim {

class NaiveOperator {
 public:
  // All outlive it.
  NaiveOperator(Loop& loop, Random& random, kube::Transport& kube, HttpClient& checks);

  // Until the stop; what runs then is left as it is.
  Task<> run(Stop stop);

 private:
  Task<> look(Stop stop);
  Task<> job(std::string schedule_uid, Stop stop);
  Task<> make_child(ScheduledHealthCheck schedule, WallTime tick, Stop stop);
  Task<> execute(HealthCheck check, Stop stop);
  Task<> tell_schedule(HealthCheck check, CheckResponse answer, Stop stop);

  Loop& loop_;
  Random& random_;
  kube::Api<HealthCheck> checks_api_;
  kube::Api<ScheduledHealthCheck> schedules_api_;
  HttpClient& http_;
  std::map<std::string, ScheduledHealthCheck> schedules_;  // by uid: those that there are
  std::set<std::string> jobs_;                             // uids of schedules
  std::set<std::string> seen_;                             // uids of checks
  std::map<std::string, int> running_;                     // by uid of the schedule
  TaskScope scope_;
};

}  // namespace holmes::sim
