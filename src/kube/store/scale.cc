#include "kube/store/scale.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kube/store/field_error.h"
#include "kube/store/meta_rules.h"
#include "kube/store/patch.h"
#include "kube/store/write_options.h"

namespace holmes::kube {
namespace {

// "app=shop,tier in (a,b)", as the selector of a list would be written.
std::string selector_text(const json::object& workload) {
  std::vector<std::string> parts;
  const json::object* labels = json_object(workload, {"spec", "selector", "matchLabels"});
  if (labels == nullptr) labels = json_object(workload, {"spec", "selector"});
  if (labels == nullptr) return "";
  for (const auto& [name, value] : *labels) {
    if (value.is_string()) {
      parts.push_back(
          fmt::format("{}={}", std::string_view(name), std::string_view(value.get_string())));
    }
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

Refusal unreadable(std::string_view why) {
  return bad_request(fmt::format("Scale in version \"v1\" cannot be handled as a Scale: {}", why));
}

Answer<json::object> patched(const json::object& now, std::string_view type,
                             std::string_view body) {
  const Result<json::value> patch = parse_json(body);
  if (!patch) {
    return refuse(bad_request("error decoding patch: " + go_json_error(patch.error().message)));
  }
  if (type == kJsonPatchType) return apply_json_patch(now, *patch);
  if (!patch->is_object()) return refuse(bad_request("Invalid JSON Patch"));
  return apply_merge_patch(now, patch->get_object());  // it has no lists
}

}  // namespace

json::object scale_of(const json::object& workload) {
  json::object metadata;
  for (const std::string_view member :
       {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    const json::value* value = json_find(workload, {"metadata", member});
    if (value != nullptr) metadata.emplace(member, *value);
  }
  json::object spec;
  const int64_t wanted = json_int(workload, {"spec", "replicas"}).value_or(0);
  if (wanted != 0) spec.emplace("replicas", wanted);
  json::object status{{"replicas", json_int(workload, {"status", "replicas"}).value_or(0)}};
  const std::string selector = selector_text(workload);
  if (!selector.empty()) status.emplace("selector", selector);
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", std::move(metadata)},
          {"spec", std::move(spec)},
          {"status", std::move(status)}};
}

Answer<json::object> read_scale(const json::object& now, std::string_view method,
                                std::string_view content_type, std::string_view body) {
  const std::string_view type = media_type(content_type);
  Answer<json::object> scale = json::object();
  if (method == "PATCH") {
    if (type != kJsonPatchType && type != kMergePatchType && type != kStrategicPatchType) {
      return refuse(no_such_media_type());
    }
    scale = patched(now, type, body);
    if (!scale) return scale;
  } else {
    if (!type.empty() && type != "application/json") {
      return refuse(unsupported_media_type("application/json"));
    }
    Result<json::object> whole = parse_json_object(body);
    if (!whole) return refuse(unreadable(go_json_error(whole.error().message)));
    scale = *std::move(whole);
  }
  const json::value* replicas = json_find(*scale, {"spec", "replicas"});
  if (replicas != nullptr && !replicas->is_null() && !to_int(*replicas)) {
    return refuse(unreadable(
        fmt::format("json: cannot unmarshal {} into Go struct field ScaleSpec.spec.replicas of "
                    "type int32",
                    go_kind(*replicas))));
  }
  return scale;
}

Answer<json::object> with_scale(json::object workload, const json::object& scale) {
  const int64_t replicas = json_int(scale, {"spec", "replicas"}).value_or(0);
  const std::string name = json_string_or(workload, {"metadata", "name"});
  if (replicas < 0) {
    return refuse(invalid(kScaleType, name,
                          {field::invalid("spec.replicas", json::value(replicas),
                                          "must be greater than or equal to 0")}));
  }
  member_object(workload, "spec")["replicas"] = replicas;
  for (const std::string_view guard : {"uid", "resourceVersion"}) {
    set_meta(workload, guard, json_string_or(scale, {"metadata", guard}));
  }
  return workload;
}

}  // namespace holmes::kube
