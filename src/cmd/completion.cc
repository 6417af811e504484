#include "cmd/completion.h"

#include <iostream>

#include <fmt/format.h>

#include "base/strings.h"
#include "cmd/command.h"
#include "config/completion.h"
#include "config/load_options.h"

namespace holmes {
namespace {

constexpr std::string_view kFilesToo = ":0";
constexpr std::string_view kNoFiles = ":4";

// Bash breaks words at "="; here they are put together again, and candidates lose what stands
// before it.
constexpr std::string_view kBash =
    R"sh(# Completion of holmes for bash. Load it with: source <(holmes completion bash)
_holmes() {
  local -a words=()
  local i word joined='' line directive=''
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ ${#words[@]} -gt 0 && ($word == '=' || -n $joined) ]]; then
      words[${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    if [[ $word == '=' ]]; then joined=1; else joined=''; fi
  done
  local current=${words[${#words[@]}-1]} before=''
  if [[ $current == -*=* ]]; then before=${current%%=*}=; fi
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=$line
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"$before"}")
    fi
  done < <("${1/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
  if [[ $directive == ':0' ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(compgen -f -- "${current#"$before"}")
  fi
}
complete -F _holmes holmes
)sh";

constexpr std::string_view kZsh = R"sh(#compdef holmes
# Completion of holmes for zsh. Load it with: source <(holmes completion zsh)
_holmes() {
  local -a candidates
  local line word directive
  for line in "${(@f)$("${(Q)words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :* ]]; then
      directive=$line
    elif [[ -n $line ]]; then
      word=${line%%$'\t'*}
      candidates+=("${word//:/\\:}:${line#*$'\t'}")
    fi
  done
  if [[ $directive == ':0' ]]; then
    compset -P '*='
    _files
  else
    _describe 'holmes' candidates
  fi
}
compdef _holmes holmes
)sh";

constexpr std::string_view kFish =
    R"sh(# Completion of holmes for fish. Load it with: holmes completion fish | source
function __holmes_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
  for line in $lines
    string match -q -- ':*' $line; or echo $line
  end
  if test "$lines[-1]" = ':0'
    __fish_complete_path (string replace -r -- '^-[^=]*=' '' "$current")
  end
end
complete -c holmes -f -a '(__holmes_complete)'
)sh";

// "holmes check run [options]" -> check, run
std::vector<std::string> path_of(const CommandHelp& help) {
  std::vector<std::string> path;
  for (const std::string_view word : split(help.usage, ' ')) {
    const bool is_name = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == word.npos;
    if (!is_name) break;
    path.emplace_back(word);
  }
  path.erase(path.begin());
  return path;
}

// Only names and texts are used: what the tables set is gone when the command returns.
std::vector<CompletableCommand> completable_commands() {
  std::vector<CompletableCommand> commands;
  for (const Command& command : all_commands()) {
    Invocation invocation;
    invocation.inspect = [&](const CommandHelp& help, const OptionTable& table) {
      commands.push_back(
          {path_of(help), std::string(command.about), table.all(), table.arguments()});
      if (auto config = config_option(table)) {
        commands.back().options.push_back(std::move(*config));
      }
    };
    command.run(invocation);
  }
  return commands;
}

}  // namespace

int run_complete(const std::vector<std::string>& words) {
  const Completion completion = complete(completable_commands(), words);
  for (const Candidate& candidate : completion.candidates) {
    std::cout << candidate.word << "\t" << candidate.help << "\n";
  }
  std::cout << (completion.files ? kFilesToo : kNoFiles) << "\n";
  return kExitOk;
}

int run_completion(const Invocation& invocation) {
  const CommandHelp help{
      "holmes completion bash|zsh|fish",
      "Prints a script that completes commands, options and their values.\n\n"
      "Linked as kubectl-holmes, the program is `kubectl holmes`; kubectl completes it with a\n"
      "program on the PATH that is called kubectl_complete-holmes:\n\n"
      "  #!/bin/sh\n"
      "  exec kubectl-holmes __complete \"$@\"",
      "source <(holmes completion bash)\n"
      "holmes completion fish > ~/.config/fish/completions/holmes.fish"};
  std::string shell;
  OptionTable table;
  table.argument("bash|zsh|fish", shell, "Whose script");
  if (const auto code = load_or_exit(table, help, invocation)) return *code;
  if (shell == "bash") {
    std::cout << kBash;
  } else if (shell == "zsh") {
    std::cout << kZsh;
  } else if (shell == "fish") {
    std::cout << kFish;
  } else {
    return usage_error(
        Error(ErrorCode::kInvalid, fmt::format("'{}' must be bash, zsh or fish", shell)));
  }
  return kExitOk;
}

}  // namespace holmes
