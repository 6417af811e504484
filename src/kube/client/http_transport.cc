#include "kube/client/http_transport.h"

#include <utility>

#include "kube/core/status.h"

namespace holmes::kube {
namespace {

constexpr int kUnauthorized = 401;

// The request is fine (prepare() looked); what is wrong is our own certificate or address.
Error not_sent(Error error) {
  if (error.code == ErrorCode::kInvalid) error.code = ErrorCode::kRefused;
  return error;
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

// The body of a refusal, as far as it comes.
Task<std::string> read_error_body(HttpStream& stream, Stop stop) {
  std::string body;
  while (body.size() < kMaxErrorBodyBytes) {
    Result<std::optional<std::string>> bytes = co_await stream.read(stop);
    if (!bytes || !*bytes) break;
    body += **bytes;
  }
  co_return body;
}

}  // namespace

HttpTransport::HttpTransport(const Clock& clock, HttpClient& requests, HttpClient& streams,
                             const Files& files, Logger logger, RequestMetrics* metrics,
                             HttpTransportOptions options)
    : clock_(clock),
      requests_(requests),
      streams_(streams),
      logger_(std::move(logger)),
      metrics_(metrics),
      base_(options.server.to_text()),
      user_agent_(std::move(options.user_agent)),
      credentials_(clock, files, logger_, std::move(options.token), std::move(options.token_file)) {
}

Task<Result<Response>> HttpTransport::send(Request request, Stop stop) {
  for (bool first = true;; first = false) {
    HOLMES_CO_TRY(Attempt attempt, prepare(request));
    Result<HttpResponse> answer = co_await requests_.send(std::move(attempt.http), stop);
    record(request, attempt, answer ? Result<int>(answer->status) : fail(answer.error()));
    if (!answer) co_return fail(not_sent(std::move(answer).error()));
    if (is_success(answer->status)) co_return Response{answer->status, std::move(answer->body)};
    if (answer->status == kUnauthorized && first && credentials_.renew(attempt.token)) continue;
    co_return fail(error_of(answer->status, answer->headers, answer->body));
  }
}

Task<Result<std::unique_ptr<HttpStream>>> HttpTransport::open(Request request, Stop stop) {
  for (bool first = true;; first = false) {
    HOLMES_CO_TRY(Attempt attempt, prepare(request));
    Result<std::unique_ptr<HttpStream>> stream =
        co_await streams_.open(std::move(attempt.http), stop);
    record(request, attempt, stream ? Result<int>((*stream)->status()) : fail(stream.error()));
    if (!stream || is_success((*stream)->status())) co_return stream;
    const int status = (*stream)->status();
    if (status == kUnauthorized && first && credentials_.renew(attempt.token)) continue;
    const std::string body = co_await read_error_body(**stream, stop);
    co_return fail(error_of(status, (*stream)->headers(), body));
  }
}

Result<HttpTransport::Attempt> HttpTransport::prepare(const Request& request) {
  HOLMES_CHECK(check_path(request.path));
  HOLMES_TRY(std::string token, credentials_.token());
  Attempt attempt;
  attempt.http.method = request.method;
  attempt.http.target = base_ + request.target();
  attempt.http.body = request.body;
  HttpHeaders& headers = attempt.http.headers;
  headers.add("Accept", request.accept);
  headers.add("User-Agent", user_agent_);
  if (!token.empty()) headers.add("Authorization", "Bearer " + token);
  if (!request.content_type.empty()) headers.add("Content-Type", request.content_type);
  attempt.token = std::move(token);
  attempt.begin = clock_.mono_now();
  return attempt;
}

void HttpTransport::record(const Request& request, const Attempt& attempt,
                           const Result<int>& status) const {
  const std::chrono::nanoseconds duration = clock_.mono_now() - attempt.begin;
  if (metrics_ != nullptr) {
    metrics_->record(request, status ? std::optional(*status) : std::nullopt, duration);
  }
  if (!logger_.enabled(LogLevel::kDebug)) return;
  const double seconds = std::chrono::duration<double>(duration).count();
  LogFields fields{{"method", request.method}, {"target", request.target()}, {"seconds", seconds}};
  if (status) {
    fields.emplace_back("status", *status);
  } else {
    fields.emplace_back("error", status.error());
  }
  logger_.debug("Kubernetes API request", std::move(fields));
}

Error HttpTransport::error_of(int status, const HttpHeaders& headers, std::string_view body) const {
  return status_error(status, body, retry_after(headers, clock_.wall_now()));
}

}  // namespace holmes::kube
