#include "demo/demo_container.h"

#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

using std::chrono::seconds;

constexpr auto kContainers = std::to_array<DemoContainer>({
    {.image = "demo/frontend",
     .log = "level=info msg=\"listening on :8080\"\n"
            "level=info msg=\"GET /healthz 200\""},
    {.image = "demo/payments",
     .runs_for = seconds(3),
     .exit_code = 1,
     .needs_service = "payments-db",
     .log = "level=info msg=\"payments 2.3.1 starts\"\n"
            "level=info msg=\"connecting to postgres at payments-db:5432\"",
     .last_words = "level=error msg=\"lookup payments-db: no such host\" attempt=3\n"
                   "level=fatal msg=\"cannot connect to database payments-db:5432, giving up\""},
    {.image = "demo/search",
     .ready_after = seconds(60),
     .log = "level=info msg=\"search 5.0.2 starts\"\n"
            "level=info msg=\"loading the index, not ready before that is done\" documents=48211"},
    {.image = "demo/nightly-export",
     .runs_for = seconds(5),
     .exit_code = 1,
     .log = "level=info msg=\"exporting orders\"",
     .last_words = "level=fatal msg=\"write /export/orders.csv: no space left on device\""},
});

constexpr DemoContainer kService{.image = "", .log = ""};
constexpr DemoContainer kTask{.image = "", .runs_for = seconds(5)};

std::string_view without_tag(std::string_view image) {
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? image.substr(0, colon) : image;
}

const json::value* member_named(const json::array* list, std::string_view name) {
  if (list == nullptr) return nullptr;
  for (const json::value& item : *list) {
    if (name.empty() || json_string(item, {"name"}) == name) return &item;
  }
  return nullptr;
}

// One second apart; the last words end when the container did.
std::string lines_at(std::string_view text, WallTime first) {
  std::string lines;
  if (text.empty()) return lines;
  for (const std::string_view line : split(text, '\n')) {
    lines += fmt::format("time={} {}\n", format_rfc3339(first), line);
    first += seconds(1);
  }
  return lines;
}

}  // namespace

DemoContainer demo_container(std::string_view image, std::string_view restart_policy) {
  const std::string_view name = without_tag(image);
  for (const DemoContainer& row : kContainers) {
    if (row.image == name) return row;
  }
  return restart_policy == "Never" || restart_policy == "OnFailure" ? kTask : kService;
}

std::optional<std::string> demo_container_log(const json::object& pod, std::string_view container,
                                              bool previous) {
  const json::value* spec = member_named(json_array(pod, {"spec", "containers"}), container);
  const json::value* status =
      member_named(json_array(pod, {"status", "containerStatuses"}), container);
  if (spec == nullptr || status == nullptr) return std::nullopt;
  // While it waits to be started again, its log is still that of the instance that ended.
  const json::object* running = json_object(*status, {"state", "running"});
  const json::object* ended = json_object(*status, {"state", "terminated"});
  if (ended == nullptr || previous) ended = json_object(*status, {"lastState", "terminated"});
  const json::object* instance = running != nullptr && !previous ? running : ended;
  if (instance == nullptr) return std::nullopt;
  const auto started = parse_rfc3339(json_string_or(*instance, {"startedAt"}));
  if (!started) return std::nullopt;
  const DemoContainer row = demo_container(json_string_or(*spec, {"image"}),
                                           json_string_or(pod, {"spec", "restartPolicy"}));
  std::string log = lines_at(row.log, *started);
  const auto finished = parse_rfc3339(json_string_or(*instance, {"finishedAt"}));
  if (finished && json_int(*instance, {"exitCode"}).value_or(0) != 0) {
    const auto lines = static_cast<int64_t>(split(row.last_words, '\n').size());
    log += lines_at(row.last_words, *finished - seconds(lines - 1));
  }
  return log;
}

}  // namespace holmes
