// Command-line arguments to words by flag. The only place that knows the library behind it (CLI11).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/option_table.h"

namespace holmes {

struct Flags {
  bool help = false;  // -h or --help stood somewhere; nothing else was looked at
  // By Option::flag; one word, or several of one that is repeatable. A bare switch is "true".
  std::map<std::string, std::vector<std::string>> words;
  std::vector<std::string> arguments;  // what is no flag, in order
};

// "--name value", "--name=value", "--switch", "-n value" and "-vv"; behind "--" nothing is a flag.
// Fails with kInvalid on unknown flags (naming near ones), repeated ones and missing values.
Result<Flags> parse_flags(const std::vector<Option>& options, std::vector<std::string> arguments);

}  // namespace holmes
