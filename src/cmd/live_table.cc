#include "cmd/live_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kColumns = 5;
constexpr size_t kMinMessageWidth = 10;
constexpr size_t kMaxMessageBytes = 2000;  // of a plain line
constexpr std::string_view kCut = "...";
constexpr std::string_view kGap = "  ";
constexpr std::string_view kChild = "  ";
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";

struct Character {
  size_t bytes = 1;
  uint32_t code = 0;
};

// Of valid UTF-8.
Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<uint8_t>(text[at + i]));
  };
  const uint32_t first = byte(0);
  if (first < 0x80 || at + 1 >= text.size()) return {1, first};
  if (first < 0xE0) return {2, (first & 0x1FU) << 6U | (byte(1) & 0x3FU)};
  if (first < 0xF0 && at + 2 < text.size()) {
    return {3, (first & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU)};
  }
  return {std::min<size_t>(4, text.size() - at), 0x10000};
}

// Scripts and pictures from here on take two columns, or at most two.
size_t columns_of(uint32_t code) {
  return code >= 0x1100 ? 2 : 1;
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    width += columns_of(character.code);
    at += character.bytes;
  }
  return width;
}

// One line of printable characters.
std::string printable(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::string out;
  for (size_t at = 0; at < valid.size();) {
    const Character character = character_at(valid, at);
    const bool control = character.code < 0x20 || (character.code >= 0x7F && character.code < 0xA0);
    // Marks that turn the direction of writing around.
    const bool turns = (character.code >= 0x202A && character.code <= 0x202E) ||
                       (character.code >= 0x2066 && character.code <= 0x2069);
    if (!control && !turns) {
      out.append(valid, at, character.bytes);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    at += character.bytes;
  }
  return std::string(trim(out));
}

std::string fitted(std::string_view text, size_t width) {
  if (width_of(text) <= width) return std::string(text);
  const std::string_view mark = kCut.substr(0, width);
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    used += columns_of(character.code);
    if (used + mark.size() > width) break;
    out.append(text, at, character.bytes);
    at += character.bytes;
  }
  return out + std::string(mark);
}

std::string result_text(const std::optional<CheckStatus>& result) {
  return result ? std::string(to_string(*result)) : "";
}

std::string duration_text(const std::optional<double>& seconds) {
  return seconds ? fmt::format("{:.1f}s", *seconds) : "";
}

std::string_view colour_of(std::string_view result) {
  if (result == "pass") return kGreen;
  if (result == "fail") return kRed;
  return result == "error" ? kYellow : "";
}

using Row = std::array<std::string, kColumns>;
constexpr size_t kResult = 2;
constexpr size_t kMessage = 4;

std::string key_of(const std::string& ns, const std::string& name) {
  return fmt::format("{}/{}", ns, name);
}

Row row_of(const LiveCheck& check) {
  const std::string name = check.schedule.empty() ? printable(key_of(check.ns, check.name))
                                                  : std::string(kChild) + printable(check.name);
  return {name, printable(check.phase), result_text(check.result),
          duration_text(check.duration_seconds), printable(check.message)};
}

Row row_of(const LiveSchedule& schedule) {
  return {printable(key_of(schedule.ns, schedule.name)),
          schedule.enabled ? "Scheduled" : "Suspended", result_text(schedule.last_result), "",
          printable(schedule.schedule)};
}

// What stands at one place of the table: a check, or a schedule with its children.
struct Group {
  const LiveCheck* check = nullptr;
  const LiveSchedule* schedule = nullptr;
  std::vector<const LiveCheck*> children{};
};

std::vector<Row> rows_of(const LiveState& state, size_t children_max) {
  std::multimap<std::string, Group> groups;  // a schedule before a check of its name
  for (const LiveSchedule& schedule : state.schedules) {
    groups.emplace(key_of(schedule.ns, schedule.name), Group{.schedule = &schedule});
  }
  for (const LiveCheck& check : state.checks) {
    const auto parent = check.schedule.empty()
                            ? groups.end()
                            : groups.lower_bound(key_of(check.ns, check.schedule));
    const bool is_child = parent != groups.end() && parent->second.schedule != nullptr &&
                          parent->first == key_of(check.ns, check.schedule);
    if (is_child) {
      parent->second.children.push_back(&check);
    } else {
      groups.emplace(key_of(check.ns, check.name), Group{.check = &check});
    }
  }
  std::vector<Row> rows;
  for (auto& [key, group] : groups) {
    rows.push_back(group.schedule != nullptr ? row_of(*group.schedule) : row_of(*group.check));
    // A child's name ends with its time.
    std::ranges::sort(group.children,
                      [](const LiveCheck* a, const LiveCheck* b) { return a->name > b->name; });
    if (group.children.size() > children_max) group.children.resize(children_max);
    for (const LiveCheck* child : group.children) rows.push_back(row_of(*child));
  }
  return rows;
}

