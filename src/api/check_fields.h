// The parts that HealthCheck and ScheduledHealthCheck have in common. Private to src/api; pure.
#pragma once

#include "api/healthcheck.h"
#include "api/json_reader.h"

namespace holmes {

// query, timeout, mode, destinations, model, ttlSecondsAfterFinished and backoffLimit of a spec.
// Fails with kInvalid, the path and the range when the schema was bypassed.
Status read_check_fields(const Reader& spec, HealthCheckSpec& target);
void put_check_fields(json::object& object, const HealthCheckSpec& spec);

// An item of status.conditions.
Result<kube::Condition> parse_condition(const json::value& value);

// The members of a status write that say whose it is, and of which version.
void write_identity(JsonText& to, const kube::ResourceType& type, const kube::ObjectMeta& meta);

}  // namespace holmes
