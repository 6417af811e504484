#include "api/check_fields.h"

namespace holmes {

Status read_check_fields(const Reader& spec, HealthCheckSpec& target) {
  HOLMES_CHECK(spec.required_text("query", target.query));
  HOLMES_CHECK(spec.seconds("timeout", std::chrono::seconds(1), kMaxCheckTimeout, target.timeout));
  const std::array modes{std::pair{CheckMode::kAlert, to_string(CheckMode::kAlert)},
                         std::pair{CheckMode::kMonitor, to_string(CheckMode::kMonitor)}};
  HOLMES_CHECK(spec.choice("mode", modes, target.mode));
  HOLMES_CHECK(spec.list("destinations", append_to(target.destinations, parse_destination)));
  HOLMES_CHECK(spec.text("model", target.model));
  HOLMES_CHECK(spec.seconds("ttlSecondsAfterFinished", std::chrono::seconds(0),
                            std::chrono::seconds(kMaxTtlSeconds), target.ttl_after_finished));
  HOLMES_CHECK(spec.integer("backoffLimit", 0, kMaxBackoffLimit, target.backoff_limit));
  return {};
}

void put_check_fields(json::object& object, const HealthCheckSpec& spec) {
  object["query"] = spec.query;
  object["timeout"] = spec.timeout.count();
  object["mode"] = to_string(spec.mode);
  put_list(object, "destinations", spec.destinations,
           [](const Destination& d) { return to_json(d); });
  put_text(object, "model", spec.model);
  if (spec.ttl_after_finished) object["ttlSecondsAfterFinished"] = spec.ttl_after_finished->count();
  object["backoffLimit"] = spec.backoff_limit;
}

Result<kube::Condition> parse_condition(const json::value& value) {
  if (!value.is_object()) return wrong("it", "an object");
  return kube::Condition::from_json(value.get_object());
}

void write_identity(JsonText& to, const kube::ResourceType& type, const kube::ObjectMeta& meta) {
  to.text("apiVersion", type.api_version());
  to.text("kind", type.kind);
  to.object("metadata", [&] {
    to.text("name", meta.name);
    to.text("namespace", meta.ns);
    to.text("uid", meta.uid);
    to.text("resourceVersion", meta.resource_version);
  });
}

}  // namespace holmes
