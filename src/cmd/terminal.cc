#include "cmd/terminal.h"

#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace holmes {
namespace {

std::string_view variable(const std::map<std::string, std::string>& environment,
                          const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : std::string_view(found->second);
}

}  // namespace

Terminal look_at_terminal(int descriptor, const std::map<std::string, std::string>& environment) {
  Terminal terminal;
  if (::isatty(descriptor) == 0) return terminal;
  const std::string_view kind = variable(environment, "TERM");
  terminal.interactive = !kind.empty() && kind != "dumb";
  terminal.color = terminal.interactive && variable(environment, "NO_COLOR").empty();
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {  // NOLINT
    terminal.width = size.ws_col;
    terminal.height = size.ws_row;
  }
  return terminal;
}

}  // namespace holmes
