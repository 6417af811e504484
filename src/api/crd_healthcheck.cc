#include "api/crd.h"
#include "api/crd_schema.h"
#include "api/healthcheck.h"

namespace holmes::crd {
namespace {

json::object spec_schema() {
  json::object p;
  add_check_fields(p);
  p["suspend"] = flag("Do not start the check while true.", {{"default", false}});
  p["cancel"] = flag("Stop the check: a running one is cancelled, a waiting one never starts.",
                     {{"default", false}});
  return structure("What to check.", std::move(p), {{"required", names("query")}});
}

json::object attempt_schema() {
  json::object p;
  p["number"] = count("Attempt within the run, from 1.");
  p["id"] = text("Idempotency key of the execution.");
  p["epoch"] = text("Leadership under which the claim was made.");
  p["holder"] = text("Operator that holds the claim.");
  p["startTime"] = time("When it was claimed.");
  p["deadline"] = time("Until when the claim counts.");
  return structure("The claim of the current attempt.", std::move(p));
}

json::object attempt_record_schema() {
  json::object p;
  p["run"] = count("Run of the check.");
  p["number"] = count("Attempt within the run.");
  p["id"] = text("Idempotency key of the execution.");
  p["startTime"] = time("When it was claimed.");
  p["endTime"] = time("When it ended.");
  p["outcome"] = text("Answered, Interrupted (nobody knows the answer) or Refused (nothing ran).");
  return structure("", std::move(p));
}

json::object usage_schema() {
  json::object p;
  p["modelCalls"] = count("Calls of the model.");
  p["toolCalls"] = count("Calls of tools.");
  p["inputTokens"] = count("Tokens read by the model.");
  p["cachedInputTokens"] = count("Part of inputTokens that the provider had cached.");
  p["outputTokens"] = count("Tokens written by the model.");
  p["costUSD"] = text("Price in US dollars, when known.");
  return structure("What the run cost.", std::move(p));
}

json::object evidence_schema() {
  json::object p;
  p["tool"] = text("Tool that was called.");
  p["arguments"] = text("Its arguments, as JSON.");
  p["summary"] = text("Beginning of the answer, redacted.");
  p["bytes"] = count("Size of the whole answer.");
  return structure("", std::move(p));
}

json::object notification_schema() {
  json::object p;
  p["type"] = text("Kind of destination.");
  p["channel"] = text("Where exactly.");
  p["status"] = text("sent, failed or skipped.");
  p["error"] = text("Why it was not sent.");
  return structure("", std::move(p));
}

json::object status_schema() {
  json::object p;
  p["phase"] = choice("Where the run stands.",
                      names(to_string(Phase::kPending), to_string(Phase::kRunning),
                            to_string(Phase::kCompleted), to_string(Phase::kFailed)));
  p["startTime"] = time("When the current run started.");
  p["completionTime"] = time("When it ended.");
  p["result"] = check_status("pass, fail, or error when the question could not be judged.");
  p["message"] = text("The result in a sentence.");
  p["rationale"] = text("Why, with what was observed.");
  p["error"] = text("What went wrong when there is no verdict.");
  p["duration"] = schema("number", "Seconds that the execution took.");
  p["modelUsed"] = text("Model that judged.");
  p["notifications"] = list("What became of the alerts.", notification_schema());
  p["conditions"] =
      conditions("Complete, Passed, Failed, Inconclusive; Waiting while it cannot start.");
  p["run"] = count("Runs of this object, from 1; a re-run is one more.");
  p["attempt"] = attempt_schema();
  p["attempts"] = list("The last attempts, oldest first.", attempt_record_schema());
  p["rerunAccepted"] = flag("A re-run was accepted and has not started yet.");
  p["observedGeneration"] = count("Generation of the spec that ran.");
  p["usage"] = usage_schema();
  p["evidence"] = list("The last tool calls that the verdict rests on.", evidence_schema());
  return structure("What became of the check. Written by the operator.", std::move(p));
}

json::array printer_columns() {
  return {column("Phase", "string", ".status.phase"), column("Result", "string", ".status.result"),
          column("Duration", "number", ".status.duration"),
          wide_column("Message", "string", ".status.message"),
          column("Age", "date", ".metadata.creationTimestamp")};
}

}  // namespace
}  // namespace holmes::crd

namespace holmes {

json::object healthcheck_crd() {
  return crd::definition(
      {.type = HealthCheck::resource(),
       .singular = "healthcheck",
       .short_name = "hc",
       .description = "A health check: a plain question that is answered once, like a Job.",
       .columns = crd::printer_columns(),
       .spec = crd::spec_schema(),
       .status = crd::status_schema()});
}

}  // namespace holmes
