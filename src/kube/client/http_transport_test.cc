#include "kube/client/http_transport.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "async/files_testing.h"
#include "async/subprocess_testing.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "kube/client/certificates_testing.h"
#include "kube/client/fake_transport_testing.h"
#include "kube/client/retry_transport.h"

namespace holmes::kube {
namespace {

using std::chrono::seconds;

const ResourceType kPods{"", "v1", "pods", "Pod", true};

// A watch on which nothing happens.
class SilentStream final : public HttpStream {
 public:
  explicit SilentStream(Loop& loop) : never_(loop) {}
  [[nodiscard]] int status() const override { return 200; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    (void)co_await never_.wait(stop);
    co_return fail(stop.error("read"));
  }

 private:
  Event never_;
  HttpHeaders headers_;
};

class FakeHttpClient final : public HttpClient {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;
  explicit FakeHttpClient(Answer answer) : answer_(std::move(answer)) {}

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    if (stop.requested()) co_return fail(stop.error("send"));
    requests.push_back(request);
    co_return answer_(requests.back());
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override {
    HOLMES_CO_TRY(HttpResponse response, co_await send(std::move(request), std::move(stop)));
    if (silent_on != nullptr) co_return std::make_unique<SilentStream>(*silent_on);
    co_return std::make_unique<FakeStream>(std::deque{std::move(response.body)}, response.status,
                                           std::move(response.headers));
  }
  Loop* silent_on = nullptr;  // streams are silent, on this loop

  std::vector<HttpRequest> requests;

 private:
  Answer answer_;
};

SubprocessEnd plugin_answer(const std::string& certificate, const std::string& key) {
  const json::object status{{"clientCertificateData", certificate}, {"clientKeyData", key}};
  return {0, to_text({{"apiVersion", kExecV1}, {"kind", "ExecCredential"}, {"status", status}})};
}

// One client of several that are one and the same fake.
class Shared final : public HttpClient {
 public:
  explicit Shared(HttpClient& client) : client_(client) {}
  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    return client_.send(std::move(request), std::move(stop));
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, Stop stop) override {
    return client_.open(std::move(request), std::move(stop));
  }

 private:
  HttpClient& client_;
};

struct HttpTransportTest : testing::Test {
  HttpTransport make(std::string token, std::string token_file = "") {
    config.server = parse_url("https://kube:6443/prefix").value();
    config.token = std::move(token);
    config.token_file = std::move(token_file);
    const Logger logger(LogLevel::kDebug,
                        [this](LogLevel, std::string_view message, const LogFields& fields) {
                          log += message;
                          for (const LogField& field : fields) {
                            if (const auto* text = std::get_if<std::string>(&field.value))
                              log += " " + *text;
                          }
                          log += "\n";
                        });
    credentials.emplace(loop, files, subprocess, logger, config, environment);
    HttpTransportOptions options{.server = config.server};
    options.headers = impersonation_headers(config.impersonation);
    return {loop, clients(), *credentials, logger, &metrics, std::move(options)};
  }
  // Another with the same credentials.
  HttpTransport make_second() {
    return {loop, clients(), *credentials, Logger(), nullptr, {.server = config.server}};
  }
  MakeHttpClients clients() {
    return [this](const TlsOptions& tls) {
      made_with.push_back(tls);
      return HttpClients{std::make_unique<Shared>(client), std::make_unique<Shared>(streams)};
    };
  }
  // Whose certificates are files.
  HttpTransport make_with_files() {
    config.tls = {.ca_pem = kCa, .certificate_pem = kCertificate, .key_pem = kKey};
    config.tls_files = {"/ca", "/crt", "/key"};
    files.contents = {{"/ca", kCa}, {"/crt", kCertificate}, {"/key", kKey}};
    return make("t0p");
  }
  HttpTransport make_with_plugin() {
    config.exec =
        ExecConfig{.source = "exec", .api_version = std::string(kExecV1), .command = "plugin"};
    return make("");
  }
  void rotate() {
    files.contents["/crt"] = kOtherCertificate;
    files.contents["/key"] = kOtherKey;
  }
  // The API server of these tests: knows one token.
  Result<HttpResponse> answer(const HttpRequest& request) {
    const std::string header(request.headers.find("Authorization").value_or(""));
    if (!good_token.empty() && header != "Bearer " + good_token) return HttpResponse{401, {}, ""};
    return reply;
  }

