#include "api/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr std::array<std::pair<ErrorReason, std::string_view>, 9> kErrorReasons{{
    {ErrorReason::kPermissionDenied, "PermissionDenied"},
    {ErrorReason::kDataMissing, "DataMissing"},
    {ErrorReason::kToolFailed, "ToolFailed"},
    {ErrorReason::kNoEvidence, "NoEvidence"},
    {ErrorReason::kUnparsable, "Unparsable"},
    {ErrorReason::kTimeout, "Timeout"},
    {ErrorReason::kBudgetExceeded, "BudgetExceeded"},
    {ErrorReason::kModelUnavailable, "ModelUnavailable"},
    {ErrorReason::kCancelled, "Cancelled"},
}};

// Reads the members of a request body and collects what is wrong with them.
class BodyReader {
 public:
  BodyReader(const json::object& body, ParsedRequest& out) : body_(body), out_(out) {}

  void read() {
    read_query();
    read_timeout();
    read_mode();
    read_destinations();
    read_optional_string("model", out_.request.model);
    read_optional_string("name", out_.request.name);
  }

 private:
  void add(std::vector<std::string> where, std::string msg, std::string type) {
    where.insert(where.begin(), "body");
    out_.errors.push_back({std::move(where), std::move(msg), std::move(type)});
  }

  const json::value* find(std::string_view name) const {
    const json::value* value = body_.if_contains(name);
    return value != nullptr && value->is_null() ? nullptr : value;
  }

  void read_query() {
    const json::value* value = body_.if_contains("query");
    if (value == nullptr) return add({"query"}, "Field required", "missing");
    if (!value->is_string()) return add({"query"}, "Input should be a valid string", "string_type");
    const std::string_view query = value->get_string();
    if (trim(query).empty()) {
      return add({"query"}, "String should have at least 1 character", "string_too_short");
    }
    if (code_point_count(query) > kMaxQueryLength) {
      return add({"query"},
                 fmt::format("String should have at most {} characters", kMaxQueryLength),
                 "string_too_long");
    }
    out_.request.query = query;
  }

  void read_timeout() {
    const json::value* value = find("timeout");
    if (value == nullptr) return;
    const auto seconds = to_int(*value);
    if (!seconds) return add({"timeout"}, "Input should be a valid integer", "int_type");
    if (*seconds < 1) {
      return add({"timeout"}, "Input should be greater than or equal to 1", "greater_than_equal");
    }
    if (*seconds > kMaxCheckTimeout.count()) {
      return add({"timeout"},
                 fmt::format("Input should be less than or equal to {}", kMaxCheckTimeout.count()),
                 "less_than_equal");
    }
    out_.request.timeout = std::chrono::seconds(*seconds);
  }

  void read_mode() {
    const json::value* value = find("mode");
    if (value == nullptr) return;
    const auto mode = value->is_string() ? parse_check_mode(value->get_string()) : std::nullopt;
    if (!mode) return add({"mode"}, "Input should be 'alert' or 'monitor'", "literal_error");
    out_.request.mode = *mode;
  }

  void read_destinations() {
    const json::value* value = find("destinations");
    if (value == nullptr) return;
    if (!value->is_array()) {
      return add({"destinations"}, "Input should be a valid list", "list_type");
    }
    const json::array& list = value->get_array();
    if (list.size() > kMaxDestinations) {
      return add({"destinations"},
                 fmt::format("List should have at most {} items", kMaxDestinations), "too_long");
    }
    for (size_t i = 0; i < list.size(); ++i) read_destination(list[i], std::to_string(i));
  }

  void read_destination(const json::value& value, const std::string& index) {
    if (!value.is_object()) {
      return add({"destinations", index}, "Input should be a valid object",
                 "model_attributes_type");
    }
    const json::value* type = json_find(value, {"type"});
    if (type == nullptr) return add({"destinations", index, "type"}, "Field required", "missing");
    if (!type->is_string() || type->get_string().empty()) {
      return add({"destinations", index, "type"}, "Input should be a valid string", "string_type");
    }
    if (type->get_string().size() > kMaxNameLength) {
      return add({"destinations", index, "type"},
                 fmt::format("String should have at most {} characters", kMaxNameLength),
                 "string_too_long");
    }
    auto destination = parse_destination(value);
    if (!destination) {
      return add({"destinations", index, "config"}, "Input should be a valid object", "dict_type");
    }
    if (to_text(destination->config).size() > kMaxDestinationConfigBytes) {
      return add(
          {"destinations", index, "config"},
          fmt::format("Object should have at most {} bytes of JSON", kMaxDestinationConfigBytes),
          "too_long");
    }
    out_.request.destinations.push_back(std::move(*destination));
  }

  void read_optional_string(std::string_view name, std::string& target) {
    const json::value* value = find(name);
    if (value == nullptr) return;
    if (!value->is_string()) {
      return add({std::string(name)}, "Input should be a valid string", "string_type");
    }
    if (code_point_count(value->get_string()) > kMaxNameLength) {
      return add({std::string(name)},
                 fmt::format("String should have at most {} characters", kMaxNameLength),
                 "string_too_long");
    }
    target = value->get_string();
  }

