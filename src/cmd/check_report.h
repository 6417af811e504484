// What `holmes check` tells when checks have ended. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/check.h"
#include "base/time.h"
#include "manifest/check_file.h"

namespace holmes {

inline constexpr int kExitFail = 1;
inline constexpr int kExitErrorVerdict = 3;
inline constexpr int kExitInterrupted = 130;

struct CheckOutcome {
  FileCheck check;
  CheckResponse response;
};

// One round over all checks.
struct CheckRun {
  std::vector<CheckOutcome> outcomes;  // of the checks that ended, in the order of the checks
  size_t not_run = 0;                  // interrupted before their turn
  bool interrupted = false;
  WallTime began{};
  std::chrono::milliseconds took{0};
};

// Interrupted before all; then a fail, which is a finding, before an error, which is none.
int exit_code(const CheckRun& run);

struct TableStyle {
  bool color = false;
  size_t width = 0;    // of the terminal; 0: lines are as long as they are
  size_t verbose = 0;  // 1: with rationales, 2: with evidence, too
};

// Name, result, duration and message; alerts that were not sent; details; last a summary line.
std::string table_report(const CheckRun& run, const TableStyle& style);

// An array: name, namespace, query, tags and the fields of the API server's answer.
json::array json_report(const CheckRun& run);

// One testsuite of JUnit's XML: a fail is a failure, an error an error.
std::string junit_report(const CheckRun& run);

}  // namespace holmes