using Widths = std::array<size_t, kColumns>;

// As wide as the longest cell; when that leaves too little for the message, names are cut.
Widths widths_of(const std::vector<Row>& rows, size_t width) {
  Widths widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  size_t fixed = (kColumns - 1) * kGap.size();
  for (size_t i = 1; i < kMessage; ++i) fixed += widths[i];
  const size_t left = width > fixed ? width - fixed : 0;
  const size_t for_names = left > kMinMessageWidth ? left - kMinMessageWidth : left;
  widths[0] = std::min(widths[0], for_names);
  widths[kMessage] = left - widths[0];
  return widths;
}

std::string line_of(const Row& row, const Widths& widths, const LiveTableOptions& options) {
  std::string line;
  for (size_t i = 0; i < kColumns; ++i) {
    std::string cell = fitted(row[i], widths[i]);
    const size_t padding = i + 1 < kColumns ? widths[i] - width_of(cell) : 0;
    const std::string_view colour = options.colour && i == kResult ? colour_of(cell) : "";
    if (!colour.empty()) cell = fmt::format("{}{}{}", colour, cell, kReset);
    line += cell + std::string(padding, ' ');
    if (i + 1 < kColumns) line += kGap;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

LiveCheck live_check(const HealthCheck& check) {
  LiveCheck live{.ns = check.meta.ns, .name = check.meta.name};
  for (const kube::OwnerReference& owner : check.meta.owner_references) {
    if (owner.kind == kScheduleKind) live.schedule = owner.name;
  }
  live.phase = check.status.phase == Phase::kNew ? "Pending" : to_string(check.status.phase);
  live.result = check.status.result;
  live.duration_seconds = check.status.duration_seconds;
  live.message = check.status.message.empty() ? check.status.error : check.status.message;
  return live;
}

LiveSchedule live_schedule(const ScheduledHealthCheck& schedule) {
  return {.ns = schedule.meta.ns,
          .name = schedule.meta.name,
          .schedule = schedule.spec.schedule,
          .enabled = schedule.spec.enabled,
          .last_result = schedule.status.last_result};
}

std::string render_live_table(const LiveState& state, const LiveTableOptions& options) {
  static const Row header{"NAME", "PHASE", "RESULT", "DURATION", "MESSAGE"};
  std::vector<Row> rows{header};
  for (Row& row : rows_of(state, options.children_max)) rows.push_back(std::move(row));
  const Widths widths = widths_of(rows, options.width);
  const size_t lines_max = options.height > 2 ? options.height - 1 : 2;
  const size_t shown = rows.size() <= lines_max ? rows.size() : lines_max - 1;
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const std::string whole = line_of(rows[i], widths, {.colour = false});
    std::string line = fitted(whole, options.width);
    if (options.colour && i == 0) {
      line = fmt::format("{}{}{}", kBold, line, kReset);
    } else if (options.colour && width_of(whole) <= options.width) {
      line = line_of(rows[i], widths, options);
    }
    text += line + '\n';
  }
  if (shown < rows.size()) {
    text += fitted(fmt::format("... and {} more", rows.size() - shown), options.width) + '\n';
  }
  return text;
}

std::string LiveTable::draw(const LiveState& state, const LiveTableOptions& options) {
  std::string table = render_live_table(state, options);
  if (table == drawn_) return "";
  std::string text;
  const auto lines = std::ranges::count(drawn_, '\n');
  if (lines > 0) text += fmt::format("\x1b[{}A", lines);
  for (const char c : table) {
    if (c == '\n') text += kClearLine;
    text += c;
  }
  text += kClearBelow;
  drawn_ = std::move(table);
  return text;
}

std::string LiveLines::changes(const LiveState& state, WallTime now) {
  std::map<std::string, const LiveCheck*> checks;
  for (const LiveCheck& check : state.checks) checks[key_of(check.ns, check.name)] = &check;
  std::map<std::string, std::string> known;
  std::string text;
  for (const auto& [key, check] : checks) {
    std::string what = printable(check->phase);
    if (check->result) what += fmt::format(" {}", result_text(check->result));
    const auto before = known_.find(key);
    if (before == known_.end() || before->second != what) {
      text += fmt::format("{} {} {}", format_rfc3339(now), printable(key), what);
      const std::string took = duration_text(check->duration_seconds);
      if (check->result && !took.empty()) text += fmt::format(" {}", took);
      const std::string message = cut(printable(check->message), kMaxMessageBytes);
      if (!message.empty()) text += fmt::format(" {}", message);
      text += '\n';
    }
    known[key] = std::move(what);
  }
  known_ = std::move(known);
  return text;
}

}  // namespace holmes
