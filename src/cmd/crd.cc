#include "api/crd.h"

#include <iostream>

#include "cmd/command.h"

namespace holmes {

int run_crd(const Invocation& invocation) {
  const CommandHelp help{"holmes crd", "Prints the CustomResourceDefinitions as YAML.",
                         "holmes crd | kubectl apply -f -"};
  if (const auto code = load_or_exit(OptionTable(), help, invocation)) return *code;
  std::cout << crds_yaml();
  return kExitOk;
}

}  // namespace holmes