  const json::object& body_;
  ParsedRequest& out_;
};

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

std::string_view to_string(CheckMode mode) {
  return mode == CheckMode::kAlert ? "alert" : "monitor";
}

std::optional<CheckMode> parse_check_mode(std::string_view text) {
  if (text == "alert") return CheckMode::kAlert;
  if (text == "monitor") return CheckMode::kMonitor;
  return std::nullopt;
}

std::string_view to_string(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass:
      return "pass";
    case CheckStatus::kFail:
      return "fail";
    case CheckStatus::kError:
      return "error";
  }
  return "error";
}

std::optional<CheckStatus> parse_check_status(std::string_view text) {
  if (text == "pass") return CheckStatus::kPass;
  if (text == "fail") return CheckStatus::kFail;
  if (text == "error") return CheckStatus::kError;
  return std::nullopt;
}

std::string_view to_string(ErrorReason reason) {
  return std::ranges::find(kErrorReasons, reason, &decltype(kErrorReasons)::value_type::first)
      ->second;
}

std::optional<ErrorReason> parse_error_reason(std::string_view text) {
  for (const auto& [reason, name] : kErrorReasons) {
    if (name == text) return reason;
  }
  return std::nullopt;
}

std::string_view to_string(Notification::Outcome outcome) {
  switch (outcome) {
    case Notification::Outcome::kSent:
      return "sent";
    case Notification::Outcome::kFailed:
      return "failed";
    case Notification::Outcome::kSkipped:
      return "skipped";
  }
  return "skipped";
}

json::array to_json(const std::vector<FieldError>& errors) {
  json::array list;
  for (const FieldError& error : errors) {
    json::array loc;
    for (const std::string& step : error.loc) {
      size_t index = 0;
      const char* const end = step.data() + step.size();
      const bool is_index = std::from_chars(step.data(), end, index).ptr == end && !step.empty();
      loc.push_back(is_index ? json::value(index) : json::value(step));
    }
    list.push_back(json::object{{"loc", loc}, {"msg", error.msg}, {"type", error.type}});
  }
  return list;
}

ParsedRequest parse_check_request(const json::value& body, bool strict) {
  constexpr std::array<std::string_view, 6> kKnown{"query",        "timeout", "mode",
                                                   "destinations", "model",   "name"};
  ParsedRequest out;
  if (!body.is_object()) {
    out.errors.push_back({{"body"}, "Input should be a valid object", "model_attributes_type"});
    return out;
  }
  BodyReader(body.get_object(), out).read();
  for (const auto& member : body.get_object()) {
    const std::string name(member.key());
    if (std::ranges::find(kKnown, name) != kKnown.end()) continue;
    out.unknown_fields.push_back(name);
    if (strict && out.errors.size() < kMaxFieldErrors) {
      out.errors.push_back({{"body", name}, "Extra inputs are not permitted", "extra_forbidden"});
    }
  }
  return out;
}

json::object to_json(const CheckRequest& request) {
  json::object body;
  body["query"] = request.query;
  body["timeout"] = request.timeout.count();
  body["mode"] = to_string(request.mode);
  json::array& destinations = body["destinations"].emplace_array();
  for (const Destination& destination : request.destinations) {
    destinations.push_back(to_json(destination));
  }
  if (!request.model.empty()) body["model"] = request.model;
  if (!request.name.empty()) body["name"] = request.name;
  return body;
}

Result<CheckResponse> parse_check_response(const json::object& body) {
  CheckResponse response;
  const auto status = parse_check_status(json_string_or(body, {"status"}));
  if (!status) return fail(ErrorCode::kProtocol, "'status' must be pass, fail or error");
  response.status = *status;
  response.message = limit_length(json_string_or(body, {"message"}), kMaxMessageLength);
  response.duration_seconds = std::max(0.0, json_number(body, {"duration"}).value_or(0));
  response.rationale = limit_length(json_string_or(body, {"rationale"}), kMaxRationaleLength);
  response.error = limit_length(json_string_or(body, {"error"}), kMaxErrorLength);
  response.reason = parse_error_reason(json_string_or(body, {"reason"}));
  response.model_used = limit_length(json_string_or(body, {"model_used"}), kMaxNameLength);
  if (const json::array* list = json_array(body, {"notifications"})) {
    for (const json::value& item : *list) {
      if (response.notifications.size() == kMaxDestinations) break;
      if (auto notification = parse_notification(item)) {
        response.notifications.push_back(std::move(*notification));
      }
    }
  }
  if (const json::object* usage = json_object(body, {"usage"}))
    response.usage = parse_usage(*usage);
  if (const json::array* list = json_array(body, {"evidence"})) {
    const size_t begin = list->size() > kMaxEvidence ? list->size() - kMaxEvidence : 0;
    for (size_t i = begin; i < list->size(); ++i) {
      if (auto evidence = parse_evidence((*list)[i])) {
        response.evidence.push_back(std::move(*evidence));
      }
    }
  }
  return response;
}

