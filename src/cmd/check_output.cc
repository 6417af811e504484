#include "cmd/check_output.h"

#include <iostream>
#include <utility>

#include "api/crd.h"

namespace holmes {

CheckOutput::CheckOutput(std::string format, size_t verbose,
                         const std::map<std::string, std::string>& environment)
    : format_(std::move(format)), progress_(look_at_terminal(2, environment)) {
  const Terminal terminal = look_at_terminal(1, environment);
  style_ = {terminal.color, terminal.width, verbose};
}

void CheckOutput::print(const CheckRun& run) const {
  if (format_ == "json") {
    std::cout << to_text(json_report(run)) << "\n";
  } else if (format_ == "yaml") {
    std::cout << "---\n" << to_yaml(json_report(run));
  } else if (format_ == "junit") {
    std::cout << junit_report(run);
  } else {
    std::cout << table_report(run, style_);
  }
  std::cout << std::flush;
}

}  // namespace holmes
