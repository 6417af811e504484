// kubernetes_logs: the end of a container's log.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include "base/strings.h"
#include "holmes/tools/kubernetes_tool.h"

namespace holmes {
namespace {

constexpr int64_t kDefaultTailLines = 100;
constexpr int64_t kMaxTailLines = 1000;
constexpr int64_t kMaxFilteredLines = 5000;  // read when a filter picks from them
constexpr int64_t kMinLines = 10;            // lines so long that these are too much are given up
constexpr size_t kMaxLogBytes = size_t{1} << 20U;  // redacted and searched; it blocks the loop
constexpr size_t kMaxLineBytes = 4000;
constexpr size_t kReservedForHeader = 600;  // of the output limit
constexpr int64_t kFilterMemoryBytes = int64_t{1} << 20;
constexpr std::string_view kDefaultContainer = "kubectl.kubernetes.io/default-container";

constexpr std::array kParameters{
    Parameter{"pod", ParameterType::kString, true, "Its name."},
    kNamespaceParameter,
    Parameter{"container", ParameterType::kString, false, "null: the main one."},
    Parameter{"previous", ParameterType::kBoolean, false, "true: before the last restart."},
    Parameter{"tail_lines", ParameterType::kInteger, false, "1 to 1000; null: 100."},
    Parameter{"filter", ParameterType::kString, false, "RE2; only matching lines."}};

std::vector<std::string> container_names(const json::object& pod) {
  std::vector<std::string> names;
  for (const std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
    const json::array* containers = json_array(pod, {"spec", list});
    if (containers == nullptr) continue;
    for (const json::value& container : *containers) {
      names.push_back(json_string_or(container, {"name"}));
    }
  }
  return names;
}

Result<std::string> choose_container(const json::object& pod, const std::string& asked) {
  const std::vector<std::string> names = container_names(pod);
  if (names.empty()) return fail(ErrorCode::kProtocol, "the pod has no containers");
  std::string name = asked;
  if (name.empty()) name = json_string_or(pod, {"metadata", "annotations", kDefaultContainer});
  const bool exists = std::ranges::find(names, name) != names.end();
  if (exists) return name;
  if (asked.empty()) return names.front();
  return fail(ErrorCode::kNotFound, fmt::format("the pod has no container '{}'; it has: {}", asked,
                                                fmt::join(names, ", ")));
}

// The newest lines within kMaxLogBytes; of a line longer than that, its beginning.
std::string newest_lines(std::string log) {
  if (log.size() <= kMaxLogBytes) return log;
  if (log.ends_with('\n')) log.pop_back();
  const size_t line_end = log.find('\n', log.size() - std::min(log.size(), kMaxLogBytes));
  if (line_end != std::string::npos) return log.substr(line_end + 1);
  const size_t line_begin = log.rfind('\n');
  return log.substr(line_begin == std::string::npos ? 0 : line_begin + 1, kMaxLogBytes);
}

size_t line_count(std::string_view log) {
  if (log.ends_with('\n')) log.remove_suffix(1);
  return log.empty() ? 0 : split(log, '\n').size();
}

// What was read of a log.
struct LogTail {
  std::string text;
  size_t lines = 0;        // asked for, or all that are left of a log that was too large
  bool too_large = false;  // it holds fewer lines than were asked for
};

struct Selection {
  std::vector<std::string_view> lines;  // oldest first
  size_t matched = 0;
};

// The last `lines_max` lines that match, as far as `bytes_max` goes.
Selection select_lines(std::string_view log, const RE2* filter, size_t lines_max,
                       size_t bytes_max) {
  Selection selection;
  if (log.ends_with('\n')) log.remove_suffix(1);
  if (log.empty()) return selection;
  std::vector<std::string_view> lines = split(log, '\n');
  size_t bytes = 0;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (filter != nullptr && !RE2::PartialMatch(*line, *filter)) continue;
    ++selection.matched;
    const size_t size = std::min(line->size(), kMaxLineBytes) + 1;
    if (selection.lines.size() >= lines_max || bytes + size > bytes_max) {
      bytes = bytes_max;  // a shorter, older line must not slip in
      continue;
    }
    bytes += size;
    selection.lines.push_back(*line);
  }
  std::ranges::reverse(selection.lines);
  return selection;
}

class KubernetesLogs final : public KubernetesTool {
 public:
  explicit KubernetesLogs(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(std::move(view), "kubernetes_logs",
                       "Reads the last lines of a container's log, below a line of note.",
                       kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) override {
    const int64_t tail = arguments.integer("tail_lines").value_or(kDefaultTailLines);
    if (tail < 1) {
      co_return fail(ErrorCode::kInvalid,
                     fmt::format("argument 'tail_lines' must be 1 to {}", kMaxTailLines));
    }
    const size_t lines_max = static_cast<size_t>(std::min(tail, kMaxTailLines));
    const std::string pattern = arguments.text("filter");
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kFilterMemoryBytes);
    const RE2 filter(pattern, options);
    if (!filter.ok()) {
      co_return fail(
          ErrorCode::kInvalid,
          fmt::format("argument 'filter' is no RE2 regular expression: {}", filter.error()));
    }

    const kube::ObjectKey key{arguments.text("namespace", context.ns), arguments.text("pod")};
    HOLMES_CO_TRY(const json::object pod, co_await view().get("pods", key, stop));
    HOLMES_CO_TRY(const std::string container, choose_container(pod, arguments.text("container")));
    const bool previous = arguments.flag("previous");
    const int64_t lines = pattern.empty() ? static_cast<int64_t>(lines_max) : kMaxFilteredLines;
    std::string header =
        fmt::format("{}log of container {}", previous ? "previous " : "", container);
    const std::vector<std::string> names = container_names(pod);
    if (names.size() > 1) header += fmt::format(" (of {})", fmt::join(names, ", "));

    Result<LogTail> log = co_await read(key, container, previous, lines, stop);
    if (!log && log.error().code == ErrorCode::kInvalid) {
      // The kubelet's way to say that the container has none (yet): an answer about the cluster.
      co_return fmt::format("[no {}: {}]", header, trim(log.error().message));
    }
    if (!log) co_return fail(std::move(log).error());
    // Before filtering: what is redacted must not be found by guessing either.
    const std::string shown = redact(to_valid_utf8(log->text));
    const Selection selection = select_lines(shown, pattern.empty() ? nullptr : &filter, lines_max,
                                             output_bytes_max() - kReservedForHeader);
    co_return render(header, selection, pattern, *log);
  }

