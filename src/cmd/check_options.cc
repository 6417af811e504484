#include "cmd/check_options.h"

#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxParallel = 64;
constexpr std::string_view kHolmesGptParallel = "10";
constexpr std::chrono::seconds kMaxInterval{86400};

Result<std::optional<std::chrono::seconds>> parse_timeout(std::string_view text) {
  HOLMES_TRY(const int64_t seconds, parse_integer(text, 1, kMaxCheckTimeout.count()));
  return std::chrono::seconds(seconds);
}

Result<std::optional<Url>> parse_server(std::string_view text) {
  HOLMES_TRY(Url url, parse_url(text));
  return url;
}

std::vector<std::string> split_tags(const std::vector<std::string>& words) {
  std::vector<std::string> tags;
  for (const std::string& word : words) {
    for (std::string& tag : parse_list(word)) tags.push_back(std::move(tag));
  }
  return tags;
}

void add_what(OptionTable& table, CheckSettings& s) {
  table.texts("query", "", s.questions, "A question to ask; several times for several", "QUESTION");
  table.short_name('q');
  table.texts("file", "", s.files,
              "A checks.yaml of HolmesGPT, or HealthChecks and ScheduledHealthChecks; - is the "
              "standard input; several times for several",
              "FILE");
  table.short_name('f');
  table.text("replay", "", s.replay,
             "Folder of recordings (--record): runs them again, without model and cluster", "DIR");
  table.texts("name", "", s.selection.names, "Only the check of this name; may be repeated",
              "NAME");
  table.texts("tags", "", s.selection.tags,
              "Only checks with one of these tags, or labels as key=value; may be repeated",
              "A,B,...");
  table.texts("check", "", s.questions, "HolmesGPT's name of --query", "QUESTION");
  table.short_name('c');
  table.texts("checks-file", "", s.files, "HolmesGPT's name of --file", "FILE");
}

void add_how(OptionTable& table, CheckSettings& s) {
  table.text("namespace", "", s.overrides.ns, "Of checks that name none", "NAME");
  table.short_name('n');
  table.choice("mode", "", s.mode, {"alert", "monitor"},
               "Goes before the mode of each check; monitor never alerts");
  table.parsed<std::optional<std::chrono::seconds>>(
      "timeout", "", s.overrides.timeout, parse_timeout, "", "SECONDS",
      "Goes before the time limit of each check, which is 30 where none is said");
  table.integer<size_t>(
      "parallel", "", s.parallel, 1, kMaxParallel,
      fmt::format("Checks that run at once; {} when no number follows", kHolmesGptParallel));
  table.bare_word(std::string(kHolmesGptParallel));
  table.boolean("watch", "", s.watch, "Run again and again, until interrupted");
  table.seconds("interval", "", s.interval, std::chrono::seconds(1), kMaxInterval,
                "With --watch: from one begin to the next");
  table.choice("output", "", s.output, {"table", "json", "yaml", "junit"},
               "For people, programs or CI systems");
  table.count("verbose", s.verbose, "Tell rationales, too; -vv: and the evidence");
  table.short_name('v');
}

}  // namespace

OptionTable CheckSettings::make_table() {
  OptionTable table;
  add_what(table, *this);
  add_how(table, *this);
  table.parsed<std::optional<Url>>("server", "", server, parse_server, "", "URL",
                                   "API server that executes the checks, instead of this process");
  table.secret("server-api-key", "HOLMES_API_KEY", checks.api_key, "Key of that server");
  checks.models.add_to(table);
  table.tell_flag("model", model_by_flag);
  table.secret("api-key", "", checks.models.options.settings["OPENAI_API_KEY"],
               "HolmesGPT's name of --openai-api-key");
  checks.add_alerts_to(table);
  checks.add_budgets_to(table);
  table.tell_flag("slack-channel", channel_by_flag);
  table.secret("slack-webhook", "", checks.slack.webhook_url,
               "Incoming webhook of Slack for alerts that name no channel, instead of the token");
  cluster.add_to(table);
  table.text("snapshot", "", snapshot,
             "Look at objects that were saved as YAML or JSON, instead of a cluster: a file, or a "
             "folder of such files",
             "PATH");
  proxies.add_to(table);
  log.add_to(table);
  return table;
}

Status CheckSettings::complete() {
  HOLMES_CHECK(check_questions());
  if (!snapshot.empty() && (!replay.empty() || server)) {
    return fail(ErrorCode::kInvalid,
                "--snapshot: this process looks at it; leave out --server and --replay");
  }
  HOLMES_CHECK(choose_alerts());
  selection.tags = split_tags(selection.tags);
  overrides.mode = parse_check_mode(mode);
  if (model_by_flag) overrides.model = checks.models.options.model;
  return {};
}

Status CheckSettings::check_questions() const {
  if (!replay.empty() && (!questions.empty() || !files.empty() || server)) {
    return fail(ErrorCode::kInvalid,
                "--replay: the recordings are what is checked; leave out -q, -f and --server");
  }
  for (const std::string& question : questions) {
    const size_t length = code_point_count(question);
    if (trim(question).empty()) return fail(ErrorCode::kInvalid, "--query: the question is blank");
    if (length <= kMaxQueryLength) continue;
    return fail(ErrorCode::kInvalid,
                fmt::format("--query: the question must have at most {} characters, not {}",
                            kMaxQueryLength, length));
  }
  return {};
}

Status CheckSettings::choose_alerts() {
  SlackOptions& slack = checks.slack;
  slack.webhooks_of_checks = true;  // whoever wrote the checks runs them
  const std::string type(kSlackDestination);
  if (!slack.webhook_url.empty()) {
    if (channel_by_flag) {
      return fail(ErrorCode::kInvalid,
                  "--slack-channel and --slack-webhook: a webhook has its own channel; give one");
    }
    if (server) {
      return fail(ErrorCode::kInvalid,
                  "--slack-webhook: with --server the server alerts, in its own way");
    }
    // Never quoted: its path is a secret.
    if (!parse_url(slack.webhook_url)) {
      return fail(ErrorCode::kInvalid, "--slack-webhook: must be a URL that begins with https://");
    }
    overrides.alert_to = Destination{type, "", {}};
  } else if (!slack.channel.empty()) {
    overrides.alert_to = Destination{type, "", json::object{{"channel", slack.channel}}};
  }
  return {};
}

}  // namespace holmes
