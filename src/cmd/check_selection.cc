#include "cmd/check_selection.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "cmd/terminal_text.h"
#include "config/suggest.h"

namespace holmes {
namespace {

constexpr size_t kMaxNamesTold = 20;
constexpr size_t kMaxQuotedBytes = 100;

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

bool is_named(const FileCheck& check, const std::string& name) {
  return check.name == name || (!check.ns.empty() && check.ns + "/" + check.name == name);
}

std::string list_of(const std::vector<std::string>& words) {
  const size_t told = std::min(words.size(), kMaxNamesTold);
  std::vector<std::string> shown;
  for (size_t i = 0; i < told; ++i) shown.push_back(one_line(words[i]));
  return fmt::format("{}{}", fmt::join(shown, ", "),
                     told < words.size() ? fmt::format(" and {} more", words.size() - told) : "");
}

std::vector<std::string> unique_sorted(std::vector<std::string> words) {
  const std::set<std::string> unique(words.begin(), words.end());
  return {unique.begin(), unique.end()};
}

Error unknown_name(const std::string& name, const std::vector<FileCheck>& checks) {
  std::vector<std::string> names;
  for (const FileCheck& check : checks) names.push_back(display_name(check));
  return {ErrorCode::kInvalid, fmt::format("--name: there is no check '{}'{}; there are: {}",
                                           cut(one_line(name), kMaxQuotedBytes),
                                           did_you_mean(name, names), list_of(names))};
}

Error unknown_tags(const std::vector<std::string>& tags, const std::vector<FileCheck>& checks) {
  std::vector<std::string> known;
  for (const FileCheck& check : checks) {
    known.insert(known.end(), check.tags.begin(), check.tags.end());
  }
  known = unique_sorted(std::move(known));
  return {ErrorCode::kInvalid,
          fmt::format("--tags: no check has the tag {}; {}", list_of(tags),
                      known.empty() ? "they have none" : "there are: " + list_of(known))};
}

// "namespace/name" on the wire: printable ASCII, with a '/' only behind a namespace.
std::string wire_name(const FileCheck& check) {
  std::string name = check.name;
  std::ranges::replace_if(name, [](char c) { return c < ' ' || c > '~' || c == '/'; }, '_');
  return cut(check.ns.empty() ? name : check.ns + "/" + name, kMaxNameLength);
}

}  // namespace

Result<std::vector<FileCheck>> select_checks(std::vector<FileCheck> checks,
                                             const CheckSelection& selection) {
  for (const std::string& name : selection.names) {
    const auto named = [&name](const FileCheck& check) { return is_named(check, name); };
    if (std::ranges::none_of(checks, named)) return fail(unknown_name(name, checks));
  }
  std::vector<FileCheck> picked;
  for (const FileCheck& check : checks) {
    const auto names_it = [&check](const std::string& name) { return is_named(check, name); };
    const auto tags_it = [&check](const std::string& tag) { return contains(check.tags, tag); };
    const bool by_name = selection.names.empty() || std::ranges::any_of(selection.names, names_it);
    const bool by_tag = selection.tags.empty() || std::ranges::any_of(selection.tags, tags_it);
    if (by_name && by_tag) picked.push_back(check);
  }
  if (picked.empty()) return fail(unknown_tags(selection.tags, checks));
  if (picked.size() > kMaxChecksOfRun) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} checks are more than one run takes, which is {}; pick some by "
                            "--name or --tags",
                            picked.size(), kMaxChecksOfRun));
  }
  return picked;
}

void apply_overrides(const CheckOverrides& overrides, std::vector<FileCheck>& checks) {
  for (FileCheck& check : checks) {
    if (check.ns.empty()) check.ns = overrides.ns;
    CheckRequest& request = check.request;
    request.name = wire_name(check);
    if (overrides.mode) request.mode = *overrides.mode;
    if (overrides.timeout) request.timeout = *overrides.timeout;
    if (!overrides.model.empty()) request.model = overrides.model;
    const bool alerts_nowhere = request.mode == CheckMode::kAlert && request.destinations.empty();
    if (alerts_nowhere && overrides.alert_to) request.destinations.push_back(*overrides.alert_to);
  }
}

std::vector<FileCheck> inline_checks(const std::vector<std::string>& questions) {
  std::vector<FileCheck> checks;
  for (const std::string& question : questions) {
    FileCheck check;
    check.name =
        checks.empty() ? "Inline Check" : fmt::format("Inline Check {}", checks.size() + 1);
    check.request.query = question;
    checks.push_back(std::move(check));
  }
  return checks;
}

std::string display_name(const FileCheck& check) {
  return check.ns.empty() ? check.name : check.ns + "/" + check.name;
}

}  // namespace holmes