 private:
  // The last lines; fewer of them when they are too long.
  Task<Result<LogTail>> read(kube::ObjectKey key, std::string container, bool previous,
                             int64_t lines, Stop stop) {
    static const kube::ResourceType pods{"", "v1", "pods", "Pod", true};
    bool too_large = false;
    while (true) {
      kube::Request request = kube::get_request(pods, key, "log");
      request.accept = "*/*";
      request.query.emplace_back("container", container);
      if (previous) request.query.emplace_back("previous", "true");
      request.query.emplace_back("tailLines", std::to_string(lines));
      Result<std::string> log = co_await view().send(std::move(request), stop);
      if (log && log->size() <= kMaxLogBytes) {
        co_return LogTail{*std::move(log), static_cast<size_t>(lines), too_large};
      }
      if (log) {
        std::string newest = newest_lines(*std::move(log));
        const size_t count = line_count(newest);
        co_return LogTail{std::move(newest), count, true};
      }
      if (log.error().code != ErrorCode::kTooLarge) co_return fail(std::move(log).error());
      too_large = true;
      if (lines <= kMinLines) {
        co_return fail(ErrorCode::kTooLarge,
                       fmt::format("even the last {} lines of the log are too large", lines));
      }
      lines = std::max(kMinLines, lines / 10);
    }
  }

  static std::string render(const std::string& header, const Selection& selection,
                            const std::string& pattern, const LogTail& log) {
    const std::string matching =
        pattern.empty() ? "" : fmt::format(" that match, of the last {} read", log.lines);
    if (selection.matched == 0) {
      return fmt::format("[{}: {}]", header,
                         pattern.empty() ? "empty" : fmt::format("no lines{}", matching));
    }
    const size_t left_out = selection.matched - selection.lines.size();
    std::string text = fmt::format(
        "[{}: {} lines{}{}{}]\n", header, selection.lines.size(), matching,
        log.too_large ? fmt::format("; only the last {} were read, as they are long", log.lines)
                      : "",
        left_out == 0 ? ""
                      : fmt::format("; {} older ones are left out, narrow with filter or "
                                    "tail_lines",
                                    left_out));
    for (const std::string_view line : selection.lines) text += cut(line, kMaxLineBytes) + '\n';
    return text;
  }
};

}  // namespace

std::unique_ptr<Tool> make_kubernetes_logs(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesLogs>(std::move(view));
}

}  // namespace holmes
