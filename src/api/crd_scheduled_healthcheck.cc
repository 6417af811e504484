#include "api/crd.h"
#include "api/crd_schema.h"
#include "api/scheduled_healthcheck.h"

namespace holmes::crd {
namespace {

json::object limit(std::string_view description, int64_t min, int64_t max) {
  return integer(description,
                 {{"minimum", min}, {"maximum", max}, {"default", kDefaultHistoryLimit}});
}

json::object dst_policy(std::string_view description, Members more = {}) {
  return choice(description,
                names(to_string(DstPolicy::kRunOnce), to_string(DstPolicy::kKubernetes)), more);
}

// How ticks become checks, beside the schedule itself.
void add_policies(json::object& p) {
  p["concurrencyPolicy"] = choice(
      "Forbid skips a tick while an earlier check is unfinished, Replace cancels that check "
      "first, Allow runs both.",
      names(to_string(ConcurrencyPolicy::kAllow), to_string(ConcurrencyPolicy::kForbid),
            to_string(ConcurrencyPolicy::kReplace)),
      {{"default", to_string(ConcurrencyPolicy::kForbid)}});
  p["missedRunPolicy"] = choice(
      "Of the ticks missed while disabled or while no operator ran, Coalesce runs the "
      "latest once, Skip none.",
      names(to_string(MissedRunPolicy::kCoalesce), to_string(MissedRunPolicy::kSkip)),
      {{"default", to_string(MissedRunPolicy::kCoalesce)}});
  p["startingDeadlineSeconds"] =
      integer("A tick older than this many seconds does not run. Unset: no limit.",
              {{"minimum", 1}, {"maximum", kMaxStartingDeadline.count()}});
  p["successfulHistoryLimit"] =
      limit("Finished HealthChecks to keep whose result is pass.", 0, kMaxHistoryObjects);
  p["failedHistoryLimit"] =
      limit("Finished HealthChecks to keep whose result is fail or error.", 0, kMaxHistoryObjects);
  p["historyLimit"] = limit("Entries in status.history.", 1, kMaxHistoryEntries);
  p["jitterSeconds"] = integer(
      "Starts each check up to this many seconds late, always by the same delay. Less than "
      "half the shortest period of the schedule.",
      {{"minimum", 0}, {"maximum", kMaxJitter.count()}, {"default", 0}});
  p["dstPolicy"] = dst_policy(
      "Where the zone's clock jumps: RunOnce runs a skipped time at the end of the gap and a "
      "repeated time once; Kubernetes skips the former and runs the latter twice.",
      {{"default", to_string(DstPolicy::kRunOnce)}});
}

json::object spec_schema() {
  json::object p;
  p["schedule"] = text(
      "When to run: five cron fields (minute, hour, day of month, month, day of week), @hourly and "
      "the like, or @every with a duration.",
      {{"minLength", 1}, {"maxLength", kMaxScheduleLength}});
  p["timeZone"] = text(
      "IANA name of the time zone of the schedule, such as Europe/Berlin. Unset: "
      "UTC.",
      {{"maxLength", kMaxScheduleLength}});
  p["enabled"] = flag("false suspends the schedule.", {{"default", true}});
  add_check_fields(p);
  add_policies(p);
  return structure("When to check, and what.", std::move(p),
                   {{"required", names("schedule", "query")}});
}

json::object active_schema() {
  json::object p;
  p["name"] = text("Name of the HealthCheck.");
  p["namespace"] = text("Its namespace.");
  p["uid"] = text("Its UID.");
  p["startTime"] = time("When it was created.");
  return structure("", std::move(p));
}

json::object history_schema() {
  json::object p;
  p["executionTime"] = time("Tick of the schedule.");
  p["result"] = check_status("pass, fail, or error when the question could not be judged.");
  p["duration"] = schema("number", "Seconds that the execution took.");
  p["checkName"] = text("Name of the HealthCheck.");
  p["message"] = text("The result in a sentence.");
  return structure("", std::move(p));
}

json::object missed_schema() {
  json::object p;
  p["from"] = time("The first of these ticks.");
  p["to"] = time("The last of these ticks.");
  p["count"] = count("How many they are.");
  p["reason"] = text("Suspended, Downtime, Deadline, Forbid, CreateDenied or Silenced.");
  return structure("", std::move(p));
}

json::object observed_schedule_schema() {
  json::object p;
  p["schedule"] = text("spec.schedule");
  p["timeZone"] = text("spec.timeZone");
  p["dstPolicy"] = dst_policy("spec.dstPolicy");
  p["since"] = time("Since when the ticks have this meaning.");
  return structure("The schedule as the operator last read it.", std::move(p));
}

json::object status_schema() {
  json::object p;
  p["lastScheduleTime"] = time("The last tick that created a HealthCheck.");
  p["lastSuccessfulTime"] = time("When the last check that passed was completed.");
  p["lastResult"] = check_status("Result of the last finished check.");
  p["message"] = text("That result in a sentence.");
  p["active"] = list("Unfinished HealthChecks of this schedule.", active_schema());
  p["history"] = list("The last finished checks, newest first.", history_schema());
  p["nextScheduleTime"] = time("When the next check will start.");
  p["consecutiveFailures"] =
      count("Checks that failed since the last that passed; an error is no verdict.");
  p["observedGeneration"] = count("Generation of the spec that this status is about.");
  p["missed"] = list("The last ticks that ran no check, newest first.", missed_schema());
  p["observedSchedule"] = observed_schedule_schema();
  p["runNow"] = structure("A run that was asked for and has no HealthCheck yet.",
                          {{"id", text("Makes the name of its HealthCheck.")}});
  p["conditions"] = conditions("Ready, Suspended.");
  return structure("What became of the schedule. Written by the operator.", std::move(p));
}

json::array printer_columns() {
  return {column("Schedule", "string", ".spec.schedule"),
          column("Enabled", "boolean", ".spec.enabled"),
          column("Last Run", "date", ".status.lastScheduleTime"),
          column("Last Result", "string", ".status.lastResult"),
          wide_column("Next", "string", ".status.nextScheduleTime"),
          column("Age", "date", ".metadata.creationTimestamp")};
}

}  // namespace
}  // namespace holmes::crd

namespace holmes {

json::object scheduledhealthcheck_crd() {
  return crd::definition(
      {.type = ScheduledHealthCheck::resource(),
       .singular = "scheduledhealthcheck",
       .short_name = "shc",
       .description = "A cron schedule that creates HealthChecks, like a CronJob.",
       .columns = crd::printer_columns(),
       .spec = crd::spec_schema(),
       .status = crd::status_schema()});
}

}  // namespace holmes
