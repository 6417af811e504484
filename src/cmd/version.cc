#include <iostream>

#include "base/json.h"
#include "cmd/command.h"

namespace holmes {

int run_version(const Invocation& invocation) {
  const CommandHelp help{"holmes version [options]", "Prints the version.",
                         "holmes version --output json"};
  std::string output = "text";
  OptionTable table;
  table.choice("output", "", output, {"text", "json"}, "For people or for programs");
  if (const auto code = load_or_exit(table, help, invocation)) return *code;
  if (output == "json") {
    std::cout << to_text(json::object{{"version", kHolmesVersion}}) << "\n";
  } else {
    std::cout << "holmes " << kHolmesVersion << "\n";
  }
  return kExitOk;
}

}  // namespace holmes
