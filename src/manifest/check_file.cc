#include "manifest/check_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/scheduled_healthcheck.h"
#include "base/assert.h"
#include "config/suggest.h"
#include "manifest/checks_schema.h"
#include "manifest/schema_walk.h"
#include "manifest/validate.h"
#include "yaml/yaml_tree.h"

namespace holmes {
namespace {

// What a check may leave out, and the file's destinations by their names.
struct ChecksDocument {
  const YamlNode* defaults = nullptr;
  const YamlNode* destinations = nullptr;

  // The check's own value, else the default one; nullptr: neither is there.
  [[nodiscard]] const YamlNode* find(const YamlNode& check, std::string_view field) const {
    for (const YamlNode* node : {&check, defaults}) {
      const YamlMember* member = node == nullptr ? nullptr : node->find(field);
      if (member != nullptr && !member->value.is_null()) return &member->value;
    }
    return nullptr;
  }
  [[nodiscard]] std::string text(const YamlNode& check, std::string_view field) const {
    const YamlNode* node = find(check, field);
    return node != nullptr && node->scalar.is_string() ? std::string(node->scalar.get_string())
                                                       : "";
  }
  [[nodiscard]] Destination destination(const std::string& name) const {
    const YamlMember* member = destinations == nullptr ? nullptr : destinations->find(name);
    Destination destination{name, "", {}};
    if (member == nullptr) return destination;
    const json::value config = to_json(member->value);
    if (config.is_object()) destination.config = config.get_object();
    return destination;
  }
};

std::vector<std::string> words_of(const YamlNode* list) {
  std::vector<std::string> words;
  if (list == nullptr) return words;
  for (const YamlNode& item : list->items) {
    if (item.scalar.is_string()) words.emplace_back(item.scalar.get_string());
  }
  return words;
}

// Reads documents that the schema has been checked against; what is of a wrong type is left out.
class Reader {
 public:
  Reader(std::vector<FileCheck>& checks, Report& report) : checks_(checks), report_(report) {}

  void checks_document(const YamlNode& root) {
    check_schema(root, checks_file_schema(), {"", root.at}, report_);
    const ChecksDocument document{member(root, "defaults"), member(root, "destinations")};
    if (document.defaults != nullptr) tell_unknown(*document.defaults, "defaults", document);
    const YamlNode* checks = member(root, "checks");
    for (size_t i = 0; checks != nullptr && i < checks->items.size(); ++i) {
      const YamlNode& check = checks->items[i];
      tell_unknown(check, fmt::format("checks[{}]", i), document);
      add(read(check, document), check.find("name"), fmt::format("checks[{}].name", i));
    }
  }

  // Of a manifest without errors.
  void manifest(const YamlNode& root) {
    if (root.string_at("kind") == "List") {
      const YamlNode* items = member(root, "items");
      for (size_t i = 0; items != nullptr && i < items->items.size(); ++i) object(items->items[i]);
    } else {
      object(root);
    }
  }

 private:
  static const YamlNode* member(const YamlNode& node, std::string_view name) {
    const YamlMember* found = node.find(name);
    return found == nullptr ? nullptr : &found->value;
  }

  static FileCheck read(const YamlNode& check, const ChecksDocument& document) {
    FileCheck read;
    read.name = document.text(check, "name");
    read.tags = words_of(document.find(check, "tags"));
    read.request.query = document.text(check, "query");
    read.request.model = document.text(check, "model");
    read.request.mode = parse_check_mode(document.text(check, "mode")).value_or(read.request.mode);
    const YamlNode* timeout = document.find(check, "timeout");
    if (timeout != nullptr) {
      read.request.timeout =
          std::chrono::seconds(to_int(timeout->scalar).value_or(read.request.timeout.count()));
    }
    for (const std::string& name : words_of(document.find(check, "destinations"))) {
      read.request.destinations.push_back(document.destination(name));
    }
    return read;
  }

