#include "holmes/llm/provider_error.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/files.h"
#include "base/strings.h"

namespace holmes {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

const WallTime kNow = parse_rfc3339("2024-01-01T00:00:00Z").value();

ModelError error_of(int status, std::string_view body, HttpHeaders headers = {}) {
  return provider_error({status, std::move(headers), std::string(body)}, "X_KEY", kNow);
}

// testdata/errors.jsonl: what providers answered, and what it means.
TEST(ProviderError, EachCapturedAnswerIsOfItsKind) {
  const std::string text = real_files().read(HOLMES_LLM_TESTDATA "/errors.jsonl").value();
  std::set<std::string> kinds;
  for (const std::string_view line : split(trim(text), '\n')) {
    const json::object row = parse_json_object(line).value();
    HttpHeaders headers;
    for (const auto& header : row.at("headers").as_object()) {
      headers.add(std::string(header.key()), std::string(header.value().as_string()));
    }
    const ModelError error = error_of(static_cast<int>(*json_int(row, {"status"})),
                                      *json_string(row, {"body"}), headers);
    EXPECT_EQ(to_string(error.kind), *json_string(row, {"kind"})) << line;
    const auto wait = json_int(row, {"wait_ms"});
    EXPECT_EQ(error.retry_after, wait ? std::optional(milliseconds(*wait)) : std::nullopt) << line;
    kinds.emplace(to_string(error.kind));
  }
  EXPECT_EQ(kinds.size(), 11U);  // all that a status can tell
}

TEST(ProviderError, WhatMayPassByItselfAndNothingElseIsTriedAgain) {
  const std::pair<ModelErrorKind, bool> cases[] = {
      {ModelErrorKind::kRateLimited, true},     {ModelErrorKind::kOverloaded, true},
      {ModelErrorKind::kServerError, true},     {ModelErrorKind::kTimeout, true},
      {ModelErrorKind::kNoConnection, true},    {ModelErrorKind::kQuotaExhausted, false},
      {ModelErrorKind::kAuthentication, false}, {ModelErrorKind::kForbidden, false},
      {ModelErrorKind::kContextTooLong, false}, {ModelErrorKind::kInvalidRequest, false},
      {ModelErrorKind::kUnknownModel, false},   {ModelErrorKind::kContentRefused, false},
      {ModelErrorKind::kCancelled, false},      {ModelErrorKind::kUnreadable, false},
  };
  for (const auto& [kind, passes] : cases) {
    const ErrorCode code = ModelError(kind, "x").code;
    EXPECT_EQ(code == ErrorCode::kRefused || code == ErrorCode::kUnavailable, passes)
        << to_string(kind);
  }
}

TEST(ProviderError, NeverQuotesTheKeyAndSaysWhichToCheck) {
  const ModelError error = error_of(401, R"({"error":{"message":"bad key sk-abc***xyz"}})");
  EXPECT_THAT(error.message, Not(HasSubstr("sk-")));
  EXPECT_THAT(error.message, HasSubstr("check X_KEY"));
}

TEST(ProviderError, QuotesALongSentenceOnlyInPart) {
  EXPECT_LT(error_of(500, std::string(100'000, 'x')).message.size(), 600U);
}

TEST(ProviderError, QuotesWhatIsNoJsonAndNoUtf8) {
  EXPECT_EQ(error_of(500, "<html>oops</html>").message, "HTTP 500: <html>oops</html>");
  EXPECT_EQ(error_of(503, "\xff").message, "HTTP 503: \xEF\xBF\xBD");
}

TEST(ProviderError, SaysWhatIsUsedUpOrFiltered) {
  EXPECT_THAT(error_of(402, R"({"message":"pay"})").message,
              HasSubstr("the quota is used up: pay"));
  EXPECT_THAT(error_of(400, R"({"error":{"code":"content_filter","message":"no"}})").message,
              HasSubstr("a filter refused the content: no"));
}

TEST(ProviderError, WaitsThatMakeNoSenseAreNone) {
  for (const std::string_view delay : {"", "s", "34", "-1s", "nans", "infs", "1e9s", "1m0s"}) {
    const std::string body =
        R"({"error":{"details":[{"retryDelay":")" + std::string(delay) + "\"}]}}";
    EXPECT_EQ(error_of(429, body).retry_after, std::nullopt) << delay;
  }
  EXPECT_EQ(error_of(429, "", {{"retry-after-ms", "-5"}}).retry_after, std::nullopt);
  EXPECT_EQ(error_of(429, "", {{"retry-after-ms", "2500.5"}}).retry_after, milliseconds(2500));
}

TEST(ProviderError, HostileBodiesAreJustErrors) {
  for (
      const std::string_view body :
      {"[]", "[[]]", "null", "7", R"({"error":[]})", R"({"error":{"details":{}}})",
       R"({"error":{"details":[1,{"violations":7},{"violations":[1]}],"code":{},"message":[]}})"}) {
    EXPECT_EQ(error_of(500, body).kind, ModelErrorKind::kServerError) << body;
  }
}

TEST(ErrorInside, IsFoundWithItsOwnStatus) {
  const auto inside = [](std::string_view body) {
    return error_inside(parse_json_object(body).value(), body);
  };
  EXPECT_EQ(inside(R"({"error":{"code":429,"message":"busy"}})")->kind,
            ModelErrorKind::kRateLimited);
  EXPECT_EQ(inside(R"({"error":"gone"})")->kind, ModelErrorKind::kServerError);
  EXPECT_EQ(inside(R"({"type":"error","error":{"type":"overloaded_error"}})")->kind,
            ModelErrorKind::kOverloaded);
  EXPECT_FALSE(inside(R"({"error":null})"));
  EXPECT_FALSE(inside("{}"));
}

}  // namespace
}  // namespace holmes
