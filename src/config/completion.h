// What may stand next on a command line, from the tables that --help shows. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/option_table.h"

namespace holmes {

struct CompletableCommand {
  std::vector<std::string> path;  // "check", "run"
  std::string about;
  std::vector<Option> options;  // never set
  std::vector<Argument> arguments;
};

struct Candidate {
  std::string word;
  std::string help;  // one line; may be empty

  bool operator==(const Candidate&) const = default;
};

struct Completion {
  std::vector<Candidate> candidates;  // those that begin with the word, in the order of the tables
  bool files = false;                 // names of files may stand there, too
};

// `words` stand behind the program's name; the last is being typed and may be empty. With none it
// is as if an empty one was typed.
Completion complete(const std::vector<CompletableCommand>& commands,
                    std::vector<std::string> words);

}  // namespace holmes
