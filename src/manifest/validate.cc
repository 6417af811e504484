#include "manifest/validate.h"

#include <set>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include "api/crd.h"
#include "api/scheduled_healthcheck.h"
#include "base/strings.h"
#include "config/suggest.h"
#include "manifest/schema_walk.h"
#include "manifest/spec_checks.h"

namespace holmes {
namespace {

constexpr size_t kMaxKindsTold = 10;

// RFC 1123, as Kubernetes takes it.
bool is_dns_label(std::string_view name) {
  static const re2::RE2 label("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  return name.size() <= 63 && re2::RE2::FullMatch(name, label);
}

bool is_dns_subdomain(std::string_view name) {
  static const re2::RE2 subdomain(
      R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)");
  return name.size() <= kMaxNameLength && re2::RE2::FullMatch(name, subdomain);
}

json::object text_schema() {
  return json::object{{"type", "string"}};
}

// The metadata that a manifest may have. What only the API server writes is not looked into.
json::object metadata_schema() {
  const json::object texts{{"type", "object"}, {"additionalProperties", text_schema()}};
  const json::object anything{{"type", "object"}};
  const json::object list{{"type", "array"}};
  return json::object{{"type", "object"},
                      {"properties",
                       {{"name", text_schema()},
                        {"generateName", text_schema()},
                        {"namespace", text_schema()},
                        {"labels", texts},
                        {"annotations", texts},
                        {"finalizers", list},
                        {"ownerReferences", list},
                        {"managedFields", list},
                        {"creationTimestamp", text_schema()},
                        {"deletionTimestamp", text_schema()},
                        {"deletionGracePeriodSeconds", {{"type", "integer"}}},
                        {"generation", {{"type", "integer"}}},
                        {"resourceVersion", text_schema()},
                        {"selfLink", text_schema()},
                        {"uid", text_schema()}}}};
}

json::object object_schema(const json::object& crd) {
  const json::value& version = json_array(crd, {"spec", "versions"})->front();
  json::object schema = *json_object(version, {"schema", "openAPIV3Schema"});
  schema["properties"].get_object()["metadata"] = metadata_schema();
  return schema;
}

class Validator {
 public:
  explicit Validator(Report& report) : report_(report) {}

  void document(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMap) {
      return report_.error(root.at, "",
                           "must be an object with apiVersion, kind, metadata and spec");
    }
    if (root.string_at("kind") == "List" && root.string_at("apiVersion") == "v1") {
      return list(root);
    }
    object(root, "");
  }

  // After the last document.
  void tell_others() {
    if (others_ == 0) return;
    report_.note(first_other_, "",
                 fmt::format("{} object{} of other kinds not checked: {}", others_,
                             others_ == 1 ? "" : "s", fmt::join(other_kinds_, ", ")));
  }

  [[nodiscard]] size_t objects() const { return objects_; }

 private:
  void list(const YamlNode& root) {
    const YamlMember* items = root.find("items");
    if (items == nullptr) return;
    for (size_t i = 0; i < items->value.items.size(); ++i) {
      object(items->value.items[i], fmt::format("items[{}].", i));
    }
  }

  void object(const YamlNode& root, const std::string& prefix) {
    const std::string_view version = root.string_at("apiVersion");
    const std::string_view kind = root.string_at("kind");
    if (version.empty()) return missing(root, prefix, "apiVersion", "holmesgpt.dev/v1alpha1");
    if (kind.empty()) return missing(root, prefix, "kind", "HealthCheck or ScheduledHealthCheck");
    const kube::ResourceType& check = HealthCheck::resource();
    const kube::ResourceType& schedule = ScheduledHealthCheck::resource();
    const bool ours = kind == check.kind || kind == schedule.kind;
    const bool our_group = version.substr(0, version.find('/')) == kGroup;
    if (!our_group) {
      if (ours) foreign_group(root, prefix, version);
      return other(root, kind);
    }
    if (!ours) return unknown_kind(root, prefix, kind, {check.kind, schedule.kind});
    if (version != check.api_version()) {
      return report_.error(root.find("apiVersion")->value.at, prefix + "apiVersion",
                           fmt::format("must be {}, not {}", check.api_version(), quoted(version)));
    }
    ++objects_;
    const json::object& schema = kind == check.kind ? check_schema_ : schedule_schema_;
    check_schema(root, schema,
                 {prefix.substr(0, prefix.size() - (prefix.empty() ? 0 : 1)), root.at}, report_);
    check_metadata(root, prefix);
    check_status(root, prefix);
    const YamlMember* spec = root.find("spec");
    if (spec == nullptr) return;
    check_destinations(spec->value, prefix + "spec", report_);
    if (kind == schedule.kind) check_schedule(spec->value, prefix + "spec", report_);
  }

  void missing(const YamlNode& root, const std::string& prefix, std::string_view field,
               std::string_view right) {
    report_.error(root.at, prefix + std::string(field),
                  fmt::format("must be set, to {} for example", right));
  }

  void foreign_group(const YamlNode& root, const std::string& prefix, std::string_view version) {
    report_.warning(root.find("apiVersion")->value.at, prefix + "apiVersion",
                    fmt::format("{} is not the group of Holmes; {} would be", quoted(version),
                                HealthCheck::resource().api_version()));
  }

  void unknown_kind(const YamlNode& root, const std::string& prefix, std::string_view kind,
                    const std::vector<std::string>& kinds) {
    report_.error(root.find("kind")->value.at, prefix + "kind",
                  fmt::format("must be {}, not {}{}", fmt::join(kinds, " or "), quoted(kind),
                              did_you_mean(kind, kinds)));
  }

  void other(const YamlNode& root, std::string_view kind) {
    if (others_++ == 0) first_other_ = root.at;
    if (other_kinds_.size() < kMaxKindsTold) {
      other_kinds_.insert(quoted(kind));
    }
  }

  void check_metadata(const YamlNode& root, const std::string& prefix) {
    const YamlMember* metadata = root.find("metadata");
    const Position at = metadata == nullptr ? root.at : metadata->at;
    const YamlNode empty;
    const YamlNode& fields = metadata == nullptr ? empty : metadata->value;
    if (fields.find("name") == nullptr && fields.find("generateName") == nullptr) {
      report_.error(at, prefix + "metadata.name", "must be set: the name of the object");
    }
    check_name(
        fields, prefix, "name", is_dns_subdomain,
        "must be at most 253 lower case letters, digits, '-' and '.', and begin and end with "
        "a letter or digit");
    check_name(fields, prefix, "namespace", is_dns_label,
               "must be at most 63 lower case letters, digits and '-', and begin and end with a "
               "letter or digit");
  }

  void check_name(const YamlNode& metadata, const std::string& prefix, std::string_view field,
                  bool (*is_good)(std::string_view), std::string_view right) {
    const YamlMember* member = metadata.find(field);
    if (member == nullptr || !member->value.scalar.is_string()) return;
    const std::string_view name = member->value.scalar.get_string();
    if (is_good(name)) return;
    report_.error(member->value.at, fmt::format("{}metadata.{}", prefix, field),
                  fmt::format("{}, unlike {}", right, quoted(name)));
  }

  void check_status(const YamlNode& root, const std::string& prefix) {
    if (const YamlMember* status = root.find("status")) {
      report_.warning(status->at, prefix + "status",
                      "is written by the operator; the API server ignores it when it is applied");
    }
  }

  Report& report_;
  const json::object check_schema_ = object_schema(healthcheck_crd());
  const json::object schedule_schema_ = object_schema(scheduledhealthcheck_crd());
  size_t objects_ = 0;
  size_t others_ = 0;
  Position first_other_;
  std::set<std::string> other_kinds_;
};

}  // namespace

Validation validate_manifest(std::string_view text) {
  Report report;
  const std::vector<YamlNode> documents = parse_yaml(text, report);
  const size_t objects = validate_documents(documents, report);
  std::vector<Problem> problems = report.take();
  if (documents.empty() && problems.empty()) {
    problems.push_back({Severity::kWarning, {}, "", "there is no object in this file"});
  }
  return {std::move(problems), objects};
}

size_t validate_documents(const std::vector<YamlNode>& documents, Report& report) {
  Validator validator(report);
  for (const YamlNode& document : documents) validator.document(document);
  validator.tell_others();
  return validator.objects();
}

}  // namespace holmes
