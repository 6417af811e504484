// The checks that a file describes, for whoever runs them without a cluster's API: `holmes check`.
//
// Two formats, told apart by the document: HolmesGPT's checks.yaml
//
//   version: 1
//   defaults: {timeout: 60, destinations: [slack]}
//   destinations: {slack: {channel: "#alerts"}}
//   checks: [{name: frontend, query: "Are all pods of 'frontend' healthy?", tags: [web]}]
//
// and manifests of HealthChecks and ScheduledHealthChecks, also in a List. A file may hold several
// documents of both. Pure, but for the zone files that cron/time_zone.h reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/check.h"
#include "yaml/report.h"

namespace holmes {

struct FileCheck {
  std::string name;
  std::string ns;                 // empty: the file names none
  std::vector<std::string> tags;  // of an object: its labels, as "key=value"
  CheckRequest request;           // but for its name
};

struct CheckFile {
  std::vector<FileCheck> checks;  // in the order of the text; only complete when there is no error
  std::vector<Problem> problems;  // in the order of the text
};

// Every mistake is told with its place. In a checks.yaml, what a check leaves out comes from
// `defaults`, then from the defaults of a HealthCheck. A name under a check's `destinations` is
// that of an entry of the file's `destinations` and at the same time a type; one that nobody
// delivers to is a warning and stays in the list, where it will be reported as skipped, beside the
// others.
CheckFile read_check_file(std::string_view text);

}  // namespace holmes
