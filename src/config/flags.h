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
  std::map<std::string, std::string> words;  // by Option::flag; a bare switch is "true"
  std::vector<std::string>
      rest;  // what is no option, in its order; "-" is none, nor all after "--"
};

// "--name value", "--name=value" and "--switch". Fails with kInvalid on unknown flags (naming near
// ones), repeated ones and missing values.
Result<Flags> parse_flags(const std::vector<Option>& options, std::vector<std::string> arguments);

}  // namespace holmes
