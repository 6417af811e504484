// How the demo model reads what the Kubernetes tools answer. The answers come from a cluster: what
// is missing or of another shape is never more than "not seen". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "holmes/llm/demo_question.h"

namespace holmes {

struct DemoProblem {
  std::string name{};
  std::string ns{};     // "": where it was asked for
  std::string state{};  // "0/1 ready, CrashLoopBackOff, 6 restarts"
};

// What one or several answers show.
struct DemoReading {
  std::vector<std::string> seen{};      // "Deployment 'frontend' has 3 of 3 replicas ready"
  std::vector<DemoProblem> problems{};  // what is to be explained, the worst not first: as it came
  bool fails = false;
  std::string unreadable{};  // why it cannot be judged; "": it can
};

// The answers of kubernetes_get, one for each name.
DemoReading read_objects(const DemoQuestion& question, const std::vector<std::string>& answers);
// The answer of kubernetes_list.
DemoReading read_table(const DemoQuestion& question, std::string_view answer);

// From the answer of kubernetes_describe: the first pod of a workload that is not ready.
std::optional<DemoProblem> unready_pod(std::string_view described);
// The last warning event, as "FailedScheduling: 0/1 nodes are available: ..."; "": there is none.
std::string last_warning(std::string_view described);
// "": the log could not be read, or is empty.
std::string last_log_line(std::string_view answer);

}  // namespace holmes
