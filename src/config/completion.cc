#include "config/completion.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::string_view kFileNames[] = {"FILE", "PATH", "DIR", "FILE..."};

bool names_files(std::string_view value_name) {
  return std::ranges::find(kFileNames, value_name) != std::end(kFileNames);
}

class Completer {
 public:
  explicit Completer(std::string typed) : typed_(std::move(typed)) {}

  void offer(std::string word, std::string help) {
    if (!word.starts_with(typed_)) return;
    const Candidate candidate{std::move(word), std::move(help)};
    if (std::ranges::find(found_.candidates, candidate.word, &Candidate::word) ==
        found_.candidates.end()) {
      found_.candidates.push_back(candidate);
    }
  }

  // The words of "table|json", or files.
  void offer_values(std::string_view value_name, std::string_view before, std::string_view about) {
    found_.files = names_files(value_name);
    if (value_name.find('|') == std::string_view::npos) return;
    for (const std::string_view choice : split(value_name, '|')) {
      offer(std::string(before).append(choice), std::string(about));
    }
  }

  Completion take() { return std::move(found_); }

 private:
  std::string typed_;
  Completion found_;
};

bool starts_with(const std::vector<std::string>& words, const std::vector<std::string>& beginning) {
  return words.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), words.begin());
}

// The command whose whole path stands there; nullptr: it is not complete yet.
const CompletableCommand* find_command(const std::vector<CompletableCommand>& commands,
                                       const std::vector<std::string>& before) {
  for (const CompletableCommand& command : commands) {
    if (starts_with(before, command.path)) return &command;
  }
  return nullptr;
}

// The option that this word is: "--output", "-f"; nullptr: it is none.
const Option* find_option(const CompletableCommand& command, std::string_view word) {
  for (const Option& option : command.options) {
    if (word == "--" + option.flag) return &option;
    if (option.short_name != 0 && word == std::string{'-', option.short_name}) return &option;
  }
  return nullptr;
}

void offer_flags(const CompletableCommand& command, const std::vector<std::string>& before,
                 Completer& completer) {
  std::set<const Option*> given;
  for (const std::string& word : before) {
    given.insert(find_option(command, std::string_view(word).substr(0, word.find('='))));
  }
  for (const Option& option : command.options) {
    if (!option.repeatable && given.contains(&option)) continue;
    completer.offer("--" + option.flag, option.help);
  }
  completer.offer("--help", "This text");
}

void complete_in(const CompletableCommand& command, const std::vector<std::string>& before,
                 const std::string& typed, Completer& completer) {
  const size_t equals = typed.find('=');
  if (typed.starts_with("--") && equals != std::string::npos) {
    const Option* const option = find_option(command, typed.substr(0, equals));
    if (option != nullptr) {
      completer.offer_values(option->value_name, typed.substr(0, equals + 1), option->help);
    }
    return;
  }
  const Option* const option = before.empty() ? nullptr : find_option(command, before.back());
  if (option != nullptr && !option->value_name.empty() && option->bare_word.empty()) {
    return completer.offer_values(option->value_name, "", option->help);
  }
  const bool has_arguments = !command.arguments.empty();
  if (has_arguments && !typed.starts_with("-")) {
    const Argument& last = command.arguments.back();
    return completer.offer_values(last.name, "", last.help);
  }
  offer_flags(command, before, completer);
}

}  // namespace

Completion complete(const std::vector<CompletableCommand>& commands,
                    std::vector<std::string> words) {
  const std::string typed = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();
  Completer completer(typed);
  const CompletableCommand* const command = find_command(commands, words);
  if (command != nullptr) {
    words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(command->path.size()));
    complete_in(*command, words, typed, completer);
    return completer.take();
  }
  for (const CompletableCommand& other : commands) {
    if (other.path.size() > words.size() && starts_with(other.path, words)) {
      completer.offer(other.path[words.size()], other.about);
    }
  }
  return completer.take();
}

}  // namespace holmes
