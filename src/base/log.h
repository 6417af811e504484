// Structured logs: one line of text or JSON per record, with fields.
//
// A Logger is a cheap handle that may be copied and used on any thread. There is no global one:
// whoever logs was handed a Logger. Text and JSON writers go through spdlog, to stderr by default.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/time.h"

namespace holmes {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// DEBUG, INFO, WARNING (or WARN), ERROR in any case; fails with kInvalid and the list of them.
Result<LogLevel> parse_log_level(std::string_view text);
std::string_view to_string(LogLevel level);

struct LogField {
  std::string key;
  std::variant<std::string, int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  LogField(std::string_view k, T v) : key(k), value(static_cast<int64_t>(v)) {}
  // An error becomes its message.
  LogField(std::string_view k, const Error& e) : key(k), value(e.message) {}
};
using LogFields = std::vector<LogField>;

enum class LogFormat { kText, kJson };

class Logger {
 public:
  // Receives every record at or above the level; must not throw. Called on the logging thread.
  using Sink = std::function<void(LogLevel, std::string_view message, const LogFields&)>;

  // Drops everything.
  Logger();
  Logger(LogLevel level, Sink sink);
  // Writes to stderr; `now` stamps each record.
  static Logger to_stderr(LogLevel level, LogFormat format, std::function<WallTime()> now);

  // A logger that adds these fields to each record.
  [[nodiscard]] Logger with(LogFields fields) const;

  void debug(std::string_view message, LogFields fields = {}) const;
  void info(std::string_view message, LogFields fields = {}) const;
  void warning(std::string_view message, LogFields fields = {}) const;
  void error(std::string_view message, LogFields fields = {}) const;
  [[nodiscard]] bool enabled(LogLevel level) const;

 private:
  struct Target;
  void write(LogLevel level, std::string_view message, LogFields fields) const;

  std::shared_ptr<const Target> target_;
  std::shared_ptr<const LogFields> context_;
};

// One record as a line without line break. Line breaks and control characters in values are
// escaped, so that a value can never forge a record.
std::string format_log_text(WallTime time, LogLevel level, std::string_view message,
                            const LogFields& fields);
std::string format_log_json(WallTime time, LogLevel level, std::string_view message,
                            const LogFields& fields);

}  // namespace holmes