  VirtualLoop loop;
  const MonoTime begin = loop.mono_now();
  FakeFiles files;
  Result<SubprocessEnd> plugin_says = fail(ErrorCode::kNotFound, "no program");
  FakeSubprocess subprocess{loop, [this](const SubprocessCommand&) { return plugin_says; }};
  const std::map<std::string, std::string> environment;
  ClusterConfig config;
  std::optional<Credentials> credentials;
  std::vector<TlsOptions> made_with;  // one for each pair of clients
  std::string good_token;
  Result<HttpResponse> reply = HttpResponse{200, {}, "{}"};
  FakeHttpClient client{[this](const HttpRequest& request) { return answer(request); }};
  FakeHttpClient streams{[this](const HttpRequest& request) { return answer(request); }};
  MetricsRegistry registry;
  RequestMetrics metrics{registry};
  std::string log;
};

TEST_F(HttpTransportTest, SendsTheRequestWithItsHeaders) {
  HttpTransport transport = make("t0p");
  const Result<Response> response =
      loop.run(transport.send(create_request(kPods, "n", json::object{{"a", 1}}), {}));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "{}");
  ASSERT_EQ(client.requests.size(), 1U);
  const HttpRequest& sent = client.requests[0];
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "https://kube:6443/prefix/api/v1/namespaces/n/pods");
  EXPECT_EQ(sent.body, R"({"a":1})");
  EXPECT_EQ(sent.headers.find("Authorization"), "Bearer t0p");
  EXPECT_EQ(sent.headers.find("Accept"), "application/json");
  EXPECT_EQ(sent.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(sent.headers.find("User-Agent"), "holmes");
}

TEST_F(HttpTransportTest, SendsNoAuthorizationWithoutAToken) {
  HttpTransport transport = make("");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(client.requests[0].headers.find("Authorization"), std::nullopt);
  EXPECT_EQ(client.requests[0].headers.find("Content-Type"), std::nullopt);
}

TEST_F(HttpTransportTest, OpensStreamsOnConnectionsOfTheirOwn) {
  HttpTransport transport = make("");
  ASSERT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  EXPECT_EQ(streams.requests.size(), 1U);
  EXPECT_TRUE(client.requests.empty());
}

TEST_F(HttpTransportTest, TurnsOtherStatusesIntoErrors) {
  HttpTransport transport = make("");
  reply = HttpResponse{503, {{"Retry-After", "7"}}, R"({"kind":"Status","message":"full"})"};
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error(),
            Error(ErrorCode::kRefused, "full", seconds(7)));
  EXPECT_EQ(loop.run(transport.open(watch_request(kPods, {}), {})).error(),
            Error(ErrorCode::kRefused, "full", seconds(7)));
  reply = HttpResponse{409, {}, R"({"kind":"Status","reason":"AlreadyExists","message":"there"})"};
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error(),
            Error(ErrorCode::kAlreadyExists, "there"));
  reply = fail(ErrorCode::kUnavailable, "connection broke");
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error(),
            Error(ErrorCode::kUnavailable, "connection broke"));
  // Our own certificate, say: nothing is wrong with the request, and nothing was sent.
  reply = fail(ErrorCode::kInvalid, "the client certificate cannot be used");
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error().code,
            ErrorCode::kRefused);
}

TEST_F(HttpTransportTest, SendsNothingForAPathThatMissesAName) {
  HttpTransport transport = make("");
  EXPECT_EQ(loop.run(transport.send(get_request(kPods, {"n", ""}), {})).error().code,
            ErrorCode::kInvalid);
  EXPECT_TRUE(client.requests.empty());
}

TEST_F(HttpTransportTest, ReadsTheTokenFileAtMostOnceAMinute) {
  files.contents["/token"] = " one\n";
  HttpTransport transport = make("", "/token");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  files.contents["/token"] = "two";
  loop.advance(kTokenRereadInterval - seconds(1));
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(files.reads, 1);
  EXPECT_EQ(client.requests.back().headers.find("Authorization"), "Bearer one");
  loop.advance(seconds(1));
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(client.requests.back().headers.find("Authorization"), "Bearer two");
}

