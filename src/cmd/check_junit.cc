// The format that CI systems read: https://github.com/testmoapp/junitxml, which collects what they
// agree on.
#include <fmt/format.h>

#include "base/strings.h"
#include "cmd/check_report.h"

namespace holmes {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF.
bool is_forbidden(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x20U) return byte != '\n' && byte != '\t' && byte != '\r';
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

// For content and attributes. Line breaks are written as references: as such, an attribute would
// lose them.
std::string escape(std::string_view raw) {
  const std::string valid = to_valid_utf8(raw);
  std::string_view text = valid;
  std::string escaped;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (is_forbidden(text)) {
      escaped += kReplacement;
      if (static_cast<unsigned char>(c) >= 0x20U) text.remove_prefix(2);
    } else if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\n' || c == '\r' || c == '\t') {
      escaped += fmt::format("&#{};", static_cast<int>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string body_of(const CheckOutcome& outcome) {
  const CheckResponse& response = outcome.response;
  std::string text = fmt::format("{}\n\n{}\n", outcome.check.request.query,
                                 response.rationale.empty() ? response.error : response.rationale);
  for (const Evidence& evidence : response.evidence) {
    text += fmt::format("\n{} {}\n{}\n", evidence.tool, evidence.arguments, evidence.summary);
  }
  return text;
}

std::string testcase(const CheckOutcome& outcome) {
  const CheckResponse& response = outcome.response;
  std::string text = fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.3f}">)",
                                 escape(outcome.check.ns.empty() ? "holmes" : outcome.check.ns),
                                 escape(outcome.check.name), response.duration_seconds);
  if (response.status == CheckStatus::kPass) {
    text += fmt::format("<system-out>{}</system-out>", escape(body_of(outcome)));
  } else {
    const bool is_error = response.status == CheckStatus::kError;
    const std::string_view type =
        is_error && response.reason ? to_string(*response.reason) : to_string(response.status);
    text +=
        fmt::format(R"(<{0} message="{1}" type="{2}">{3}</{0}>)", is_error ? "error" : "failure",
                    escape(response.message), type, escape(body_of(outcome)));
  }
  return text + "</testcase>\n";
}

}  // namespace

std::string junit_report(const CheckRun& run) {
  size_t failures = 0;
  size_t errors = 0;
  std::string cases;
  for (const CheckOutcome& outcome : run.outcomes) {
    failures += outcome.response.status == CheckStatus::kFail ? 1U : 0U;
    errors += outcome.response.status == CheckStatus::kError ? 1U : 0U;
    cases += testcase(outcome);
  }
  const std::string totals =
      fmt::format(R"(tests="{}" failures="{}" errors="{}" time="{:.3f}")", run.outcomes.size(),
                  failures, errors, std::chrono::duration<double>(run.took).count());
  std::string began = format_rfc3339(run.began);
  began.pop_back();  // the format has no zone
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"holmes check\" {0}>\n"
      "  <testsuite name=\"holmes check\" {0} skipped=\"0\" timestamp=\"{1}\">\n{2}"
      "  </testsuite>\n</testsuites>\n",
      totals, began, cases);
}

}  // namespace holmes