json::object to_json(const CheckResponse& response) {
  json::object body;
  body["status"] = to_string(response.status);
  body["message"] = response.message;
  body["duration"] = response.duration_seconds;
  body["rationale"] = text_or_null(response.rationale);
  body["error"] = text_or_null(response.error);
  body["model_used"] = text_or_null(response.model_used);
  json::array& notifications = body["notifications"].emplace_array();
  for (const Notification& notification : response.notifications) {
    notifications.push_back(to_json(notification));
  }
  body["reason"] =
      response.reason ? json::value(to_string(*response.reason)) : json::value(nullptr);
  body["usage"] = to_json(response.usage);
  json::array& evidence = body["evidence"].emplace_array();
  for (const Evidence& item : response.evidence) evidence.push_back(to_json(item));
  return body;
}

json::object to_json(const Destination& destination) {
  json::object object;
  object["type"] = destination.type;
  if (!destination.name.empty()) object["name"] = destination.name;
  object["config"] = destination.config;
  return object;
}

json::object to_json(const Notification& notification) {
  json::object object;
  object["type"] = notification.type;
  if (!notification.channel.empty()) object["channel"] = notification.channel;
  object["status"] = to_string(notification.outcome);
  if (!notification.error.empty()) object["error"] = notification.error;
  return object;
}

json::object to_json(const Usage& usage) {
  json::object object;
  object["modelCalls"] = usage.model_calls;
  object["toolCalls"] = usage.tool_calls;
  object["inputTokens"] = usage.input_tokens;
  object["cachedInputTokens"] = usage.cached_input_tokens;
  object["outputTokens"] = usage.output_tokens;
  if (!usage.cost_usd.empty()) object["costUSD"] = usage.cost_usd;
  return object;
}

json::object to_json(const Evidence& evidence) {
  return json::object{{"tool", evidence.tool},
                      {"arguments", evidence.arguments},
                      {"summary", evidence.summary},
                      {"bytes", evidence.bytes}};
}

Result<Destination> parse_destination(const json::value& value) {
  Destination destination;
  const auto type = json_string(value, {"type"});
  if (!type || type->empty()) return fail(ErrorCode::kInvalid, "'type' must be a string");
  destination.type = *type;
  destination.name = limit_length(json_string_or(value, {"name"}), kMaxNameLength);
  const json::value* config = json_find(value, {"config"});
  if (config != nullptr && !config->is_null()) {
    if (!config->is_object()) return fail(ErrorCode::kInvalid, "'config' must be an object");
    destination.config = config->get_object();
  }
  return destination;
}

Result<Notification> parse_notification(const json::value& value) {
  Notification notification;
  notification.type = limit_length(json_string_or(value, {"type"}), kMaxNameLength);
  notification.channel = limit_length(json_string_or(value, {"channel"}), kMaxNameLength);
  notification.error = limit_length(json_string_or(value, {"error"}), kMaxErrorLength);
  const std::string status = json_string_or(value, {"status"});
  using Outcome = Notification::Outcome;
  for (const Outcome outcome : {Outcome::kSent, Outcome::kFailed, Outcome::kSkipped}) {
    if (to_string(outcome) != status) continue;
    notification.outcome = outcome;
    return notification;
  }
  return fail(ErrorCode::kProtocol,
              fmt::format("notification status '{}' must be sent, failed or skipped", status));
}

Usage parse_usage(const json::object& object) {
  const auto count = [&](std::string_view name) {
    return std::max<int64_t>(0, json_int(object, {name}).value_or(0));
  };
  Usage usage;
  usage.model_calls = count("modelCalls");
  usage.tool_calls = count("toolCalls");
  usage.input_tokens = count("inputTokens");
  usage.cached_input_tokens = count("cachedInputTokens");
  usage.output_tokens = count("outputTokens");
  usage.cost_usd = json_string_or(object, {"costUSD"});
  return usage;
}

Result<Evidence> parse_evidence(const json::value& value) {
  const auto tool = json_string(value, {"tool"});
  if (!tool) return fail(ErrorCode::kProtocol, "evidence 'tool' must be a string");
  Evidence evidence;
  evidence.tool = limit_length(*tool, kMaxNameLength);
  if (const json::value* arguments = json_find(value, {"arguments"})) {
    evidence.arguments = limit_length(
        arguments->is_string() ? std::string(arguments->get_string()) : to_text(*arguments),
        kMaxEvidenceSummaryLength);
  }
  evidence.summary = limit_length(json_string_or(value, {"summary"}), kMaxEvidenceSummaryLength);
  evidence.bytes = std::max<int64_t>(0, json_int(value, {"bytes"}).value_or(0));
  return evidence;
}

std::string limit_length(std::string_view text, size_t length) {
  if (text.size() <= length || code_point_count(text) <= length) return std::string(text);
  constexpr std::string_view kMark = "...";
  // Walk to the byte where the kept characters end.
  size_t end = 0;
  for (size_t kept = 0; kept + kMark.size() < length && end < text.size(); ++kept) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  }
  return std::string(text.substr(0, end)).append(kMark);
}

}  // namespace holmes
