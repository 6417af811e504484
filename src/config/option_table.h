// The options of a command, declared once: each is a flag (--max-concurrent-checks), an environment
// variable (HOLMES_MAX_CONCURRENT_CHECKS) and a key of the configuration file
// (maxConcurrentChecks).
//
//   OptionTable table;
//   table.integer("port", "HOLMES_PORT", options.port, 0, 65535, "Port to listen on");
//   load_options(table, sources);   // load_options.h
//
// The value a target has when it is declared is its default. Targets outlive the table's use.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/values.h"

namespace holmes {

struct Option {
  std::string flag;         // without dashes
  std::string environment;  // empty: a flag only, neither variable nor file key
  std::string value_name;   // "N", "HOST:PORT", ...; empty: a switch
  std::string help;
  std::string default_text;  // empty: none
  bool secret = false;       // its value is never printed
  // Reads the word into the target. An error's message is the rest of a sentence that begins with
  // the quoted word.
  std::function<Status(std::string_view)> set{};
  char short_name = 0;      // of "-f"; 0: none
  bool repeatable = false;  // may be given several times; `set` is called for each
  std::string bare_word{};  // what the flag means without a value; empty: it needs one
  bool* by_flag = nullptr;  // becomes whether the value came from the flag

  [[nodiscard]] std::string file_key() const;  // "maxConcurrentChecks"
};

// A word that is no flag: `holmes schedule EXPR`; or, as the last, one or more: `FILE...`. Always
// required.
struct Argument {
  std::string name;  // "EXPR"
  std::string help;
  std::string* target = nullptr;                // of one word
  std::vector<std::string>* targets = nullptr;  // of all words that are left
};

// What `--help` says around the options.
struct CommandHelp {
  std::string usage;    // "holmes server [options]"
  std::string about;    // a few lines
  std::string example;  // lines; shown indented
};

class OptionTable {
 public:
  template <class T>
  using Parser = std::function<Result<T>(std::string_view)>;

  void text(std::string flag, std::string environment, std::string& target, std::string help,
            std::string value_name = "TEXT");
  // Printable ASCII without spaces; never shown.
  void secret(std::string flag, std::string environment, std::string& target, std::string help);
  template <std::integral T>
  void integer(std::string flag, std::string environment, T& target, T min, T max,
               std::string help);
  void seconds(std::string flag, std::string environment, std::chrono::seconds& target,
               std::chrono::seconds min, std::chrono::seconds max, std::string help);
  // As a flag, "--name" is "--name=true".
  void boolean(std::string flag, std::string environment, bool& target, std::string help);
  // One of a few words, in any case; the target gets it as it is written in `choices`.
  void choice(std::string flag, std::string environment, std::string& target,
              std::vector<std::string> choices, std::string help);
  // Comma-separated; in the file a list too.
  void list(std::string flag, std::string environment, std::vector<std::string>& target,
            std::string help);
  // One word each time the flag is given. A variable or file key gives one.
  void texts(std::string flag, std::string environment, std::vector<std::string>& target,
             std::string help, std::string value_name);
  // How often a switch was given: -v, -vv. A flag only.
  void count(std::string flag, size_t& target, std::string help);
  void host_port(std::string flag, std::string environment, HostPort& target, std::string help);
  // Anything that a function can read: "X: 'word' is not usable: <message of the parser>".
  template <class T>
  void parsed(std::string flag, std::string environment, T& target, Parser<T> parse,
              std::string default_text, std::string value_name, std::string help);

  void add(Option option);
  // Of the option that was added last.
  void short_name(char name);
  void bare_word(std::string word);
  // Tells whether this option's value came from its flag, which goes before what others say.
  void tell_flag(std::string_view flag, bool& by_flag);
  // The next word that is no flag.
  void argument(std::string name, std::string& target, std::string help);
  // All words that are left, at least one; nothing may follow.
  void arguments(std::string name, std::vector<std::string>& targets, std::string help);

  [[nodiscard]] const std::vector<Option>& all() const { return options_; }
  [[nodiscard]] const std::vector<Argument>& arguments() const { return arguments_; }

 private:
  std::vector<Option> options_;
  std::vector<Argument> arguments_;
};

// The text for --help, with line breaks.
std::string help_text(const CommandHelp& help, const OptionTable& table);

template <std::integral T>
void OptionTable::integer(std::string flag, std::string environment, T& target, T min, T max,
                          std::string help) {
  const auto set = [&target, min, max](std::string_view word) -> Status {
    HOLMES_TRY(const int64_t number,
               parse_integer(word, static_cast<int64_t>(min), static_cast<int64_t>(max)));
    target = static_cast<T>(number);
    return {};
  };
  add({std::move(flag), std::move(environment), "N", std::move(help), std::to_string(target), false,
       set});
}

template <class T>
void OptionTable::parsed(std::string flag, std::string environment, T& target, Parser<T> parse,
                         std::string default_text, std::string value_name, std::string help) {
  const auto set = [&target, parse = std::move(parse)](std::string_view word) -> Status {
    Result<T> value = parse(word);
    if (!value) return fail(ErrorCode::kInvalid, "is not usable: " + value.error().message);
    target = std::move(*value);
    return {};
  };
  add({std::move(flag), std::move(environment), std::move(value_name), std::move(help),
       std::move(default_text), false, set});
}

}  // namespace holmes
