#include "net/http.h"

#include <gtest/gtest.h>

#include "net/curl_error.h"
#include "net/http_wire.h"

namespace holmes {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HttpHeaders, CompareNamesWithoutCaseAndKeepOrder) {
  HttpHeaders headers{{"Accept", "a"}, {"X-Key", "1"}};
  headers.add("accept", "b");
  EXPECT_EQ(headers.find("ACCEPT"), "a");
  EXPECT_EQ(headers.find("Accep"), std::nullopt);
  ASSERT_EQ(headers.all().size(), 3U);
  EXPECT_EQ(headers.all()[2].second, "b");
}

TEST(HttpHeaders, SetReplacesAllOfTheName) {
  HttpHeaders headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.set("A", "4");
  EXPECT_EQ(headers.find("a"), "4");
  EXPECT_EQ(headers.all().size(), 2U);
  headers.set("c", "5");
  EXPECT_EQ(headers.find("c"), "5");
}

TEST(RetryAfter, ReadsSecondsAndAllDatesOfTheRfc) {
  const WallTime now = parse_rfc3339("1994-11-06T08:49:07Z").value();
  const std::pair<std::string, std::optional<milliseconds>> rows[] = {
      {"0", seconds(0)},
      {"120", seconds(120)},
      {" 3 ", seconds(3)},
      {"999999", hours(24)},
      {"99999999999999999999999", hours(24)},
      {"Sun, 06 Nov 1994 08:49:37 GMT", seconds(30)},
      {"Sunday, 06-Nov-94 08:49:37 GMT", seconds(30)},
      {"Sun Nov  6 08:49:37 1994", seconds(30)},
      {"Sun, 06 Nov 1994 08:49:01 GMT", seconds(0)},
      {"Sun, 06 Nov 2044 08:49:01 GMT", hours(24)},
      {"", std::nullopt},
      {"soon", std::nullopt},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"3s", std::nullopt},
      {"Some day", std::nullopt},
  };
  for (const auto& [value, expected] : rows) {
    EXPECT_EQ(retry_after(HttpHeaders{{"retry-after", value}}, now), expected) << value;
  }
  EXPECT_EQ(retry_after(HttpHeaders(), now), std::nullopt);
}

TEST(ResponseHead, HasLengthAndConnection) {
  HttpResponse response;
  response.body = "hello";
  response.headers.add("X-A", "1");
  EXPECT_EQ(response_head(response, Framing::kLength, true),
            "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(
      response_head(response, Framing::kLength, false).ends_with("Connection: close\r\n\r\n"));
}

TEST(ResponseHead, HasNoLengthWhereNoBodyMayBe) {
  HttpResponse response;
  for (const int status : {204, 304}) {
    response.status = status;
    for (const Framing framing : {Framing::kLength, Framing::kChunks}) {
      const std::string head = response_head(response, framing, true);
      EXPECT_EQ(head.substr(head.find("\r\n")), "\r\nConnection: keep-alive\r\n\r\n") << status;
    }
  }
}

TEST(ResponseHead, SaysHowTheBodyEnds) {
  const HttpResponse response;
  EXPECT_EQ(response_head(response, Framing::kChunks, true),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(response_head(response, Framing::kConnectionEnd, false),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(chunk(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(ResponseHead, LeavesOutFieldsThatWouldBreakTheMessage) {
  HttpResponse response;
  response.headers = HttpHeaders{{"X-A", "1\r\nX-Evil: 2"},       {"X\n-B", "1"},      {"", "1"},
                                 {"Content-Length", "99"},        {"connection", "x"}, {"X:Y", "1"},
                                 {"Transfer-Encoding", "chunked"}};
  EXPECT_EQ(response_head(response, Framing::kLength, true),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(RequestText, FramesTheMessageItselfAndLeavesTheRestToTheRequest) {
  const auto text_of = [](const HttpRequest& request) {
    return request_text(request, check_request(request).value(), "holmes");
  };
  const std::string common = "Host: a\r\nUser-Agent: holmes\r\nAccept: */*\r\n";
  EXPECT_EQ(text_of({"GET", "http://a/b?c#d"}), "GET /b?c HTTP/1.1\r\n" + common + "\r\n");
  EXPECT_EQ(text_of({"GET", "http://a"}), "GET / HTTP/1.1\r\n" + common + "\r\n");
  EXPECT_EQ(text_of({"GET", "http://a?c"}), "GET /?c HTTP/1.1\r\n" + common + "\r\n");
  EXPECT_EQ(text_of({"HEAD", "http://a/", {}, "body"}), "HEAD / HTTP/1.1\r\n" + common + "\r\n");
  EXPECT_EQ(text_of({"POST",
                     "https://[::1]:8443/",
                     {{"content-length", "7"}, {"Transfer-Encoding", "chunked"}, {"accept", "x"}},
                     "body"}),
            "POST / HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: holmes\r\naccept: x\r\n"
            "Content-Length: 4\r\n\r\nbody");
  EXPECT_EQ(text_of({"PUT", "http://a/", {{"host", "b"}, {"user-agent", "c"}, {"Accept", ""}}}),
            "PUT / HTTP/1.1\r\nhost: b\r\nuser-agent: c\r\nAccept:\r\nContent-Length: 0\r\n\r\n");
}

TEST(CheckRequest, AKnownOriginServesItsOwnRequestsOnly) {
  const auto known = check_request({"GET", "http://a/b"}).value().origin;
  for (const char* target : {"http://a", "http://a/c", "http://a?c", "http://a#c"}) {
    const HttpRequest request{"GET", target};
    const ClientTarget again = check_request(request, known).value();
    EXPECT_EQ(again.origin, known) << target;
    EXPECT_EQ(again.rest, request.target.substr(8));
  }
  const std::pair<std::string, std::string> others[] = {{"http://a:8080/b", "http://a:8080"},
                                                        {"http://ab/b", "http://ab"},
                                                        {"http://a.b", "http://a.b"},
                                                        {"https://a/b", "https://a"},
                                                        {"http:", ""},
                                                        {"http://a@b/b", ""},
                                                        {"http://a\\b", ""}};
  for (const auto& [target, origin] : others) {
    const auto other = check_request({"GET", target}, known);
    EXPECT_EQ(other ? other->origin->text : "", origin) << target;
  }
  const HttpRequest aside{.target = "http://a/b", .connect_to = "c:1"};
  EXPECT_EQ(check_request(aside, known).value().origin->peer.host, "c");
  EXPECT_EQ(check_request(aside, check_request(aside, known).value().origin).value().rest, "/b");
}

TEST(CurlError, IsRefusedOnlyWhenNothingWasSent) {
  for (int code = 1; code < 100; ++code) {
    CurlFailure failure;
    failure.code = code;
    failure.sent = true;
    EXPECT_NE(curl_error(failure).code, ErrorCode::kRefused) << code;
    EXPECT_FALSE(curl_error(failure).message.empty()) << code;
  }
}

TEST(CurlError, MessageIsOneLineWithoutFullStop) {
  CurlFailure failure;
  failure.code = 35;
  failure.detail = "bad handshake.\r\n";
  EXPECT_EQ(curl_error(failure).message, "bad handshake");
}

}  // namespace
}  // namespace holmes
