#include "operator/check_client.h"

#include <deque>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes {
namespace {

using std::chrono::seconds;

constexpr const char* kPass = R"({"status":"pass","message":"m","duration":1,"rationale":"r"})";

// Answers by "METHOD address path"; the last answer of a queue stays.
class FakeHttp final : public HttpClient {
 public:
  explicit FakeHttp(Loop& loop) : loop_(loop) {}

  void answer(const std::string& what, Result<HttpResponse> response) {
    answers_[what].push_back(std::move(response));
  }
  std::vector<HttpRequest> requests;
  seconds delay{0};

  Task<Result<HttpResponse>> send(HttpRequest request, Stop stop) override {
    const Target target =
        parse_target(request.target.substr(std::string("http://api:8080").size())).value();
    const std::string what = request.method + " " + request.connect_to + target.path;
    requests.push_back(std::move(request));
    if (delay > seconds(0)) HOLMES_CO_CHECK(co_await sleep_for(loop_, delay, stop));
    if (stop.requested()) co_return fail(stop.error(what));
    const auto found = answers_.find(what);
    if (found == answers_.end()) {
      co_return fail(ErrorCode::kRefused, what + ": connection refused");
    }
    Result<HttpResponse> response = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    co_return response;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

 private:
  Loop& loop_;
  std::map<std::string, std::deque<Result<HttpResponse>>> answers_;
};

class FakeResolver final : public Resolver {
 public:
  std::vector<std::string> addresses{"10.0.0.1:8080"};
  Task<Result<std::vector<std::string>>> resolve(std::string, uint16_t, Stop) override {
    co_return addresses;
  }
};

struct World {
  VirtualLoop loop;
  FakeHttp http{loop};
  FakeResolver resolver;
  CheckClient client{loop,
                     http,
                     resolver,
                     Logger(),
                     {.base = parse_url("http://api:8080").value(), .api_key = "key"}};
  CheckRequest request;

  World() {
    request.query = "q";
    request.name = "default/a";
  }

