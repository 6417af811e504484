#include "holmes/server/execute_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::HasSubstr;

HttpRequest post(std::string body, HttpHeaders headers = {}) {
  HttpRequest request{"POST", "/api/check/execute", std::move(headers), std::move(body), ""};
  if (!request.headers.find("Content-Type")) {
    request.headers.add("Content-Type", "application/json");
  }
  return request;
}

int status_of(const HttpRequest& request) {
  const auto read = read_execute_request(request);
  return read ? 200 : read.error().status;
}

TEST(ExecuteRequest, ReadsBodyAndHeaders) {
  const auto read = read_execute_request(
      post(R"({"query":"q","timeout":7,"name":"a/b","surprise":1})",
           {{"Content-Type", "Application/JSON; charset=utf-8"}, {"Idempotency-Key", " k "}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->check.query, "q");
  EXPECT_EQ(read->check.timeout, std::chrono::seconds(7));
  EXPECT_EQ(read->check.name, "a/b");
  EXPECT_EQ(read->key, "k");
  EXPECT_EQ(read->unknown_fields, std::vector<std::string>{"surprise"});
}

TEST(ExecuteRequest, NameInTheHeaderGoesBeforeTheBody) {
  const auto read = read_execute_request(
      post(R"({"query":"q","name":"body/b"})", {{"X-Check-Name", "header/h"}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->check.name, "header/h");
}

TEST(ExecuteRequest, BodyMustBeJsonByItsType) {
  for (const char* type :
       {"", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(status_of(post(R"({"query":"q"})", {{"Content-Type", type}})), 415) << type;
  }
}

TEST(ExecuteRequest, BodyThatIsNotJsonIsA400) {
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("\xff\xfe"), std::string(100'000, '['),
        std::string(R"({"query":"\ud800"})"), std::string("{\"query\":\"\xc3\x28\"}")}) {
    EXPECT_EQ(status_of(post(body)), 400) << body.substr(0, 20);
  }
}

TEST(ExecuteRequest, InvalidFieldsAreListed) {
  const auto read = read_execute_request(
      post(R"({"query":"","timeout":0})",
           {{"Idempotency-Key", std::string(kMaxIdempotencyKeyLength + 1, 'k')},
            {"X-Check-Name", std::string(kMaxCheckNameLength + 1, 'n')}}));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().status, 422);
  for (const char* loc :
       {R"("loc":["body","query"])", R"("loc":["body","timeout"])",
        R"("loc":["header","Idempotency-Key"])", R"("loc":["header","X-Check-Name"])"}) {
    EXPECT_THAT(read.error().body, HasSubstr(loc));
  }
}

TEST(ExecuteRequest, KeyHasLimits) {
  EXPECT_EQ(status_of(post(R"({"query":"q"})",
                           {{"Idempotency-Key", std::string(kMaxIdempotencyKeyLength, 'k')}})),
            200);
  for (const char* key : {"", " ", "a b", "\xc3\xa4"}) {
    EXPECT_EQ(status_of(post(R"({"query":"q"})", {{"Idempotency-Key", key}})), 422) << key;
  }
}

TEST(ExecuteRequest, StrictRefusesUnknownFields) {
  const char* body = R"({"query":"q","surprise":1})";
  EXPECT_EQ(status_of(post(body, {{"Holmes-Strict", "True"}})), 422);
  EXPECT_EQ(status_of(post(body, {{"Holmes-Strict", "false"}})), 200);
}

}  // namespace
}  // namespace holmes
