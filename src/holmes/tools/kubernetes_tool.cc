#include "holmes/tools/kubernetes_tool.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/tools/table_text.h"

namespace holmes {
namespace {

constexpr size_t kMaxErrorBytes = 1000;
constexpr size_t kMaxNameBytes = 253;
constexpr int64_t kMaxRowsTold = 200;
constexpr size_t kMaxTableBytesTold = 800;  // within kMaxErrorBytes
constexpr std::string_view kSecretsRefused =
    "Secrets are never read; look at the objects that use them and their events instead";

std::string error_prefix(ErrorCode code) {
  switch (code) {
    case ErrorCode::kForbidden:
      return "error: forbidden (403): ";
    case ErrorCode::kUnauthenticated:
      return "error: unauthorized (401): ";
    case ErrorCode::kNotFound:
      return "error: not found (404): ";
    case ErrorCode::kTimeout:
    case ErrorCode::kCancelled:
      return "error: timeout: ";
    default:
      return "error: ";
  }
}

ToolOutcome outcome_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kForbidden:
    case ErrorCode::kUnauthenticated:
      return ToolOutcome::kDenied;
    case ErrorCode::kNotFound:
      return ToolOutcome::kAnswered;
    case ErrorCode::kTimeout:
    case ErrorCode::kCancelled:
      return ToolOutcome::kTimeout;
    case ErrorCode::kInvalid:
      return ToolOutcome::kBadArguments;
    default:
      return ToolOutcome::kFailed;
  }
}

// "Not found" about the kind itself, which must not count as an answer about objects.
Error kind_not_served(const Error& error) {
  return {ErrorCode::kInvalid, "not found (404): " + error.message};
}

bool is_secrets(std::string_view word) {
  return equals_ignoring_case(word, "secret") || equals_ignoring_case(word, "secrets");
}

}  // namespace

KubernetesView::KubernetesView(Loop& loop, kube::Transport& transport,
                               KubernetesToolOptions options)
    : loop_(loop), options_(options), transport_(transport), discovery_(loop, transport_) {}

Task<Result<kube::ResourceType>> KubernetesView::resolve(std::string kind, Stop stop) {
  if (names_secrets(kind)) co_return fail(ErrorCode::kForbidden, std::string(kSecretsRefused));
  Result<kube::ResourceType> type = co_await discovery_.resolve(std::move(kind), "", stop);
  if (!type && type.error().code == ErrorCode::kNotFound) {
    co_return fail(kind_not_served(type.error()));
  }
  if (type && (is_secrets(type->plural) || is_secrets(type->kind))) {
    co_return fail(ErrorCode::kForbidden, std::string(kSecretsRefused));
  }
  co_return type;
}

Task<Result<json::object>> KubernetesView::get(std::string kind, kube::ObjectKey key, Stop stop) {
  const Result<json::object> object = co_await find(kind, key, stop);
  if (object || object.error().code != ErrorCode::kNotFound) co_return object;
  HOLMES_CO_TRY(const kube::ResourceType type, co_await resolve(std::move(kind), stop));
  co_return fail(ErrorCode::kNotFound,
                 object.error().message + co_await what_exists(type, key, stop));
}

Task<Result<json::object>> KubernetesView::find(std::string kind, kube::ObjectKey key, Stop stop) {
  HOLMES_CO_CHECK(check_name("name", key.name));
  HOLMES_CO_CHECK(check_name("namespace", key.ns));
  HOLMES_CO_TRY(const kube::ResourceType type, co_await resolve(std::move(kind), stop));
  HOLMES_CO_TRY(const std::string body, co_await send(kube::get_request(type, key), stop));
  Result<json::object> object = parse_json_object(body);
  if (!object) co_return fail(ErrorCode::kProtocol, "unreadable: " + object.error().message);
  co_return object;
}

// "; there are:" and a table, or "; there are none": a name that was guessed is not guessed again.
// Objects that are named like it stand for all.
Task<std::string> KubernetesView::what_exists(kube::ResourceType type, kube::ObjectKey key,
                                              Stop stop) {
  kube::ListOptions options;
  options.ns = type.namespaced ? key.ns : "";
  options.limit = kMaxRowsTold;
  const Result<json::object> found =
      co_await table(std::move(type), options, RowObjects::kMetadata, stop);
  if (!found) co_return "";
  const std::optional<json::object> like = rows_like(*found, key.name);
  const Result<TableText> told =
      render_table(like ? *like : *found, {.bytes_max = kMaxTableBytesTold});
  if (!told || (told->rows == 0 && told->left_out > 0)) co_return "";
  if (told->rows == 0) co_return "; there are none";
  const bool more = told->left_out > 0 || told->more_exist;
  co_return fmt::format("; {}:\n{}{}", like ? "named like it are" : "there are", told->text,
                        more ? "[and more]" : "");
}

