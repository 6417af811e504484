#include "holmes/server/routes.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

RouteMatch match(std::string_view method, std::string_view target) {
  return match_route(method, parse_target(target).value());
}

TEST(Routes, FindsEachByItsOwnPathAndMethod) {
  for (const Route& route : all_routes()) {
    const RouteMatch found = match(route.method, route.path);
    ASSERT_EQ(found.route, &route) << route.path;
    EXPECT_EQ(found.path, route.path);
    EXPECT_EQ(found.needs_key, route.needs_key);
  }
}

TEST(Routes, OnlyHealthAndMetricsNeedNoKey) {
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/healthz?x=/api/info", "/%68ealthz",
                           "http://evil/healthz"}) {
    EXPECT_FALSE(match("GET", path).needs_key) << path;
  }
  for (const char* path :
       {"/", "/nothing", "/api/info", "/api/info?/healthz", "/healthz/", "//healthz",
        "/healthz/../api/info", "/api/check/executions/healthz", "http://healthz/api/info"}) {
    EXPECT_TRUE(match("GET", path).needs_key) << path;
  }
}

TEST(Routes, TakesTheDecodedKeyFromThePath) {
  EXPECT_EQ(match("GET", "/api/check/executions/a%2Fb").key, "a/b");
  EXPECT_EQ(match("DELETE", "/api/check/executions/x").route->id, RouteId::kCancelExecution);
  EXPECT_EQ(match("GET", "/api/check/executions/").route, nullptr);
  EXPECT_EQ(match("GET", "/api/check/executions/a/b").route, nullptr);
}

TEST(Routes, WrongMethodTellsTheRightOnes) {
  const RouteMatch found = match("PUT", "/api/check/executions/x");
  EXPECT_EQ(found.route, nullptr);
  EXPECT_EQ(found.path, "/api/check/executions/{key}");
  EXPECT_EQ(found.allow, "GET, DELETE");
}

TEST(Routes, HeadIsAGet) {
  ASSERT_NE(match("HEAD", "/healthz").route, nullptr);
  EXPECT_EQ(match("HEAD", "/api/check/execute").route, nullptr);
}

TEST(Routes, UnknownPathHasNoName) {
  EXPECT_EQ(match("GET", "/nothing").path, "");
  EXPECT_EQ(match("GET", "/api/check").path, "");
}

}  // namespace
}  // namespace holmes
