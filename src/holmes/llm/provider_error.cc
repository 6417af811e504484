#include "holmes/llm/provider_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes {
namespace {

using Kind = ModelErrorKind;
using std::chrono::milliseconds;

constexpr size_t kMaxQuotedBytes = 500;     // of a provider's sentence
constexpr size_t kMaxSentenceBytes = 4096;  // that is looked at
constexpr size_t kMaxDetails = 50;
constexpr double kMaxWaitSeconds = 86'400;

struct ErrorBody {
  std::string sentence;
  std::string lower;               // the sentence in lower case
  std::vector<std::string> names;  // codes, types, reasons
  std::optional<milliseconds> retry_after;
};

// The first row that fits counts. A text with a space is looked for in the sentence, "*part*" in
// the names; any other is a whole name. All in lower case.
struct Row {
  std::string_view text;
  Kind kind;
};
constexpr auto kRows = std::to_array<Row>({
    // What is used up for longer than a check lasts.
    {"insufficient_quota", Kind::kQuotaExhausted},
    {"billing_hard_limit_reached", Kind::kQuotaExhausted},
    {"billing_not_active", Kind::kQuotaExhausted},
    {"billing_error", Kind::kQuotaExhausted},
    {"budget_exceeded", Kind::kQuotaExhausted},
    {"servicequotaexceededexception", Kind::kQuotaExhausted},
    {"credit balance is too low", Kind::kQuotaExhausted},
    {"insufficient credits", Kind::kQuotaExhausted},
    {"budget has been exceeded", Kind::kQuotaExhausted},
    {"*perday*", Kind::kQuotaExhausted},  // Gemini's quotaId
    {" per day", Kind::kQuotaExhausted},
    {"*perminute*", Kind::kRateLimited},
    {"exceeded your current quota", Kind::kQuotaExhausted},
    // Too long, whatever else it is called.
    {"context_length_exceeded", Kind::kContextTooLong},
    {"exceed_context_size_error", Kind::kContextTooLong},
    {"request_too_large", Kind::kContextTooLong},
    {"request too large for", Kind::kContextTooLong},
    {"maximum context length", Kind::kContextTooLong},
    {"prompt is too long", Kind::kContextTooLong},
    {"input is too long", Kind::kContextTooLong},
    {"exceed context limit", Kind::kContextTooLong},
    {"exceeds the context window", Kind::kContextTooLong},
    {"exceeds the available context size", Kind::kContextTooLong},
    {"exceeds the maximum number of tokens allowed", Kind::kContextTooLong},
    // Refused for what it says.
    {"content_filter", Kind::kContentRefused},
    {"content_policy_violation", Kind::kContentRefused},
    {"responsibleaipolicyviolation", Kind::kContentRefused},
    {"content filtering policy", Kind::kContentRefused},
    {"content management policy", Kind::kContentRefused},
    {"your input was flagged", Kind::kContentRefused},
    // The key.
    {"invalid_api_key", Kind::kAuthentication},
    {"authentication_error", Kind::kAuthentication},
    {"api_key_invalid", Kind::kAuthentication},
    {"unrecognizedclientexception", Kind::kAuthentication},
    {"invalidsignatureexception", Kind::kAuthentication},
    {"incompletesignatureexception", Kind::kAuthentication},
    {"incompletesignature", Kind::kAuthentication},
    {"expiredtokenexception", Kind::kAuthentication},
    {"missingauthenticationtokenexception", Kind::kAuthentication},
    {"api key not valid", Kind::kAuthentication},
    {"api key expired", Kind::kAuthentication},
    // OpenRouter's 404 about a parameter, not about the model.
    {"no endpoints found that support the provided", Kind::kInvalidRequest},
    {"no endpoints found that can handle the requested parameters", Kind::kInvalidRequest},
    // No such model, or not like this.
    {"model_not_found", Kind::kUnknownModel},
    {"not_found_error", Kind::kUnknownModel},
    {"resourcenotfoundexception", Kind::kUnknownModel},
    {"deploymentnotfound", Kind::kUnknownModel},
    {"model identifier is invalid", Kind::kUnknownModel},
    {"with on-demand throughput", Kind::kUnknownModel},
    {"is not a valid model id", Kind::kUnknownModel},
    // What passes.
    {"overloaded_error", Kind::kOverloaded},
    {"serviceunavailableexception", Kind::kOverloaded},
    {"modelnotreadyexception", Kind::kOverloaded},
    {"slow_down", Kind::kOverloaded},
    {"rate_limit_exceeded", Kind::kRateLimited},
    {"rate_limit_error", Kind::kRateLimited},
    {"throttlingexception", Kind::kRateLimited},
    {"toomanyrequestsexception", Kind::kRateLimited},
    {"resource_exhausted", Kind::kRateLimited},
    {"timeout_error", Kind::kTimeout},
    {"modeltimeoutexception", Kind::kTimeout},
    {"deadline_exceeded", Kind::kTimeout},
    {"modelerrorexception", Kind::kServerError},
    {"accessdeniedexception", Kind::kForbidden},
    {"permission_error", Kind::kForbidden},
    {"permission_denied", Kind::kForbidden},
});

bool fits(const Row& row, const ErrorBody& body) {
  if (row.text.contains(' ')) return body.lower.contains(row.text);
  if (row.text.starts_with('*')) {
    const std::string_view part = row.text.substr(1, row.text.size() - 2);
    return std::ranges::any_of(body.names, [&](const auto& name) { return name.contains(part); });
  }
  return std::ranges::find(body.names, row.text) != body.names.end();
}

Kind kind_of(int status) {
  switch (status) {
    case 401:
      return Kind::kAuthentication;
    case 402:
      return Kind::kQuotaExhausted;
    case 403:
      return Kind::kForbidden;
    case 404:
      return Kind::kUnknownModel;
    case 408:
    case 504:
      return Kind::kTimeout;
    case 409:
    case 424:
      return Kind::kServerError;
    case 413:
      return Kind::kContextTooLong;
    case 429:
      return Kind::kRateLimited;
    case 503:
    case 529:
      return Kind::kOverloaded;
    default:
      return status >= 500 ? Kind::kServerError : Kind::kInvalidRequest;
  }
}

Kind kind_of(int status, const ErrorBody& body) {
  for (const Row& row : kRows) {
    if (fits(row, body)) return row.kind;
  }
  return kind_of(status);
}

void add_name(const json::value& at, JsonPath path, ErrorBody& body) {
  if (const auto name = json_string(at, path)) {
    // "aws.protocol#ThrottlingException"
    body.names.push_back(to_lower(name->substr(name->find('#') + 1)));
  }
}

// google.rpc.Duration: "34s", "1.5s".
std::optional<milliseconds> parse_delay(std::string_view text) {
  double seconds = 0;
  if (!text.ends_with('s')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, seconds);
  const bool whole = error == std::errc() && end == text.data() + text.size() - 1;
  if (!whole || !(seconds >= 0 && seconds <= kMaxWaitSeconds)) return std::nullopt;
  return milliseconds(static_cast<int64_t>(seconds * 1000));
}

// google.rpc.ErrorInfo, QuotaFailure, RetryInfo.
void read_details(const json::value& error, ErrorBody& body) {
  const json::array* details = error.is_object() ? json_array(error, {"details"}) : nullptr;
  if (details == nullptr) return;
  for (const json::value& detail : *details) {
    if (body.names.size() >= kMaxDetails) return;
    add_name(detail, {"reason"}, body);
    if (const auto delay = json_string(detail, {"retryDelay"})) {
      body.retry_after = parse_delay(*delay);
    }
    if (const json::array* violations = json_array(detail, {"violations"})) {
      for (const json::value& violation : *violations) {
        if (body.names.size() < kMaxDetails) add_name(violation, {"quotaId"}, body);
      }
    }
  }
}

// {"error": {...}}, {"error": "text"}, the flat forms {"message", "code"} and {"detail"}, any of
// them as the first item of a list, or no JSON at all.
ErrorBody read_body(std::string_view text) {
  ErrorBody body;
  Result<json::value> root = parse_json(text);
  if (root) {
    const json::array* list = root->if_array();
    const json::value& whole = list != nullptr && !list->empty() ? list->front() : *root;
    const json::value* inner = json_find(whole, {"error"});
    const json::value& source = inner != nullptr && inner->is_object() ? *inner : whole;
    for (const std::string_view place : {"message", "Message", "error", "detail"}) {
      if (body.sentence.empty()) body.sentence = json_string_or(source, {place});
    }
    // OpenRouter's own sentence says less than what it passes on.
    if (const auto raw = json_string(source, {"metadata", "raw"})) {
      body.sentence += fmt::format(" ({})", *raw);
    }
    for (const JsonPath& path : {JsonPath{"code"}, JsonPath{"type"}, JsonPath{"status"},
                                 JsonPath{"__type"}, JsonPath{"innererror", "code"}}) {
      add_name(source, path, body);
    }
    read_details(source, body);
  }
  if (body.sentence.empty()) body.sentence = trim(text.substr(0, kMaxSentenceBytes));
  body.sentence = to_valid_utf8(body.sentence.substr(0, kMaxSentenceBytes));
  body.lower = to_lower(body.sentence);
  return body;
}

// "retry-after-ms" is more exact than "Retry-After" where a provider sends both.
std::optional<milliseconds> wait_asked_for(const HttpHeaders& headers, WallTime now) {
  if (const auto text = headers.find("retry-after-ms")) {
    int64_t wait = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), wait);
    // A fraction may follow; it does not matter.
    if (error == std::errc() && wait >= 0) return milliseconds(wait);
  }
  return retry_after(headers, now);
}

