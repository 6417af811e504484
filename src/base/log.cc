#include "base/log.h"

#include <fmt/compile.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.h"
#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxFieldBytes = 4096;

json::value to_json(const LogField& field) {
  return std::visit(
      [](const auto& v) -> json::value {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
          return json::value(json::string(to_valid_utf8(cut(v, kMaxFieldBytes))));
        } else {
          return json::value(v);
        }
      },
      field.value);
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

std::string field_text(const LogField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    std::string shown = to_valid_utf8(cut(*text, kMaxFieldBytes));
    if (is_plain(shown)) return shown;
    return to_text(json::value(json::string(shown)));
  }
  if (const auto* number = std::get_if<double>(&field.value)) return fmt::format("{:g}", *number);
  if (const auto* number = std::get_if<int64_t>(&field.value)) return std::to_string(*number);
  return std::get<bool>(field.value) ? "true" : "false";
}

// The message is ours, but it may quote a peer's words.
std::string one_line(std::string_view message) {
  std::string line = to_valid_utf8(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Logger::Target {
  LogLevel level;
  Sink sink;
};

Result<LogLevel> parse_log_level(std::string_view text) {
  const std::string name = to_lower(text);
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning" || name == "warn") return LogLevel::kWarning;
  if (name == "error" || name == "critical") return LogLevel::kError;  // there is nothing graver
  return fail(ErrorCode::kInvalid,
              fmt::format("'{}' must be one of DEBUG, INFO, WARNING, ERROR", text));
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

Logger::Logger() = default;

Logger::Logger(LogLevel level, Sink sink)
    : target_(std::make_shared<const Target>(Target{level, std::move(sink)})) {}

Logger Logger::to_stderr(LogLevel level, LogFormat format, std::function<WallTime()> now) {
  auto writer =
      std::make_shared<spdlog::logger>("holmes", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  writer->set_pattern("%v");
  writer->set_level(spdlog::level::trace);
  auto* const render = format == LogFormat::kJson ? &format_log_json : &format_log_text;
  return {level, [writer, now = std::move(now), render](LogLevel at, std::string_view message,
                                                        const LogFields& fields) {
            writer->log(spdlog_level(at), render(now(), at, message, fields));
          }};
}

Logger Logger::with(LogFields fields) const {
  Logger child = *this;
  LogFields all = context_ ? *context_ : LogFields{};
  all.insert(all.end(), fields.begin(), fields.end());
  child.context_ = std::make_shared<const LogFields>(std::move(all));
  return child;
}

void Logger::debug(std::string_view message, LogFields fields) const {
  write(LogLevel::kDebug, message, std::move(fields));
}
void Logger::info(std::string_view message, LogFields fields) const {
  write(LogLevel::kInfo, message, std::move(fields));
}
void Logger::warning(std::string_view message, LogFields fields) const {
  write(LogLevel::kWarning, message, std::move(fields));
}
void Logger::error(std::string_view message, LogFields fields) const {
  write(LogLevel::kError, message, std::move(fields));
}

bool Logger::enabled(LogLevel level) const {
  return target_ != nullptr && level >= target_->level;
}

void Logger::write(LogLevel level, std::string_view message, LogFields fields) const {
  if (!enabled(level)) return;
  if (context_) fields.insert(fields.begin(), context_->begin(), context_->end());
  target_->sink(level, message, fields);
}

std::string format_log_text(WallTime time, LogLevel level, std::string_view message,
                            const LogFields& fields) {
  std::string line = fmt::format(FMT_COMPILE("{} {:<7} {}"), format_rfc3339_micros(time),
                                 to_string(level), one_line(message));
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=").append(field_text(field));
  }
  return line;
}

std::string format_log_json(WallTime time, LogLevel level, std::string_view message,
                            const LogFields& fields) {
  json::object record;
  record["time"] = format_rfc3339_micros(time);
  record["level"] = to_string(level);
  record["msg"] = one_line(message);
  for (const LogField& field : fields) record[field.key] = to_json(field);
  return to_text(record);
}

}  // namespace holmes
