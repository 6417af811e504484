#include "kube/core/status.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string status_body(std::string_view reason) {
  return R"({"kind":"Status","status":"Failure","message":"no way","reason":")" +
         std::string(reason) + R"("})";
}

struct Case {
  int http_status;
  std::string reason;
  std::optional<milliseconds> hint;
  ErrorCode code;
};

TEST(StatusError, ChoosesTheCodeByStatusReasonAndHint) {
  const std::vector<Case> cases{
      {400, "BadRequest", {}, ErrorCode::kInvalid},
      {401, "Unauthorized", {}, ErrorCode::kUnauthenticated},
      {403, "Forbidden", {}, ErrorCode::kForbidden},
      {404, "NotFound", {}, ErrorCode::kNotFound},
      {405, "MethodNotAllowed", {}, ErrorCode::kInvalid},
      {409, "Conflict", {}, ErrorCode::kConflict},
      {409, "AlreadyExists", {}, ErrorCode::kAlreadyExists},
      {410, "Gone", {}, ErrorCode::kGone},
      {410, "Expired", {}, ErrorCode::kGone},
      {413, "RequestEntityTooLarge", {}, ErrorCode::kTooLarge},
      {422, "Invalid", {}, ErrorCode::kInvalid},
      {429, "TooManyRequests", {}, ErrorCode::kRefused},
      {500, "InternalError", {}, ErrorCode::kUnavailable},
      {500, "ServerTimeout", seconds(1), ErrorCode::kUnavailable},
      {503, "ServiceUnavailable", {}, ErrorCode::kUnavailable},
      {503, "ServiceUnavailable", seconds(1), ErrorCode::kRefused},
      {504, "Timeout", {}, ErrorCode::kUnavailable},
      {302, "", {}, ErrorCode::kProtocol},
  };
  for (const Case& c : cases) {
    const Error error = status_error(c.http_status, status_body(c.reason), c.hint);
    EXPECT_EQ(error.code, c.code) << c.http_status << " " << c.reason;
    EXPECT_EQ(error.message, "no way");
    EXPECT_EQ(error.retry_after, c.hint);
    EXPECT_EQ(status_error(c.http_status, "", c.hint).code,
              c.reason == "AlreadyExists" ? ErrorCode::kConflict : c.code);
  }
}

TEST(StatusError, TakesTheHintFromTheBodyUnlessAHeaderGaveOne) {
  constexpr std::string_view kBody =
      R"({"kind":"Status","message":"busy","details":{"retryAfterSeconds":5}})";
  EXPECT_EQ(status_error(503, kBody, std::nullopt), Error(ErrorCode::kRefused, "busy", seconds(5)));
  EXPECT_EQ(status_error(429, kBody, seconds(2)), Error(ErrorCode::kRefused, "busy", seconds(2)));
}

TEST(StatusError, QuotesPartOfABodyThatIsNoStatus) {
  EXPECT_EQ(status_error(502, " <html>Bad gateway</html>\n", std::nullopt).message,
            "the API server answered 502: <html>Bad gateway</html>");
  EXPECT_EQ(status_error(500, "", std::nullopt).message, "the API server answered 500");
  const Error error = status_error(500, std::string(100'000, '\xFF'), std::nullopt);
  EXPECT_LT(error.message.size(), 400U);
}

TEST(StatusError, ReadsTheStatusInsideAWatch) {
  const json::object status = parse_json_object(R"x({"kind":"Status","code":410,"reason":"Expired",
                             "message":"too old resource version: 1 (99)"})x")
                                  .value();
  EXPECT_EQ(status_error(status), Error(ErrorCode::kGone, "too old resource version: 1 (99)"));
  EXPECT_EQ(status_error(json::object()).code, ErrorCode::kProtocol);
}

// As kube-apiserver 1.35 says it.
TEST(StatusError, AVersionThatIsNotReachedYetIsNotThereLikeOneThatIsGone) {
  constexpr std::string_view kBody =
      R"({"kind":"Status","status":"Failure","message":"Timeout: Too large resource version: 9, )"
      R"(current: 8","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge",)"
      R"("message":"Too large resource version"}],"retryAfterSeconds":1},"code":504})";
  const Error error = status_error(504, kBody, std::nullopt);
  EXPECT_EQ(error.code, ErrorCode::kGone);
  EXPECT_EQ(error.retry_after, seconds(1));
  EXPECT_EQ(status_error(parse_json_object(kBody).value()).code, ErrorCode::kGone);
}

}  // namespace
}  // namespace holmes::kube
