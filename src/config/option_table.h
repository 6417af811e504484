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
  std::function<Status(std::string_view)> set;

  [[nodiscard]] std::string file_key() const;  // "maxConcurrentChecks"
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
  void host_port(std::string flag, std::string environment, HostPort& target, std::string help);
  // Anything that a function can read: "X: 'word' is not usable: <message of the parser>".
  template <class T>
  void parsed(std::string flag, std::string environment, T& target, Parser<T> parse,
              std::string default_text, std::string value_name, std::string help);

  // What stands beside the options, for example files; without this call nothing may. The words go
  // to `target` in their order, `min` to `max` of them.
  struct Arguments {
    std::string name;  // "FILE"
    std::vector<std::string>* target = nullptr;
    size_t min = 0;
    size_t max = 0;
  };
  void arguments(std::string name, std::vector<std::string>& target, size_t min, size_t max);

  void add(Option option);

  [[nodiscard]] const std::vector<Option>& all() const { return options_; }
  [[nodiscard]] const Arguments& arguments() const { return arguments_; }

 private:
  std::vector<Option> options_;
  Arguments arguments_;
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
