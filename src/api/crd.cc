#include "api/crd.h"

#include <yaml-cpp/yaml.h>

#include "api/healthcheck.h"

namespace holmes {
namespace {

struct Member {
  std::string_view name;
  json::value value;

  Member(std::string_view n, std::string_view text) : name(n), value(text) {}
  template <class T>
  Member(std::string_view n, const T& v) : name(n), value(v) {}
};
using Members = std::initializer_list<Member>;

json::object schema(std::string_view type, std::string_view description, Members more = {}) {
  json::object object{{"type", type}, {"description", description}};
  for (const auto& [name, value] : more) object[name] = value;
  return object;
}

json::object text(std::string_view description, Members more = {}) {
  return schema("string", description, more);
}
json::object integer(std::string_view description, Members more = {}) {
  return schema("integer", description, more);
}
json::object count(std::string_view description) {
  return schema("integer", description, {{"format", "int64"}, {"minimum", 0}});
}
json::object flag(std::string_view description, Members more = {}) {
  return schema("boolean", description, more);
}
json::object time(std::string_view description) {
  return text(description, {{"format", "date-time"}});
}
json::object list(std::string_view description, json::object items, Members more = {}) {
  json::object object = schema("array", description, more);
  object["items"] = std::move(items);
  return object;
}
json::object structure(std::string_view description, json::object properties, Members more = {}) {
  json::object object = schema("object", description, more);
  object["properties"] = std::move(properties);
  return object;
}
template <class... Names>
json::array names(Names... name) {
  return json::array{json::value(name)...};
}

json::object destination_schema() {
  json::object properties;
  properties["type"] =
      text("Kind of destination, for example slack.", {{"minLength", 1}, {"maxLength", 63}});
  properties["name"] =
      text("Name of a destination in the server's configuration.", {{"maxLength", 253}});
  properties["config"] =
      schema("object", "Settings of the destination, for example channel for slack; at most 8 KiB.",
             {{"x-kubernetes-preserve-unknown-fields", true}});
  return structure("One place where an alert goes.", std::move(properties),
                   {{"required", names("type")}});
}

json::object spec_schema() {
  json::object p;
  p["query"] = text("The question, in plain words. The check passes when no problem is found.",
                    {{"minLength", 1}, {"maxLength", kMaxQueryLength}});
  p["query"].get_object()["x-kubernetes-validations"] = json::array{
      json::object{{"rule", "self.trim().size() > 0"}, {"message", "must not be blank"}}};
  p["timeout"] = integer("Hard limit of one execution, in seconds.",
                         {{"minimum", 1},
                          {"maximum", kMaxCheckTimeout.count()},
                          {"default", kDefaultCheckTimeout.count()}});
  p["mode"] = text("alert sends a failed check to the destinations, monitor only records it.",
                   {{"enum", names(to_string(CheckMode::kAlert), to_string(CheckMode::kMonitor))},
                    {"default", to_string(CheckMode::kMonitor)}});
  p["destinations"] =
      list("Where an alert goes.", destination_schema(), {{"maxItems", kMaxDestinations}});
  p["model"] = text("Name of a model in the server's configuration.", {{"maxLength", 253}});
  p["ttlSecondsAfterFinished"] =
      integer("Delete the check this many seconds after it finished. Unset: keep it.",
              {{"minimum", 0}, {"maximum", kMaxTtlSeconds}});
  p["backoffLimit"] =
      integer("Further attempts after an attempt that brought no answer.",
              {{"minimum", 0}, {"maximum", kMaxBackoffLimit}, {"default", kDefaultBackoffLimit}});
  p["suspend"] = flag("Do not start the check while true.", {{"default", false}});
  p["cancel"] = flag("Stop the check: a running one is cancelled, a waiting one never starts.",
                     {{"default", false}});
  return structure("What to check.", std::move(p), {{"required", names("query")}});
}

json::object condition_schema() {
  json::object p;
  p["type"] = text("Name of the condition.");
  p["status"] = text("True or False.", {{"enum", names("True", "False", "Unknown")}});
  p["reason"] = text("One word for programs.");
  p["message"] = text("One sentence for people.");
  p["lastTransitionTime"] = time("When the status last changed.");
  p["observedGeneration"] =
      integer("Generation that the condition is about.", {{"format", "int64"}});
  return structure("", std::move(p), {{"required", names("type", "status")}});
}

json::object attempt_schema() {
  json::object p;
  p["number"] = count("Attempt within the run, from 1.");
  p["id"] = text("Idempotency key of the execution.");
  p["epoch"] = text("Leadership under which the claim was made.");
  p["holder"] = text("Operator that holds the claim.");
  p["startTime"] = time("When it was claimed.");
  p["deadline"] = time("Until when the claim counts.");
  return structure("The claim of the current attempt.", std::move(p));
}

json::object attempt_record_schema() {
  json::object p;
  p["run"] = count("Run of the check.");
  p["number"] = count("Attempt within the run.");
  p["id"] = text("Idempotency key of the execution.");
  p["startTime"] = time("When it was claimed.");
  p["endTime"] = time("When it ended.");
  p["outcome"] = text("Answered, Interrupted (nobody knows the answer) or Refused (nothing ran).");
  return structure("", std::move(p));
}

json::object usage_schema() {
  json::object p;
  p["modelCalls"] = count("Calls of the model.");
  p["toolCalls"] = count("Calls of tools.");
  p["inputTokens"] = count("Tokens read by the model.");
  p["cachedInputTokens"] = count("Part of inputTokens that the provider had cached.");
  p["outputTokens"] = count("Tokens written by the model.");
  p["costUSD"] = text("Price in US dollars, when known.");
  return structure("What the run cost.", std::move(p));
}

json::object evidence_schema() {
  json::object p;
  p["tool"] = text("Tool that was called.");
  p["arguments"] = text("Its arguments, as JSON.");
  p["summary"] = text("Beginning of the answer, redacted.");
  p["bytes"] = count("Size of the whole answer.");
  return structure("", std::move(p));
}

json::object notification_schema() {
  json::object p;
  p["type"] = text("Kind of destination.");
  p["channel"] = text("Where exactly.");
  p["status"] = text("sent, failed or skipped.");
  p["error"] = text("Why it was not sent.");
  return structure("", std::move(p));
}

json::object status_schema() {
  json::object p;
  p["phase"] = text("Where the run stands.",
                    {{"enum", names(to_string(Phase::kPending), to_string(Phase::kRunning),
                                    to_string(Phase::kCompleted), to_string(Phase::kFailed))}});
  p["startTime"] = time("When the current run started.");
  p["completionTime"] = time("When it ended.");
  p["result"] = text("pass, fail, or error when the question could not be judged.",
                     {{"enum", names(to_string(CheckStatus::kPass), to_string(CheckStatus::kFail),
                                     to_string(CheckStatus::kError))}});
  p["message"] = text("The result in a sentence.");
  p["rationale"] = text("Why, with what was observed.");
  p["error"] = text("What went wrong when there is no verdict.");
  p["duration"] = schema("number", "Seconds that the execution took.");
  p["modelUsed"] = text("Model that judged.");
  p["notifications"] = list("What became of the alerts.", notification_schema());
  p["conditions"] = list(
      "Complete, Passed, Failed, Inconclusive; Waiting while it cannot start.", condition_schema(),
      {{"x-kubernetes-list-type", "map"}, {"x-kubernetes-list-map-keys", names("type")}});
  p["run"] = count("Runs of this object, from 1; a re-run is one more.");
  p["attempt"] = attempt_schema();
  p["attempts"] = list("The last attempts, oldest first.", attempt_record_schema());
  p["rerunAccepted"] = flag("A re-run was accepted and has not started yet.");
  p["observedGeneration"] = count("Generation of the spec that ran.");
  p["usage"] = usage_schema();
  p["evidence"] = list("The last tool calls that the verdict rests on.", evidence_schema());
  return structure("What became of the check. Written by the operator.", std::move(p));
}

json::array printer_columns() {
  const auto column = [](std::string_view name, std::string_view type, std::string_view path) {
    return json::object{{"name", name}, {"type", type}, {"jsonPath", path}};
  };
  json::object message = column("Message", "string", ".status.message");
  message["priority"] = 1;
  return {column("Phase", "string", ".status.phase"), column("Result", "string", ".status.result"),
          column("Duration", "number", ".status.duration"), message,
          column("Age", "date", ".metadata.creationTimestamp")};
}

void emit(YAML::Emitter& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    if (object->empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& member : *object) {
      out << YAML::Key << std::string(member.key()) << YAML::Value;
      emit(out, member.value());
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    if (array->empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const json::value& item : *array) emit(out, item);
    out << YAML::EndSeq;
  } else if (const auto* string = value.if_string()) {
    const std::string content(*string);
    // Quoted whenever a YAML reader could take it for something else than a string.
    const bool plain = content.find_first_of(":#'\"{}[],&*!|>%@`\n") == std::string::npos &&
                       !content.empty() && content != "True" && content != "False" &&
                       content != "true" && content != "false" && content != "null";
    if (plain) {
      out << content;
    } else {
      out << YAML::DoubleQuoted << content;
    }
  } else {
    out << to_text(value);
  }
}

}  // namespace

json::object healthcheck_crd() {
  const kube::ResourceType& type = HealthCheck::resource();
  json::object root =
      structure("A health check: a plain question that is answered once, like a Job.", {},
                {{"required", names("spec")}});
  json::object& properties = root["properties"].get_object();
  properties["apiVersion"] = schema("string", "Version of this schema.");
  properties["kind"] = schema("string", "Kind of this object.");
  properties["metadata"] = json::object{{"type", "object"}};
  properties["spec"] = spec_schema();
  properties["status"] = status_schema();

  json::object version{{"name", type.version},
                       {"served", true},
                       {"storage", true},
                       {"subresources", {{"status", json::object()}}},
                       {"additionalPrinterColumns", printer_columns()},
                       {"schema", {{"openAPIV3Schema", std::move(root)}}}};
  json::object kind_names{{"kind", type.kind},         {"listKind", type.kind + "List"},
                          {"plural", type.plural},     {"singular", "healthcheck"},
                          {"shortNames", names("hc")}, {"categories", names("holmes")}};
  return json::object{{"apiVersion", "apiextensions.k8s.io/v1"},
                      {"kind", "CustomResourceDefinition"},
                      {"metadata", {{"name", type.plural + "." + type.group}}},
                      {"spec",
                       {{"group", type.group},
                        {"scope", "Namespaced"},
                        {"names", std::move(kind_names)},
                        {"versions", json::array{std::move(version)}}}}};
}

std::string to_yaml(const json::value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace holmes
