#include "cmd/check_report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "cmd/check_selection.h"
#include "cmd/terminal_text.h"

namespace holmes {
namespace {

constexpr size_t kMaxNameWidth = 60;
constexpr size_t kMinMessageWidth = 20;
constexpr size_t kResultWidth = 8;
constexpr size_t kDurationWidth = 10;

size_t count(const CheckRun& run, CheckStatus status) {
  return static_cast<size_t>(std::ranges::count_if(
      run.outcomes, [status](const auto& outcome) { return outcome.response.status == status; }));
}

Color color_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass:
      return Color::kGreen;
    case CheckStatus::kFail:
      return Color::kRed;
    case CheckStatus::kError:
      break;
  }
  return Color::kYellow;
}

std::string shown_name(const FileCheck& check) {
  return one_line(display_name(check));
}

// The message without what the column RESULT says already.
std::string shown_message(const CheckResponse& response) {
  std::string_view message = response.message;
  for (const std::string_view lead : {"Check passed. ", "Check failed. ", "Check errored: "}) {
    if (message.starts_with(lead)) message.remove_prefix(lead.size());
  }
  return one_line(message);
}

// What went wrong with alerts.
std::string alert_lines(const CheckRun& run) {
  std::string text;
  for (const auto& [check, response] : run.outcomes) {
    for (const Notification& notification : response.notifications) {
      if (notification.outcome == Notification::Outcome::kSent) continue;
      text +=
          fmt::format("{}: alert to {} {}: {}\n", shown_name(check), one_line(notification.type),
                      to_string(notification.outcome), one_line(notification.error));
    }
  }
  return text;
}

std::string details(const CheckOutcome& outcome, const TableStyle& style) {
  const CheckResponse& response = outcome.response;
  std::string text =
      fmt::format("\n{}: {}{}\n", shown_name(outcome.check), to_string(response.status),
                  response.reason ? fmt::format(" ({})", to_string(*response.reason)) : "");
  text += indent_lines(one_line(outcome.check.request.query), "  question: ");
  if (!response.rationale.empty()) {
    text += "  rationale:\n" + indent_lines(printable_lines(response.rationale), "    ");
  }
  if (!response.error.empty()) text += "  error: " + one_line(response.error) + "\n";
  const Usage& usage = response.usage;
  text +=
      fmt::format("  model: {}; {}, {}, {}\n",
                  response.model_used.empty() ? "none" : one_line(response.model_used),
                  counted(usage.model_calls, "model call"), counted(usage.tool_calls, "tool call"),
                  counted(usage.input_tokens + usage.output_tokens, "token"));
  for (const Notification& notification : response.notifications) {
    text += fmt::format("  alert: {} {} {}\n", one_line(notification.type),
                        one_line(notification.channel), to_string(notification.outcome));
  }
  if (style.verbose < 2) return text;
  text += response.evidence.empty() ? "  evidence: none\n" : "  evidence:\n";
  for (const Evidence& evidence : response.evidence) {
    text += fmt::format("    {} {} ({} bytes)\n", one_line(evidence.tool),
                        one_line(evidence.arguments), evidence.bytes);
    text += indent_lines(printable_lines(evidence.summary), "      ");
  }
  return text;
}

std::string summary(const CheckRun& run) {
  std::string text = fmt::format("{}: {} passed, {} failed, {} could not be judged",
                                 counted(static_cast<int64_t>(run.outcomes.size()), "check"),
                                 count(run, CheckStatus::kPass), count(run, CheckStatus::kFail),
                                 count(run, CheckStatus::kError));
  if (run.not_run > 0) text += fmt::format(", {} not run", run.not_run);
  if (run.interrupted) text += "; interrupted";
  return text + fmt::format(" ({:.1f} s)\n", std::chrono::duration<double>(run.took).count());
}

}  // namespace

int exit_code(const CheckRun& run) {
  if (run.interrupted) return kExitInterrupted;
  if (count(run, CheckStatus::kFail) > 0) return kExitFail;
  return count(run, CheckStatus::kError) > 0 ? kExitErrorVerdict : 0;
}

std::string table_report(const CheckRun& run, const TableStyle& style) {
  size_t name_width = std::string_view("NAME").size();
  for (const auto& [check, response] : run.outcomes) {
    name_width = std::max(name_width, code_point_count(shown_name(check)));
  }
  name_width = std::min(name_width, kMaxNameWidth) + 2;
  const size_t before = name_width + kResultWidth + kDurationWidth;
  const size_t message_width =
      style.width == 0 ? 0
                       : std::max(kMinMessageWidth, style.width - std::min(style.width, before));

  std::string text;
  if (!run.outcomes.empty()) {
    text += fmt::format("{}{}{}MESSAGE\n", pad("NAME", name_width), pad("RESULT", kResultWidth),
                        pad("DURATION", kDurationWidth));
  }
  for (const auto& [check, response] : run.outcomes) {
    const Color color = style.color ? color_of(response.status) : Color::kNone;
    text += pad(fit(shown_name(check), kMaxNameWidth), name_width);
    text += colored(pad(to_string(response.status), kResultWidth), color);
    text += pad(fmt::format("{:.1f} s", response.duration_seconds), kDurationWidth);
    text += fit(shown_message(response), message_width) + "\n";
  }
  text += alert_lines(run);
  if (style.verbose > 0) {
    for (const CheckOutcome& outcome : run.outcomes) text += details(outcome, style);
    text += "\n";
  }
  return text + summary(run);
}

json::array json_report(const CheckRun& run) {
  json::array rows;
  for (const auto& [check, response] : run.outcomes) {
    json::object row{{"name", check.name}};
    if (!check.ns.empty()) row["namespace"] = check.ns;
    row["query"] = check.request.query;
    row["tags"] = json::array(check.tags.begin(), check.tags.end());
    for (auto& member : to_json(response)) row[member.key()] = member.value();
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace holmes