TEST_F(HttpTransportTest, ReadsTheTokenFileOnA401AndTriesOnceMore) {
  files.contents["/token"] = "old";
  good_token = "old";
  HttpTransport transport = make("", "/token");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  good_token = "new";
  files.contents["/token"] = "new";
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(client.requests.size(), 3U);
  good_token = "newer";
  files.contents["/token"] = "newer";
  ASSERT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  EXPECT_EQ(streams.requests.size(), 2U);
}

TEST_F(HttpTransportTest, GivesUpOnA401WhenThereIsNoOtherToken) {
  files.contents["/token"] = "old";
  good_token = "new";
  HttpTransport transport = make("", "/token");
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error().code,
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(client.requests.size(), 1U);
  files.contents["/token"] = "another";
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error().code,
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(client.requests.size(), 3U) << "one retry, not more";
}

TEST_F(HttpTransportTest, KeepsAStaleTokenWhenTheFileCannotBeRead) {
  files.contents["/token"] = "one";
  HttpTransport transport = make("", "/token");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  for (const bool missing : {true, false}) {
    if (missing) files.contents.erase("/token");
    if (!missing) files.contents["/token"] = "two tokens\nin a file";
    loop.advance(kTokenRereadInterval);
    ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
    EXPECT_EQ(client.requests.back().headers.find("Authorization"), "Bearer one");
  }
  EXPECT_NE(log.find("Cannot read the API token"), std::string::npos);
}

TEST_F(HttpTransportTest, FailsWithoutSendingWhileThereIsNoToken) {
  HttpTransport transport = make("", "/token");
  const Result<Response> response = loop.run(transport.send(list_request(kPods, {}), {}));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnauthenticated);
  EXPECT_NE(response.error().message.find("/token"), std::string::npos);
  EXPECT_TRUE(client.requests.empty());
  files.contents["/token"] = "one";
  EXPECT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
}

TEST_F(HttpTransportTest, ActsAsSomebodyElse) {
  config.impersonation = {"jane", "", {"dev", "ops"}, {{"scope", {"x"}}}};
  HttpTransport transport = make("t0p");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  const HttpHeaders& headers = client.requests[0].headers;
  EXPECT_EQ(headers.find("Authorization"), "Bearer t0p");
  EXPECT_EQ(headers.find("Impersonate-User"), "jane");
  EXPECT_EQ(headers.find("Impersonate-Extra-scope"), "x");
  EXPECT_EQ(std::ranges::count(headers.all(), "Impersonate-Group", &HttpHeaders::Field::first), 2);
  ASSERT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  EXPECT_EQ(streams.requests[0].headers.find("Impersonate-User"), "jane");
}

TEST_F(HttpTransportTest, SendsNothingWhileAPluginFails) {
  config.exec = ExecConfig{.source = "exec", .api_version = std::string(kExecV1), .command = "p"};
  HttpTransport transport = make("");
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error(),
            Error(ErrorCode::kUnauthenticated, "exec: p: no program"));
  EXPECT_TRUE(client.requests.empty());
}

TEST_F(HttpTransportTest, ARequestThatGetsNoCredentialsInTimeWasNotSent) {
  subprocess.hold();
  HttpTransport transport = make_with_plugin();
  const StopSource soon({}, loop, loop.mono_now() + seconds(10));
  EXPECT_EQ(loop.run(transport.send(create_request(kPods, "n", {}), soon.stop())).error(),
            Error(ErrorCode::kRefused, "not sent: the deadline passed waiting for credentials"));
  EXPECT_EQ(loop.run(transport.open(watch_request(kPods, {}), soon.stop())).error().code,
            ErrorCode::kRefused);
  StopSource stop;
  const Timer timer(loop, loop.mono_now() + seconds(1), [&stop] { stop.request_stop(); });
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), stop.stop())).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(client.requests.size() + streams.requests.size(), 0U);
  EXPECT_EQ(subprocess.commands.size(), 1U);
  loop.run(credentials->close());
}

