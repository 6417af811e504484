#include "operator/schedule_child.h"

#include <algorithm>
#include <charconv>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/hash.h"

namespace holmes {
namespace {

constexpr size_t kMaxNameBytes = 253;  // of an object (RFC 1123 subdomain)
constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kTickHashLength = 6;
constexpr size_t kLabelHashLength = 8;
constexpr size_t kRunNowIdLength = 12;
constexpr size_t kTickLength = 15;  // YYYYMMDD-HHMMSS
constexpr size_t kMaxPrefixBytes = kMaxNameBytes - kTickLength - kTickHashLength - 2;

// Cut so that what is joined to it with a '-' is still a name.
std::string_view cut_name(std::string_view name, size_t bytes_max) {
  std::string_view kept = name.substr(0, bytes_max);
  while (kept.ends_with('-') || kept.ends_with('.')) kept.remove_suffix(1);
  return kept;
}

std::string tick_text(WallTime tick) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(tick);
  return fmt::format("{:%Y%m%d-%H%M%S}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

}  // namespace

std::string child_prefix(const kube::ObjectMeta& schedule) {
  return std::string(cut_name(schedule.name, kMaxPrefixBytes)) + "-";
}

std::string child_name(const kube::ObjectMeta& schedule, WallTime tick) {
  const std::string hash = sha256_hex(schedule.uid + "/" + format_rfc3339(tick));
  return fmt::format("{}{}-{}", child_prefix(schedule), tick_text(tick),
                     hash.substr(0, kTickHashLength));
}

std::string run_now_name(const kube::ObjectMeta& schedule, std::string_view id) {
  return fmt::format("{}now-{}", child_prefix(schedule), id);
}

std::string run_now_id(const kube::ObjectMeta& schedule) {
  return sha256_hex(fmt::format("{}/run-now/{}", schedule.uid, schedule.resource_version))
      .substr(0, kRunNowIdLength);
}

std::string scheduled_by(std::string_view schedule_name) {
  if (schedule_name.size() <= kMaxLabelBytes) return std::string(schedule_name);
  return fmt::format("{}-{}", cut_name(schedule_name, kMaxLabelBytes - kLabelHashLength - 1),
                     sha256_hex(schedule_name).substr(0, kLabelHashLength));
}

json::object make_child(const ScheduledHealthCheck& schedule, const std::string& name,
                        std::optional<WallTime> tick) {
  const kube::ResourceType& type = ScheduledHealthCheck::resource();
  json::object owner{
      {"apiVersion", type.api_version()}, {"kind", type.kind},  {"name", schedule.meta.name},
      {"uid", schedule.meta.uid},         {"controller", true}, {"blockOwnerDeletion", false}};
  json::object metadata{{"name", name},
                        {"namespace", schedule.meta.ns},
                        {"labels", {{kScheduledByLabel, scheduled_by(schedule.meta.name)}}},
                        {"ownerReferences", json::array{std::move(owner)}}};
  if (tick) {
    metadata["annotations"] = json::object{{kScheduledAtAnnotation, format_rfc3339(*tick)}};
  }
  return {{"apiVersion", HealthCheck::resource().api_version()},
          {"kind", HealthCheck::resource().kind},
          {"metadata", std::move(metadata)},
          {"spec", to_json(schedule.spec.check)}};
}

const kube::OwnerReference* schedule_of(const HealthCheck& check) {
  const auto& owners = check.meta.owner_references;
  const auto found = std::ranges::find_if(owners, [](const kube::OwnerReference& owner) {
    return owner.controller && owner.kind == kScheduleKind &&
           owner.api_version.starts_with(std::string(kGroup) + "/");
  });
  return found == owners.end() ? nullptr : &*found;
}

bool is_scheduled(const HealthCheck& check) {
  return schedule_of(check) != nullptr;
}

bool is_child_of(const HealthCheck& check, const kube::ObjectMeta& schedule) {
  const kube::OwnerReference* owner = schedule_of(check);
  return owner != nullptr && owner->uid == schedule.uid && check.meta.ns == schedule.ns;
}

std::optional<WallTime> tick_in_name(std::string_view name) {
  constexpr size_t kSuffixLength = kTickLength + 1 + kTickHashLength;
  if (name.size() <= kSuffixLength) return std::nullopt;
  const std::string_view t = name.substr(name.size() - kSuffixLength, kTickLength);
  const Result<WallTime> tick =
      parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2),
                                t.substr(6, 2), t.substr(9, 2), t.substr(11, 2), t.substr(13, 2)));
  return tick ? std::optional(*tick) : std::nullopt;
}

std::optional<WallTime> scheduled_at(const HealthCheck& check) {
  const kube::OwnerReference* owner = schedule_of(check);
  const std::optional<WallTime> tick = tick_in_name(check.meta.name);
  if (owner == nullptr || !tick) return std::nullopt;
  kube::ObjectMeta schedule;
  schedule.name = owner->name;
  schedule.uid = owner->uid;
  return child_name(schedule, *tick) == check.meta.name ? tick : std::nullopt;
}

std::chrono::seconds start_delay(const ScheduledHealthCheck& schedule) {
  if (schedule.spec.jitter <= std::chrono::seconds(0)) return std::chrono::seconds(0);
  constexpr size_t kHexDigits = 15;  // fits into 64 bits
  constexpr int kBase = 16;
  const std::string hash = sha256_hex(schedule.meta.uid + "/jitter");
  int64_t number = 0;
  std::from_chars(hash.data(), hash.data() + kHexDigits, number, kBase);
  return std::chrono::seconds(number % (schedule.spec.jitter.count() + 1));
}

}  // namespace holmes
