#include "api/check.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace holmes {
namespace {

std::vector<FieldError> errors_of(std::string_view body, bool strict = false) {
  return parse_check_request(parse_json(body).value(), strict).errors;
}

TEST(CheckRequest, FillsTheDefaultsOfTheContract) {
  const ParsedRequest parsed = parse_check_request(parse_json(R"({"query":"ok?"})").value(), true);
  EXPECT_TRUE(parsed.errors.empty());
  EXPECT_EQ(parsed.request.timeout, std::chrono::seconds(30));
  EXPECT_EQ(parsed.request.mode, CheckMode::kMonitor);
}

TEST(CheckRequest, NamesEachBadFieldAndWhatWouldBeRight) {
  const std::string long_query = R"({"query":")" + std::string(5001, 'a') + R"("})";
  const struct {
    std::string body;
    std::vector<std::string> loc;
    std::string type;
  } rows[] = {
      {"{}", {"body", "query"}, "missing"},
      {R"({"query":""})", {"body", "query"}, "string_too_short"},
      {R"({"query":"  \n"})", {"body", "query"}, "string_too_short"},
      {R"({"query":7})", {"body", "query"}, "string_type"},
      {long_query, {"body", "query"}, "string_too_long"},
      {R"({"query":"q","timeout":0})", {"body", "timeout"}, "greater_than_equal"},
      {R"({"query":"q","timeout":301})", {"body", "timeout"}, "less_than_equal"},
      {R"({"query":"q","timeout":"30"})", {"body", "timeout"}, "int_type"},
      {R"({"query":"q","mode":"loud"})", {"body", "mode"}, "literal_error"},
      {R"({"query":"q","destinations":{}})", {"body", "destinations"}, "list_type"},
      {R"({"query":"q","destinations":[{}]})", {"body", "destinations", "0", "type"}, "missing"},
      {R"({"query":"q","destinations":[7]})",
       {"body", "destinations", "0"},
       "model_attributes_type"},
      {R"({"query":"q","destinations":[{"type":"slack","config":7}]})",
       {"body", "destinations", "0", "config"},
       "dict_type"},
      {R"({"query":"q","model":1})", {"body", "model"}, "string_type"},
      {R"({"query":"q","model":")" + std::string(254, 'm') + R"("})",
       {"body", "model"},
       "string_too_long"},
      {"[]", {"body"}, "model_attributes_type"},
  };
  for (const auto& row : rows) {
    const auto errors = errors_of(row.body);
    ASSERT_EQ(errors.size(), 1U) << row.body;
    EXPECT_EQ(errors[0].loc, row.loc) << row.body;
    EXPECT_EQ(errors[0].type, row.type) << row.body;
  }
}

TEST(CheckRequest, RefusesADestinationWithMoreThan8KiBOfConfig) {
  const auto errors = errors_of(R"({"query":"q","destinations":[{"type":"slack","config":{"x":")" +
                                std::string(9000, 'a') + R"("}}]})");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].loc, (std::vector<std::string>{"body", "destinations", "0", "config"}));
}

TEST(CheckRequest, CountsCharactersNotBytes) {
  std::string query;
  for (int i = 0; i < 5000; ++i) query += "\xC3\xA4";
  EXPECT_TRUE(errors_of(R"({"query":")" + query + R"("})").empty());
}

TEST(CheckRequest, UnknownFieldsAreIgnoredUnlessStrict) {
  const ParsedRequest lax =
      parse_check_request(parse_json(R"({"query":"q","extra":1})").value(), false);
  EXPECT_TRUE(lax.errors.empty());
  EXPECT_EQ(lax.unknown_fields, std::vector<std::string>{"extra"});
  EXPECT_EQ(errors_of(R"({"query":"q","extra":1})", true).at(0).type, "extra_forbidden");
}

TEST(CheckRequest, RoundTrips) {
  CheckRequest request;
  request.query = "q";
  request.timeout = std::chrono::seconds(7);
  request.mode = CheckMode::kAlert;
  request.destinations.push_back({"slack", "", json::object{{"channel", "#a"}}});
  request.name = "default/a";
  EXPECT_EQ(parse_check_request(to_json(request), true).request, request);
}

TEST(CheckResponse, RoundTripsAndReadsAnAnswerOfTheOriginal) {
  CheckResponse response;
  response.status = CheckStatus::kError;
  response.message = "Check errored: late";
  response.duration_seconds = 2.5;
  response.error = "late";
  response.reason = ErrorReason::kTimeout;
  response.notifications.push_back({"slack", "#a", Notification::Outcome::kFailed, "no channel"});
  response.usage.model_calls = 2;
  response.evidence.push_back({"kubernetes_get", "{}", "s", 10});
  EXPECT_EQ(parse_check_response(to_json(response)).value(), response);

  const auto original = parse_check_response(
      parse_json_object(R"({"status":"pass","message":"m","duration":2.5,"rationale":"r",
                            "error":null})")
          .value());
  EXPECT_EQ(original.value().rationale, "r");
  EXPECT_EQ(original.value().reason, std::nullopt);
}

TEST(CheckResponse, OneUnreadableItemDoesNotCostTheVerdict) {
  const auto parsed = parse_check_response(
      parse_json_object(R"({"status":"fail","notifications":[{"status":"lost"}],"evidence":[1]})")
          .value());
  EXPECT_EQ(parsed.value().status, CheckStatus::kFail);
}

TEST(CheckResponse, RefusesAnUnknownStatus) {
  const auto parsed = parse_check_response(parse_json_object(R"({"status":"maybe"})").value());
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kProtocol);
}

TEST(FieldError, WritesIndexesAsNumbers) {
  EXPECT_EQ(to_text(to_json({{{"body", "destinations", "0"}, "m", "t"}})),
            R"([{"loc":["body","destinations",0],"msg":"m","type":"t"}])");
}

TEST(LimitLength, CutsAtACharacterAndMarksTheCut) {
  EXPECT_EQ(limit_length("abcdef", 6), "abcdef");
  EXPECT_EQ(limit_length("abcdefg", 6), "abc...");
  const std::string wide = "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4";
  EXPECT_EQ(limit_length(wide, 5), wide);
  EXPECT_EQ(limit_length(wide, 4), "\xC3\xA4...");
}

}  // namespace
}  // namespace holmes