  ExecuteOutcome execute() { return loop.run(client.execute(request, "id1", {})); }
  RecoverOutcome recover(seconds limit) {
    const StopSource source({}, loop, loop.mono_now() + limit);
    return loop.run(client.recover("id1", source.stop()));
  }
};

TEST(CheckClient, SendsKeyNameAndStrictnessWithTheRequest) {
  World world;
  world.http.answer("POST /api/check/execute", HttpResponse{200, {}, kPass});
  const ExecuteOutcome outcome = world.execute();
  ASSERT_TRUE(std::holds_alternative<Answered>(outcome));
  EXPECT_EQ(std::get<Answered>(outcome).response.status, CheckStatus::kPass);
  const HttpRequest& sent = world.http.requests.at(0);
  EXPECT_EQ(sent.headers.find("Idempotency-Key"), "id1");
  EXPECT_EQ(sent.headers.find("X-Check-Name"), "default/a");
  EXPECT_EQ(sent.headers.find("X-API-Key"), "key");
  EXPECT_EQ(sent.headers.find("Holmes-Strict"), "true");
  EXPECT_EQ(json_string(parse_json(sent.body).value(), {"name"}), "default/a");
}

TEST(CheckClient, SortsEveryAnswerIntoTheCategoriesOfTheContract) {
  const HttpHeaders wait{{"Retry-After", "7"}};
  const struct {
    Result<HttpResponse> response;
    std::string_view expected;
  } rows[] = {
      {HttpResponse{200, {}, kPass}, "answered"},
      {HttpResponse{200, {}, "<html>"}, "answered"},
      {fail(ErrorCode::kRefused, "no route to host"), "refused"},
      {HttpResponse{429, {}, ""}, "refused"},
      {HttpResponse{503, wait, ""}, "refused"},
      {HttpResponse{503, {}, ""}, "unknown"},
      {HttpResponse{500, {}, ""}, "unknown"},
      {HttpResponse{502, {}, ""}, "unknown"},
      {HttpResponse{408, {}, ""}, "unknown"},
      {fail(ErrorCode::kUnavailable, "reset"), "unknown"},
      {fail(ErrorCode::kTimeout, "late"), "unknown"},
      {HttpResponse{401, {}, ""}, "unauthorized"},
      {HttpResponse{403, {}, ""}, "unauthorized"},
      {HttpResponse{422, {}, ""}, "invalid"},
      {HttpResponse{400, {}, ""}, "invalid"},
      {HttpResponse{413, {}, ""}, "invalid"},
  };
  for (const auto& row : rows) {
    World world;
    world.http.answer("POST /api/check/execute", row.response);
    const ExecuteOutcome outcome = world.execute();
    std::string_view name = "unknown";
    if (std::holds_alternative<Answered>(outcome)) name = "answered";
    if (std::holds_alternative<Refused>(outcome)) name = "refused";
    if (const auto* rejected = std::get_if<Rejected>(&outcome)) {
      name = rejected->reason == Rejected::Reason::kUnauthorized ? "unauthorized" : "invalid";
    }
    EXPECT_EQ(name, row.expected) << (row.response ? row.response->status : 0);
    EXPECT_EQ(world.http.requests.size(), 1U);  // never sent twice
  }
}

TEST(CheckClient, AnUnreadableAnswerIsAnErrorAndNeverAVerdict) {
  World world;
  world.http.answer("POST /api/check/execute", HttpResponse{200, {}, R"({"status":"fine"})"});
  const auto outcome = world.execute();
  EXPECT_EQ(std::get<Answered>(outcome).response.status, CheckStatus::kError);
  EXPECT_EQ(std::get<Answered>(outcome).response.reason, ErrorReason::kUnparsable);
}

TEST(CheckClient, WhoeverMayNotExecuteSendsNothing) {
  World world;
  bool may = false;
  CheckClient::Options options;
  options.base = parse_url("http://api:8080").value();
  options.may_execute = [&may] { return std::exchange(may, false); };  // asked before each POST
  CheckClient client(world.loop, world.http, world.resolver, Logger(), options);
  world.http.answer("POST /api/check/execute", HttpResponse{404, {}, ""});
  world.http.answer("POST /api/checks/execute", HttpResponse{200, {}, kPass});
  EXPECT_TRUE(
      std::holds_alternative<Withheld>(world.loop.run(client.execute(world.request, "id1", {}))));
  EXPECT_TRUE(world.http.requests.empty());
  may = true;
  EXPECT_TRUE(
      std::holds_alternative<Withheld>(world.loop.run(client.execute(world.request, "id1", {}))));
  EXPECT_EQ(world.http.requests.size(), 1U);  // the other route is a POST of its own
}

TEST(CheckClient, FallsBackToTodaysRouteAndRemembersIt) {
  World world;
  world.http.answer("POST /api/check/execute", HttpResponse{404, {}, ""});
  world.http.answer("POST /api/checks/execute", HttpResponse{200, {}, kPass});
  EXPECT_TRUE(std::holds_alternative<Answered>(world.execute()));
  EXPECT_TRUE(std::holds_alternative<Answered>(world.execute()));
  EXPECT_EQ(world.http.requests.size(), 3U);
}

TEST(CheckClient, AServerWithoutEitherRouteRanNothing) {
  World world;
  world.http.answer("POST /api/check/execute", HttpResponse{404, {}, ""});
  world.http.answer("POST /api/checks/execute", HttpResponse{404, {}, ""});
  EXPECT_TRUE(std::holds_alternative<Refused>(world.execute()));
}

TEST(CheckClient, RecoversTheAnswerFromWhicheverAddressHasIt) {
  World world;
  world.resolver.addresses = {"10.0.0.1:8080", "10.0.0.2:8080"};
  world.http.answer("GET 10.0.0.1:8080/api/check/executions/id1", HttpResponse{404, {}, ""});
  world.http.answer("GET 10.0.0.2:8080/api/check/executions/id1", HttpResponse{202, {}, ""});
  world.http.answer("GET 10.0.0.2:8080/api/check/executions/id1", HttpResponse{200, {}, kPass});
  EXPECT_TRUE(std::holds_alternative<Answered>(world.recover(seconds(60))));
}

TEST(CheckClient, AnExecutionThatNobodyKnowsIsLostAfterTwoRounds) {
  World world;
  world.http.answer("GET 10.0.0.1:8080/api/check/executions/id1", HttpResponse{404, {}, ""});
  world.http.answer("GET /api/info",
                    HttpResponse{200, {}, R"({"capabilities":["executions/v1"]})"});
  const MonoTime begin = world.loop.mono_now();
  EXPECT_TRUE(std::holds_alternative<Lost>(world.recover(seconds(60))));
  EXPECT_EQ(world.loop.mono_now() - begin, seconds(5));
}

TEST(CheckClient, AServerThatDoesNotAnnounceExecutionsIsWaitedForUntilTheDeadline) {
  World world;
  world.http.answer("GET 10.0.0.1:8080/api/check/executions/id1", HttpResponse{404, {}, ""});
  world.http.answer("GET /api/info", HttpResponse{200, {}, R"({"version":"1"})"});
  const MonoTime begin = world.loop.mono_now();
  EXPECT_TRUE(std::holds_alternative<Unknown>(world.recover(seconds(60))));
  EXPECT_EQ(world.loop.mono_now() - begin, seconds(60));
}

TEST(CheckClient, OneAddressThatCannotBeReachedKeepsTheAttemptAlive) {
  World world;
  world.resolver.addresses = {"10.0.0.1:8080", "10.0.0.2:8080"};
  world.http.answer("GET 10.0.0.1:8080/api/check/executions/id1", HttpResponse{404, {}, ""});
  world.http.answer("GET /api/info",
                    HttpResponse{200, {}, R"({"capabilities":["executions/v1"]})"});
  EXPECT_TRUE(std::holds_alternative<Unknown>(world.recover(seconds(30))));
}

TEST(CheckClient, AServerThatAnswers202AtOnceIsNotAskedInAHotLoop) {
  World world;
  world.http.answer("GET 10.0.0.1:8080/api/check/executions/id1", HttpResponse{202, {}, ""});
  (void)world.recover(seconds(60));
  EXPECT_LE(world.http.requests.size(), 13U);
}

TEST(CheckClient, CancelReachesEveryAddress) {
  World world;
  world.resolver.addresses = {"10.0.0.1:8080", "10.0.0.2:8080"};
  world.http.answer("DELETE 10.0.0.2:8080/api/check/executions/id1", HttpResponse{200, {}, ""});
  world.loop.run(world.client.cancel("id1", {}));
  EXPECT_EQ(world.http.requests.size(), 2U);
}

TEST(CheckClient, ACancelOvertakesARequestOnItsWayAndIsSaidOnceMore) {
  World world;
  const std::string what = "DELETE 10.0.0.1:8080/api/check/executions/id1";
  world.http.answer(what, HttpResponse{404, {}, ""});
  world.http.answer(what, HttpResponse{200, {}, ""});
  world.loop.run(world.client.cancel("id1", {}));
  EXPECT_EQ(world.http.requests.size(), 2U);
  world.loop.run(world.client.cancel("id1", {}));
  EXPECT_EQ(world.http.requests.size(), 3U);
}

TEST(CheckClient, ACancelOfWhatNeverBecomesKnownEnds) {
  World world;
  world.resolver.addresses = {"10.0.0.1:8080", "10.0.0.2:8080"};  // the second is away
  world.http.answer("DELETE 10.0.0.1:8080/api/check/executions/id1", HttpResponse{404, {}, ""});
  world.loop.run(world.client.cancel("id1", {}));
  EXPECT_EQ(world.http.requests.size(), 4U);
}

}  // namespace
}  // namespace holmes