TEST_F(HttpTransportTest, APluginsTimeLimitIsReachedBehindThatOfRequests) {
  subprocess.hold();
  HttpTransport transport = make_with_plugin();
  RetryTransport retry(loop, transport, Logger(), nullptr);
  EXPECT_EQ(loop.run(retry.send(list_request(kPods, {}), {})).error().code, ErrorCode::kRefused);
  EXPECT_EQ(loop.run(retry.send(list_request(kPods, {}), {})).error(),
            Error(ErrorCode::kUnauthenticated, "exec: plugin: not done after 60 s"));
  EXPECT_EQ(loop.mono_now() - begin, kExecTimeout);
}

TEST_F(HttpTransportTest, NewCertificatesMeanNewConnections) {
  HttpTransport transport = make_with_files();
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  ASSERT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  EXPECT_EQ(made_with, std::vector{config.tls});
  rotate();
  loop.advance(kTlsRereadInterval);
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  ASSERT_TRUE(loop.run(transport.open(watch_request(kPods, {}), {})));
  ASSERT_EQ(made_with.size(), 2U);
  EXPECT_EQ(made_with[1].certificate_pem, kOtherCertificate);
}

TEST_F(HttpTransportTest, AnOpenWatchEndsWhenTheCertificatesChangeThoughNobodySendsARequest) {
  HttpTransport transport = make_with_files();
  streams.silent_on = &loop;
  const auto stream = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  std::optional<Result<std::optional<std::string>>> piece;
  TaskScope scope(loop);
  scope.spawn(task_scope_internal::store(stream->read({}), piece));
  loop.advance(3 * kTlsRereadInterval);
  EXPECT_FALSE(piece);
  rotate();
  loop.advance(kTlsRereadInterval);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->error(),
            Error(ErrorCode::kUnavailable, "ended, because the certificates have changed"));
  EXPECT_FALSE(loop.run(stream->read({}))) << "for good";
  const auto next = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  EXPECT_EQ(made_with.back().certificate_pem, kOtherCertificate);
}

