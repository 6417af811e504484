// Where and how `holmes check` tells its results: on stdout, in the format that was asked for.
#pragma once

#include <map>
#include <string>

#include "cmd/check_report.h"
#include "cmd/terminal.h"

namespace holmes {

class CheckOutput {
 public:
  // `format` is table, json, yaml or junit.
  CheckOutput(std::string format, size_t verbose,
              const std::map<std::string, std::string>& environment);

  // Once per round.
  void print(const CheckRun& run) const;
  [[nodiscard]] Terminal progress_terminal() const { return progress_; }
  // Whether progress is told without a terminal, too.
  [[nodiscard]] bool plain_progress() const { return format_ == "table"; }

 private:
  std::string format_;
  TableStyle style_;
  Terminal progress_;
};

}  // namespace holmes
