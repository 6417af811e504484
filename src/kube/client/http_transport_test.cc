#include "kube/client/http_transport.h"

#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes::kube {
namespace {

using std::chrono::seconds;

const ResourceType kPods{"", "v1", "pods", "Pod", true};

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
    co_return std::make_unique<FakeStream>(std::deque{std::move(response.body)}, response.status,
                                           std::move(response.headers));
  }

  std::vector<HttpRequest> requests;

 private:
  Answer answer_;
};

class FakeFiles final : public Files {
 public:
  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    ++reads;
    const auto found = contents.find(path);
    if (found == contents.end()) return fail(ErrorCode::kNotFound, path + ": no such file");
    return found->second;
  }

  std::map<std::string, std::string> contents;
  mutable int reads = 0;
};

struct HttpTransportTest : testing::Test {
  HttpTransport make(std::string token, std::string token_file = "") {
    return {loop,
            client,
            streams,
            files,
            Logger(LogLevel::kDebug,
                   [this](LogLevel, std::string_view message, const LogFields& fields) {
                     log += message;
                     for (const LogField& field : fields) {
                       if (const auto* text = std::get_if<std::string>(&field.value))
                         log += " " + *text;
                     }
                     log += "\n";
                   }),
            &metrics,
            {.server = parse_url("https://kube:6443/prefix").value(),
             .token = std::move(token),
             .token_file = std::move(token_file)}};
  }
  // The API server of these tests: knows one token.
  Result<HttpResponse> answer(const HttpRequest& request) {
    const std::string header(request.headers.find("Authorization").value_or(""));
    if (!good_token.empty() && header != "Bearer " + good_token) return HttpResponse{401, {}, ""};
    return reply;
  }

  VirtualLoop loop;
  FakeFiles files;
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
