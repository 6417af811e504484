// What a stream of this process is connected to.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace holmes {

struct Terminal {
  bool interactive = false;  // a terminal that can move its cursor
  bool color = false;        // and NO_COLOR (https://no-color.org) is not set
  size_t width = 0;          // in characters; 0: not a terminal, or it does not tell
  size_t height = 0;         // in lines, likewise
};

// `descriptor` is 1 for the standard output, 2 for the standard error.
Terminal look_at_terminal(int descriptor, const std::map<std::string, std::string>& environment);

}  // namespace holmes
