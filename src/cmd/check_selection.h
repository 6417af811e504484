// Which checks `holmes check` runs, and with what settings. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "manifest/check_file.h"

namespace holmes {

inline constexpr size_t kMaxChecksOfRun = 1000;

struct CheckSelection {
  std::vector<std::string> names;  // "name" or "namespace/name"; empty: all
  std::vector<std::string> tags;   // a check has at least one of them; empty: all
};

// The checks that both lists pick, in their order. Fails with kInvalid and what there is instead:
// a name that no check has, tags that no picked check has, more than kMaxChecksOfRun.
Result<std::vector<FileCheck>> select_checks(std::vector<FileCheck> checks,
                                             const CheckSelection& selection);

// What the command line says about all checks; it goes before what files say.
struct CheckOverrides {
  std::optional<CheckMode> mode;
  std::optional<std::chrono::seconds> timeout;
  std::string model;                    // empty: each check's own
  std::string ns;                       // of checks that name none
  std::optional<Destination> alert_to;  // of checks that alert and name no destination
};

// Also gives each request its name.
void apply_overrides(const CheckOverrides& overrides, std::vector<FileCheck>& checks);

// One check per question: "Inline Check", "Inline Check 2", ...
std::vector<FileCheck> inline_checks(const std::vector<std::string>& questions);

// "namespace/name", as people read it.
std::string display_name(const FileCheck& check);

}  // namespace holmes
