// Shell completion. The scripts of `holmes completion` ask the program itself what may stand next,
// by the hidden command `holmes __complete WORD...`, so that they never differ from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holmes {

inline constexpr std::string_view kCompleteCommand = "__complete";

// Prints the candidates for the last word, one a line, a tab before what it means; then ":0" when
// names of files may follow, else ":4". That is what kubectl asks of kubectl_complete-holmes, too:
// https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective. Returns the exit code.
int run_complete(const std::vector<std::string>& words);

}  // namespace holmes
