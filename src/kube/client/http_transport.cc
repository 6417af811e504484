#include "kube/client/http_transport.h"

#include <utility>

#include "kube/core/status.h"

namespace holmes::kube {
namespace {

constexpr int kUnauthorized = 401;
constexpr size_t kUsualFields = 4;  // and bytes, without credentials
constexpr size_t kUsualHeaderBytes = 256;

// The request is fine (identity_for() looked); what is wrong is our own certificate or address.
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

// Made with the same certificates.
struct HttpTransport::Connections {
  Identity identity;  // the first who used them
  HttpClients clients;
  size_t streams = 0;  // that are open
  StopSource replaced;
};

// Ends also when its connections are replaced.
class HttpTransport::Stream final : public HttpStream {
 public:
  Stream(std::shared_ptr<Connections> connections, std::unique_ptr<HttpStream> stream)
      : connections_(std::move(connections)),
        stream_(std::move(stream)),
        on_replaced_(connections_->replaced.stop(), [this](StopReason) { end_.request_stop(); }) {
    ++connections_->streams;
  }
  ~Stream() override { --connections_->streams; }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] int status() const override { return stream_->status(); }
  [[nodiscard]] const HttpHeaders& headers() const override { return stream_->headers(); }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    const StopCallback on_stop(stop, [this](StopReason reason) { end_.request_stop(reason); });
    Result<std::optional<std::string>> piece = co_await stream_->read(end_.stop());
    const bool replaced = connections_->replaced.stop().requested() && !stop.requested();
    if (piece || !replaced) co_return piece;
    co_return fail(ErrorCode::kUnavailable, "ended, because the certificates have changed");
  }

 private:
  const std::shared_ptr<Connections> connections_;
  const std::unique_ptr<HttpStream> stream_;
  StopSource end_;  // the reader's, or because the connections are replaced; for good
  const StopCallback on_replaced_;
};

HttpTransport::HttpTransport(Loop& loop, MakeHttpClients make_clients, Credentials& credentials,
                             Logger logger, RequestMetrics* metrics, HttpTransportOptions options)
    : loop_(loop),
      make_clients_(std::move(make_clients)),
      credentials_(credentials),
      logger_(std::move(logger)),
      metrics_(metrics),
      base_(options.server.to_text()),
      options_(std::move(options)) {}

HttpTransport::~HttpTransport() = default;

Task<Result<Response>> HttpTransport::send(Request request, Stop stop) {
  for (bool first = true;; first = false) {
    HOLMES_CO_TRY(Identity identity, co_await identity_for(request, stop));
    Attempt attempt = prepare(request, std::move(identity));
    Result<HttpResponse> answer =
        co_await attempt.connections->clients.requests->send(std::move(attempt.http), stop);
    const Result<int> status = answer ? Result<int>(answer->status) : fail(answer.error());
    record(request, attempt, status);
    if (status && is_success(*status)) co_return Response{*status, std::move(answer->body)};
    if (first && co_await may_repeat(attempt, status, stop)) continue;
    if (!answer) co_return fail(not_sent(std::move(answer).error()));
    co_return fail(error_of(*status, answer->headers, answer->body));
  }
}

Task<Result<std::unique_ptr<HttpStream>>> HttpTransport::open(Request request, Stop stop) {
  for (bool first = true;; first = false) {
    HOLMES_CO_TRY(Identity identity, co_await identity_for(request, stop));
    Attempt attempt = prepare(request, std::move(identity));
    Result<std::unique_ptr<HttpStream>> stream =
        co_await attempt.connections->clients.streams->open(std::move(attempt.http), stop);
    const Result<int> status = stream ? Result<int>((*stream)->status()) : fail(stream.error());
    record(request, attempt, status);
    if (status && is_success(*status)) {
      auto opened = std::make_unique<Stream>(attempt.connections, *std::move(stream));
      look_while_streaming();
      co_return opened;
    }
    if (first && co_await may_repeat(attempt, status, stop)) continue;
    if (!stream) co_return fail(not_sent(std::move(stream).error()));
    const std::string body = co_await read_error_body(**stream, stop);
    co_return fail(error_of(*status, (*stream)->headers(), body));
  }
}

Task<Result<Identity>> HttpTransport::identity_for(const Request& request, Stop stop) {
  HOLMES_CO_CHECK(check_path(request.path));
  Result<Identity> identity = co_await credentials_.get(stop);
  if (!identity && stop.reason() == StopReason::kDeadline) {
    co_return fail(ErrorCode::kRefused, "not sent: the deadline passed waiting for credentials");
  }
  co_return identity;
}

HttpTransport::Attempt HttpTransport::prepare(const Request& request, Identity identity) {
  Attempt attempt;
  attempt.identity = std::move(identity);
  attempt.connections = connections_of(attempt.identity);
  attempt.http.method = request.method;
  attempt.http.target = request.target(base_);
  attempt.http.body = request.body;
  HttpHeaders& headers = attempt.http.headers;
  headers.reserve(kUsualFields + options_.headers.size(),
                  kUsualHeaderBytes + attempt.identity.authorization.size());
  headers.add("Accept", request.accept);
  headers.add("User-Agent", options_.user_agent);
  if (!attempt.identity.authorization.empty()) {
    headers.add("Authorization", attempt.identity.authorization);
  }
  for (const auto& [name, value] : options_.headers) headers.add(name, value);
  if (!request.content_type.empty()) headers.add("Content-Type", request.content_type);
  attempt.begin = loop_.mono_now();
  return attempt;
}

Task<bool> HttpTransport::may_repeat(const Attempt& attempt, Result<int> status, Stop stop) {
  if (status) {
    co_return *status == kUnauthorized&& co_await credentials_.renew(attempt.identity, stop);
  }
  const ErrorCode code = status.error().code;
  if (code == ErrorCode::kTimeout || code == ErrorCode::kCancelled) co_return false;
  look_again();  // the certificates may be the reason
  const bool not_sent = code == ErrorCode::kRefused || code == ErrorCode::kInvalid;
  co_return not_sent&& attempt.connections != connections_;
}

std::shared_ptr<HttpTransport::Connections> HttpTransport::connections_of(
    const Identity& identity) {
  if (connections_ != nullptr && connections_->identity.tls != identity.tls) retire();
  if (connections_ == nullptr) {
    connections_ = std::make_shared<Connections>(identity, make_clients_(*identity.tls));
  }
  return connections_;
}

void HttpTransport::look_again() {
  if (connections_ != nullptr && credentials_.look_again(connections_->identity)) retire();
}

// The last one who uses them destroys them.
void HttpTransport::retire() {
  if (const auto old = std::exchange(connections_, nullptr)) old->replaced.request_stop();
}

// Streams last, and there may be no request meanwhile that would notice new certificates.
void HttpTransport::look_while_streaming() {
  if (next_look_ || !credentials_.watches_files()) return;
  next_look_.emplace(loop_, loop_.mono_now() + kTlsRereadInterval, [this] {
    next_look_.reset();
    look_again();
    if (connections_ != nullptr && connections_->streams > 0) look_while_streaming();
  });
}

void HttpTransport::record(const Request& request, const Attempt& attempt,
                           const Result<int>& status) const {
  const std::chrono::nanoseconds duration = loop_.mono_now() - attempt.begin;
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
  return status_error(status, body, retry_after(headers, loop_.wall_now()));
}

}  // namespace holmes::kube