  void tell_unknown(const YamlNode& check, const std::string& path,
                    const ChecksDocument& document) {
    const YamlNode* list = member(check, "destinations");
    for (size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
      const YamlNode& item = list->items[i];
      if (!item.scalar.is_string()) continue;
      const std::string name(item.scalar.get_string());
      if (name == kSlackDestination) continue;
      const bool defined =
          document.destinations != nullptr && document.destinations->find(name) != nullptr;
      report_.warning(
          item.at, fmt::format("{}.destinations[{}]", path, i),
          fmt::format("{} is {}{}; alerts go to {} only, this one is skipped", quoted(name),
                      defined ? "no type of destination that Holmes knows"
                              : "not under destinations: of this file",
                      did_you_mean(name, {std::string(kSlackDestination)}), kSlackDestination));
    }
  }

  void object(const YamlNode& root) {
    if (root.string_at("apiVersion") != HealthCheck::resource().api_version()) return;
    json::object object = to_json(root).get_object();
    json::object& meta = object["metadata"].get_object();
    if (!meta.contains("name")) meta["name"] = json_string_or(meta, {"generateName"});
    object.erase("status");
    if (root.string_at("kind") == kScheduleKind) {
      const auto schedule = ScheduledHealthCheck::from_json(object);
      if (schedule) add_object(schedule->meta, schedule->spec.check);
    } else {
      const auto check = HealthCheck::from_json(object);
      if (check) add_object(check->meta, check->spec);
    }
  }

  void add_object(const kube::ObjectMeta& meta, const HealthCheckSpec& spec) {
    HealthCheck check;
    check.meta = meta;
    check.spec = spec;
    FileCheck read;
    read.name = meta.name;
    read.ns = meta.ns;
    read.request = to_request(check);
    read.request.name.clear();
    for (const auto& [key, value] : meta.labels)
      read.tags.push_back(fmt::format("{}={}", key, value));
    checks_.push_back(std::move(read));
  }

  void add(FileCheck check, const YamlMember* name, const std::string& path) {
    if (name != nullptr && !check.name.empty()) {
      const auto [first, is_new] = lines_.emplace(check.name, name->value.at.line);
      if (!is_new) {
        report_.error(name->value.at, path,
                      fmt::format("{} is the name of another check, in line {}; each needs its own",
                                  quoted(check.name), first->second));
      }
    }
    checks_.push_back(std::move(check));
  }

  std::vector<FileCheck>& checks_;
  Report& report_;
  std::map<std::string, int> lines_;  // of a checks.yaml, by name
};

bool is_checks_document(const YamlNode& root) {
  const auto has = [&root](std::string_view key) { return root.find(key) != nullptr; };
  return root.kind == YamlNode::Kind::kMap && !has("apiVersion") && !has("kind");
}

bool has_error(const std::vector<Problem>& problems) {
  return std::ranges::find(problems, Severity::kError, &Problem::severity) != problems.end();
}

}  // namespace

CheckFile read_check_file(std::string_view text) {
  CheckFile file;
  Report report;
  std::vector<YamlNode> manifests;
  const std::vector<YamlNode> documents = parse_yaml(text, report);
  Reader reader(file.checks, report);
  for (const YamlNode& document : documents) {
    if (is_checks_document(document)) {
      reader.checks_document(document);
    } else {
      manifests.push_back(document);
    }
  }
  if (!manifests.empty()) validate_documents(manifests, report);
  file.problems = report.take();
  if (!has_error(file.problems)) {
    for (const YamlNode& manifest : manifests) reader.manifest(manifest);
  }
  if (file.checks.empty() && !has_error(file.problems)) {
    file.problems.push_back({Severity::kError,
                             {},
                             "",
                             "there is no check in this file: neither 'checks:' nor a HealthCheck "
                             "or ScheduledHealthCheck"});
  }
  return file;
}

}  // namespace holmes