Task<Result<json::object>> KubernetesView::list(kube::ResourceType type, kube::ListOptions options,
                                                Stop stop) {
  co_return co_await read_list(kube::list_request(type, options), std::move(stop));
}

Task<Result<json::object>> KubernetesView::table(kube::ResourceType type, kube::ListOptions options,
                                                 RowObjects rows_have, Stop stop) {
  options.as_table = true;
  kube::Request request = kube::list_request(type, options);
  if (rows_have == RowObjects::kWhole) request.query.emplace_back("includeObject", "Object");
  if (rows_have == RowObjects::kNone) request.query.emplace_back("includeObject", "None");
  co_return co_await read_list(std::move(request), std::move(stop));
}

Task<Result<json::object>> KubernetesView::read_list(kube::Request request, Stop stop) {
  const Result<std::string> body = co_await send(std::move(request), std::move(stop));
  if (!body && body.error().code == ErrorCode::kNotFound) {
    co_return fail(kind_not_served(body.error()));  // known from before, no longer served
  }
  if (!body) co_return fail(body.error());
  Result<json::object> list = parse_json_object(*body);
  if (!list) co_return fail(ErrorCode::kProtocol, "unreadable: " + list.error().message);
  co_return list;
}

Task<Result<std::string>> KubernetesView::send(kube::Request request, Stop stop) {
  HOLMES_CO_TRY(kube::Response response,
                co_await transport_.send(std::move(request), std::move(stop)));
  co_return std::move(response.body);
}

bool names_secrets(std::string_view kind) {
  std::string words(kind);
  std::ranges::replace_if(
      words, [](char c) { return std::string_view("/. \t:").contains(c); }, '.');
  return std::ranges::any_of(split(words, '.'), is_secrets);
}

Status check_name(std::string_view argument, std::string_view name) {
  const auto is_odd = [](char c) {
    return c <= ' ' || c == 0x7F || std::string_view("/%\\?#,").contains(c);
  };
  if (name.size() <= kMaxNameBytes && std::ranges::none_of(name, is_odd)) return {};
  return fail(ErrorCode::kInvalid, fmt::format("argument '{}' must be one plain name, is '{}'",
                                               argument, cut(redact(name), 100)));
}

ToolResult to_tool_result(const Error& error) {
  return {outcome_of(error.code),
          error_prefix(error.code) + cut(redact(to_valid_utf8(error.message)), kMaxErrorBytes)};
}

KubernetesTool::KubernetesTool(std::shared_ptr<KubernetesView> view, std::string_view name,
                               std::string_view description, std::span<const Parameter> parameters)
    : view_(std::move(view)),
      info_{std::string(name), std::string(description), to_schema(parameters)},
      parameters_(parameters) {}

Task<ToolResult> KubernetesTool::run(json::object arguments, ToolContext context, Stop stop) {
  Result<Arguments> checked = Arguments::read(std::move(arguments), parameters_);
  if (!checked) co_return to_tool_result(checked.error());
  const StopSource source(stop, view_->loop(),
                          view_->loop().mono_now() + view_->options().call_time_max);
  const Result<std::string> text =
      co_await answer(*std::move(checked), std::move(context), source.stop());
  if (!text) co_return to_tool_result(text.error());
  co_return ToolResult{ToolOutcome::kAnswered, redact(to_valid_utf8(*text))};
}

ToolSet kubernetes_tools(Loop& loop, kube::Transport& transport, KubernetesToolOptions options) {
  const auto view = std::make_shared<KubernetesView>(loop, transport, options);
  ToolSet set;
  set.tools.push_back(make_kubernetes_describe(view));
  set.tools.push_back(make_kubernetes_get(view));
  set.tools.push_back(make_kubernetes_list(view));
  set.tools.push_back(make_kubernetes_logs(view));
  set.first_look = make_kubernetes_first_look(view);
  return set;
}

}  // namespace holmes