TEST_F(HttpTransportTest, WatchesOfAllTransportsWithTheseCredentialsEnd) {
  HttpTransport transport = make_with_files();
  HttpTransport second = make_second();
  streams.silent_on = &loop;
  const auto one = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  loop.advance(kTlsRereadInterval / 2);
  const auto two = loop.run(second.open(watch_request(kPods, {}), {})).value();
  rotate();
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(loop.run(one->read({})).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(loop.run(two->read({})).error().code, ErrorCode::kUnavailable);
}

TEST_F(HttpTransportTest, AWatchEndsAtTheNextRequestAfterAPluginsCertificateChanged) {
  plugin_says = plugin_answer(kCertificate, kKey);
  HttpTransport transport = make_with_plugin();
  HttpTransport second = make_second();
  streams.silent_on = &loop;
  const auto one = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  const auto two = loop.run(second.open(watch_request(kPods, {}), {})).value();
  std::optional<Result<std::optional<std::string>>> other;
  TaskScope scope(loop);
  scope.spawn(task_scope_internal::store(two->read({}), other));
  plugin_says = plugin_answer(kOtherCertificate, kOtherKey);
  loop.advance(kExecPause);
  loop.run(credentials->renew(loop.run(credentials->get({})).value(), {}));
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(loop.run(one->read({})).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(other) << "nothing has told it yet";
  ASSERT_TRUE(loop.run(second.send(list_request(kPods, {}), {})));
  loop.run_until_idle();
  EXPECT_TRUE(other);
}

TEST_F(HttpTransportTest, AWatchThatIsOpenedDuringAChangeEndsToo) {
  HttpTransport transport = make_with_files();
  streams.silent_on = &loop;
  const auto stream = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  rotate();
  loop.advance(kTlsRereadInterval);
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(loop.run(stream->read({})).error().code, ErrorCode::kUnavailable);
}

TEST_F(HttpTransportTest, TheReadersStopEndsAWatch) {
  HttpTransport transport = make_with_files();
  streams.silent_on = &loop;
  const auto stream = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  const StopSource soon({}, loop, loop.mono_now() + seconds(5));
  EXPECT_EQ(loop.run(stream->read(soon.stop())).error().code, ErrorCode::kTimeout);
}

TEST_F(HttpTransportTest, FilesAreNotLookedAtWhileNoStreamIsOpen) {
  HttpTransport transport = make_with_files();
  streams.silent_on = &loop;
  auto stream = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  loop.advance(kTlsRereadInterval);
  const int reads = files.reads;
  EXPECT_GT(reads, 0);
  stream.reset();
  loop.advance(kTlsRereadInterval);  // the timer that was set before
  const int last = files.reads;
  loop.advance(10 * kTlsRereadInterval);
  EXPECT_EQ(files.reads, last);
}

TEST_F(HttpTransportTest, AnOpenWatchGoesOnWhenTheTokenChanges) {
  files.contents["/token"] = "old";
  HttpTransport transport = make("", "/token");
  streams.silent_on = &loop;
  const auto stream = loop.run(transport.open(watch_request(kPods, {}), {})).value();
  std::optional<Result<std::optional<std::string>>> piece;
  StopSource stop;
  TaskScope scope(loop);
  scope.spawn(task_scope_internal::store(stream->read(stop.stop()), piece));
  files.contents["/token"] = "new";
  loop.advance(kTokenRereadInterval);
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  EXPECT_EQ(client.requests.back().headers.find("Authorization"), "Bearer new");
  loop.advance(kTokenRereadInterval);
  EXPECT_FALSE(piece);
  EXPECT_EQ(made_with.size(), 1U);
  stop.request_stop();
  loop.run(scope.close());
}

TEST_F(HttpTransportTest, ReadsCertificatesOnA401AndTriesOnceMore) {
  HttpTransport transport = make_with_files();
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  rotate();
  good_token = "not ours";
  loop.advance(kTlsRereadPause);
  EXPECT_EQ(loop.run(transport.send(list_request(kPods, {}), {})).error().code,
            ErrorCode::kUnauthenticated);
  EXPECT_EQ(client.requests.size(), 3U);
  EXPECT_EQ(made_with.size(), 2U);
}

TEST_F(HttpTransportTest, ReadsCertificatesWhenAConnectionFailsAndTriesOnceMoreIfNothingWasSent) {
  for (const ErrorCode code :
       {ErrorCode::kRefused, ErrorCode::kInvalid, ErrorCode::kUnavailable, ErrorCode::kTimeout}) {
    HttpTransport transport = make_with_files();
    reply = HttpResponse{200, {}, "{}"};
    ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
    client.requests.clear();
    streams.requests.clear();
    made_with.clear();
    rotate();
    reply = fail(code, "TLS");
    loop.advance(kTlsRereadPause);
    EXPECT_FALSE(loop.run(transport.send(list_request(kPods, {}), {})));
    const bool nothing_sent = code == ErrorCode::kRefused || code == ErrorCode::kInvalid;
    EXPECT_EQ(client.requests.size(), nothing_sent ? 2U : 1U) << to_string(code);
    EXPECT_EQ(made_with.size(), nothing_sent ? 1U : 0U) << to_string(code);
    EXPECT_FALSE(loop.run(transport.open(watch_request(kPods, {}), {})));
    EXPECT_EQ(streams.requests.size(), 1U) << "no more than once";
    EXPECT_EQ(made_with.size(), code == ErrorCode::kTimeout ? 0U : 1U) << to_string(code);
  }
}

TEST_F(HttpTransportTest, CountsRequestsAndLogsThemWithoutTheToken) {
  HttpTransport transport = make("hush");
  ASSERT_TRUE(loop.run(transport.send(list_request(kPods, {}), {})));
  reply = fail(ErrorCode::kRefused, "nobody there");
  ASSERT_FALSE(loop.run(transport.open(watch_request(kPods, {}), {})));
  const std::string exposed = registry.expose();
  EXPECT_NE(exposed.find(R"(rest_client_requests_total{code="200",method="GET"} 1)"),
            std::string::npos)
      << exposed;
  EXPECT_NE(exposed.find(R"(rest_client_requests_total{code="<error>",method="GET"} 1)"),
            std::string::npos);
  EXPECT_NE(exposed.find(R"(rest_client_request_duration_seconds_count{verb="watch"} 1)"),
            std::string::npos);
  EXPECT_NE(log.find("/api/v1/pods"), std::string::npos);
  EXPECT_EQ(log.find("hush"), std::string::npos);
}

}  // namespace
}  // namespace holmes::kube
