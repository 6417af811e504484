#include "net/url.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Url, IsReadIntoItsParts) {
  struct Row {
    std::string_view text, scheme, host;
    uint16_t port;
    std::string_view path, origin;
  };
  const Row rows[] = {
      {"http://a", "http", "a", 80, "", "http://a"},
      {"https://a/", "https", "a", 443, "", "https://a"},
      {"HTTPS://Api.Example.COM:6443", "https", "api.example.com", 6443, "",
       "https://api.example.com:6443"},
      {"http://127.0.0.1:80/v1//", "http", "127.0.0.1", 80, "/v1", "http://127.0.0.1"},
      {"https://[::1]:6443/k8s/clusters/c-1", "https", "::1", 6443, "/k8s/clusters/c-1",
       "https://[::1]:6443"},
      {"http://[FE80::1]/a%20b", "http", "fe80::1", 80, "/a%20b", "http://[fe80::1]"},
  };
  for (const Row& row : rows) {
    const Result<Url> url = parse_url(row.text);
    ASSERT_TRUE(url.has_value()) << row.text << ": " << url.error().message;
    EXPECT_EQ(url->scheme, row.scheme) << row.text;
    EXPECT_EQ(url->host, row.host) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->path, row.path) << row.text;
    EXPECT_EQ(url->origin(), row.origin) << row.text;
    EXPECT_EQ(url->to_text(), std::string(row.origin) + std::string(row.path)) << row.text;
  }
}

TEST(Url, IsRefusedWithTheReason) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "must begin with http:// or https://"},
      {"api:6443", "must begin with http:// or https://"},
      {"ftp://a", "must begin with http:// or https://"},
      {"https://", "no host"},
      {"https:///path", "no host"},
      {"https://:6443", "no host"},
      {"http://a b", "forbidden character"},
      {"http://a\r\nb", "forbidden character"},
      {"http://[::1", "without ']'"},
      {"http://[xyz]", "no IPv6 address"},
      {"http://[::1]6443", "after ']'"},
      {"http://a:", "port"},
      {"http://a:0", "port"},
      {"http://a:65536", "port"},
      {"http://a:80x", "port"},
      {"http://a:-1", "port"},
      {"http://a/?x=1", "query"},
      {"http://a/#x", "fragment"},
      {"http://a/b c", "percent-encoded"},
      {"http://a/\xC3\xA4", "percent-encoded"},
      {"http://a/%2", "escape"},
      {"http://user:secret@a/", "user information"},
  };
  for (const auto& [text, why] : rows) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalid) << text;
    EXPECT_NE(url.error().message.find(why), std::string::npos)
        << text << ": " << url.error().message;
  }
}

TEST(Url, MessagesQuoteNoSecret) {
  for (const std::string_view text :
       {"http://user:secret@a/", "ftp://user:secret@a", "http://a/?key=secret"}) {
    EXPECT_EQ(parse_url(text).error().message.find("secret"), std::string::npos) << text;
  }
}

TEST(PercentCode, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(percent_encode("a b/c%\xC3\xA4+"), "a%20b%2Fc%25%C3%A4%2B");
  EXPECT_EQ(percent_encode(std::string_view("\0\xFF", 2)), "%00%FF");
}

TEST(PercentCode, DecodesWhatItEncoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode("%c3%A4+"), "\xC3\xA4+");
}

TEST(PercentCode, RefusesBrokenEscapes) {
  for (const std::string_view text : {"%", "%4", "a%", "%zz", "%4g", "%%20", "% 20"}) {
    const auto decoded = percent_decode(text);
    ASSERT_FALSE(decoded.has_value()) << text;
    EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  }
}

TEST(Target, IsSplitIntoDecodedSegmentsAndQuery) {
  using Segments = std::vector<std::string>;
  using Query = std::vector<std::pair<std::string, std::string>>;
  struct Row {
    std::string_view text, path;
    Segments segments;
    Query query;
  };
  const Row rows[] = {
      {"/", "/", {}, {}},
      {"/api/check", "/api/check", {"api", "check"}, {}},
      {"/a%2Fb/c%20d", "/a%2Fb/c%20d", {"a/b", "c d"}, {}},
      {"/a/", "/a/", {"a", ""}, {}},
      {"/a//b", "/a//b", {"a", "", "b"}, {}},
      {"/a?x=1&y=a+b%2Bc&&z&=v", "/a", {"a"}, {{"x", "1"}, {"y", "a b+c"}, {"z", ""}, {"", "v"}}},
      {"/a?", "/a", {"a"}, {}},
      {"/?q=a=b", "/", {}, {{"q", "a=b"}}},
      {"http://host:1/a?x=1", "/a", {"a"}, {{"x", "1"}}},
      {"http://host", "/", {}, {}},
  };
  for (const Row& row : rows) {
    const Result<Target> target = parse_target(row.text);
    ASSERT_TRUE(target.has_value()) << row.text << ": " << target.error().message;
    EXPECT_EQ(target->path, row.path) << row.text;
    EXPECT_EQ(target->segments, row.segments) << row.text;
    EXPECT_EQ(target->query, row.query) << row.text;
  }
}

TEST(Target, FindsTheFirstParameterOfAName) {
  const Target target = parse_target("/a?x=1&x=2&Y=3").value();
  EXPECT_EQ(target.parameter("x"), "1");
  EXPECT_EQ(target.parameter("y"), std::nullopt);
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const std::string_view text : {"", "*", "a", "?x=1", "/%zz", "/a?x=%2"}) {
    const Result<Target> target = parse_target(text);
    ASSERT_FALSE(target.has_value()) << text;
    EXPECT_EQ(target.error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace holmes
