#include "kube/store/store_listener.h"

#include <gtest/gtest.h>

#include "kube/store/api_testing.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kToken = "a-token";

struct Asked {
  std::string method = "GET";
  std::string target = "/api/v1/namespaces";
  std::vector<std::pair<std::string, std::string>> headers{{"Authorization", "Bearer a-token"}};
  std::string body{};
};

HttpResponse ask(ApiUnderTest& test, Asked asked, std::string_view token = kToken) {
  HttpRequest request{.method = std::move(asked.method), .target = std::move(asked.target)};
  for (const auto& [name, value] : asked.headers) request.headers.add(name, value);
  request.body = std::move(asked.body);
  return test.loop.run(serve_api(test.api, std::string(token))(std::move(request), {}));
}

json::object status_of(const HttpResponse& response) {
  return parse_json_object(response.body).value();
}

TEST(StoreListener, AnswersWhoShowsTheToken) {
  ApiUnderTest test;
  for (const std::string value : {"Bearer a-token", "bearer a-token", "BEARER  a-token "}) {
    EXPECT_EQ(ask(test, {.headers = {{"authorization", value}}}).status, 200) << value;
  }
}

TEST(StoreListener, RefusesWhoShowsNoTokenOrAnother) {
  ApiUnderTest test;
  const std::vector<std::vector<std::pair<std::string, std::string>>> rows{
      {},
      {{"Authorization", ""}},
      {{"Authorization", "Bearer"}},
      {{"Authorization", "Bearer "}},
      {{"Authorization", "a-token"}},
      {{"Authorization", "Basic a-token"}},
      {{"Authorization", "Bearer b-token"}},
      {{"Authorization", "Bearer a-toke"}},
      {{"Authorization", "Bearer a-token2"}},
      {{"X-Token", "a-token"}}};
  for (const auto& headers : rows) {
    const HttpResponse response = ask(test, {.headers = headers});
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(json_string(status_of(response), {"reason"}), "Unauthorized");
    EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
  }
}

TEST(StoreListener, WritesNothingForWhoIsRefused) {
  ApiUnderTest test;
  const int64_t before = test.store.version();
  EXPECT_EQ(
      ask(test, {.method = "POST", .headers = {}, .body = R"({"metadata":{"name":"a"}})"}).status,
      401);
  EXPECT_EQ(test.store.version(), before);
}

TEST(StoreListener, HealthAndVersionAreForEverybody) {
  ApiUnderTest test;
  for (const std::string target : {"/healthz", "/livez", "/readyz?verbose", "/version"}) {
    EXPECT_EQ(ask(test, {.target = target, .headers = {}}).status, 200) << target;
  }
  EXPECT_EQ(ask(test, {.target = "/", .headers = {}}).status, 401);
  EXPECT_EQ(ask(test, {.target = "/healthz2", .headers = {}}).status, 401);
}

TEST(StoreListener, WithoutATokenEverybodyMayAsk) {
  ApiUnderTest test;
  EXPECT_EQ(ask(test, {.headers = {}}, "").status, 200);
}

TEST(StoreListener, ATargetThatCannotBeReadIsABadRequest) {
  ApiUnderTest test;
  for (const std::string target : {"/api/%zz", "/api/%4"}) {
    const HttpResponse response = ask(test, {.target = target});
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_EQ(json_string(status_of(response), {"reason"}), "BadRequest") << target;
  }
}

TEST(StoreListener, HandsTypesOnAndWarningsBack) {
  ApiUnderTest test;
  const HttpResponse table =
      ask(test, {.headers = {{"Authorization", "Bearer a-token"},
                             {"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}});
  EXPECT_EQ(json_string(status_of(table), {"kind"}), "Table");
  const HttpResponse refused =
      ask(test, {.method = "PATCH",
                 .target = "/api/v1/namespaces/default",
                 .headers = {{"Authorization", "Bearer a-token"}, {"Content-Type", "text/plain"}},
                 .body = "{}"});
  EXPECT_EQ(refused.status, 415);
  const std::string definition = R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"toys.toys.test"},"spec":{
    "group":"toys.test","scope":"Cluster","names":{"plural":"toys","kind":"Toy"},"versions":[{
    "name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})";
  ASSERT_EQ(ask(test, {.method = "POST",
                       .target = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                       .body = definition})
                .status,
            201);
  const HttpResponse warned =
      ask(test, {.method = "POST",
                 .target = "/apis/toys.test/v1/toys?fieldValidation=Warn",
                 .body = R"({"apiVersion":"toys.test/v1","kind":"Toy","metadata":{"name":"a"},
                             "other":1})"});
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.find("Warning"), R"(299 - "unknown field \"other\"")");
}

}  // namespace
}  // namespace holmes::kube