ModelError to_error(int status, const ErrorBody& body, std::string_view key_name) {
  const Kind kind = kind_of(status, body);
  if (kind == Kind::kAuthentication) {
    return {kind, fmt::format("the endpoint did not accept the API key (HTTP {}); check {}", status,
                              key_name)};
  }
  std::string_view what;
  if (kind == Kind::kQuotaExhausted) what = ", the quota is used up";
  if (kind == Kind::kContentRefused) what = ", a filter refused the content";
  return {kind, fmt::format("HTTP {}{}: {}", status, what, cut(body.sentence, kMaxQuotedBytes)),
          body.retry_after};
}

}  // namespace

ModelError provider_error(const HttpResponse& response, std::string_view key_name, WallTime now) {
  ErrorBody body = read_body(response.body);
  if (const auto type = response.headers.find("x-amzn-ErrorType")) {
    body.names.push_back(to_lower(type->substr(0, type->find(':'))));
  }
  ModelError error = to_error(response.status, body, key_name);
  if (const auto wait = wait_asked_for(response.headers, now)) error.retry_after = wait;
  return error;
}

std::optional<ModelError> error_inside(const json::object& root, std::string_view body) {
  const json::value* error = json_find(root, {"error"});
  const bool typed = json_string(root, {"type"}) == "error";
  if ((error == nullptr || error->is_null()) && !typed) return std::nullopt;
  const int64_t code = json_int(root, {"error", "code"}).value_or(500);
  return to_error(code >= 400 && code < 600 ? static_cast<int>(code) : 500, read_body(body),
                  "the key");
}

}  // namespace holmes
