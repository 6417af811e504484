#include "net/aws_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::HasSubstr;

const AwsCredentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const AwsScope kScope{"us-east-1", "service"};
const WallTime kNow = parse_rfc3339("2015-08-30T12:36:00Z").value();

struct Vector {
  std::string_view name;
  HttpRequest request;
  std::string_view names;
  std::string_view signature;
};

// Of AWS's own test suite (aws-sig-v4-test-suite).
TEST(AwsSignature, MatchesThePublishedVectors) {
  const std::string host = "https://example.amazonaws.com";
  const Vector vectors[] = {
      {"get-vanilla",
       {.target = host + "/"},
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       {.target = host + "/?Param2=value2&Param1=value1"},
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-header-value-trim",
       {.target = host + "/",
        .headers = {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}},
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-vanilla",
       {.method = "POST", .target = host + "/"},
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-header-key-sort",
       {.method = "POST", .target = host + "/", .headers = {{"My-Header1", "value1"}}},
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-x-www-form-urlencoded",
       {.method = "POST",
        .target = host + "/",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
        .body = "Param1=value1"},
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
  for (const Vector& vector : vectors) {
    HttpRequest request = vector.request;
    ASSERT_TRUE(sign_aws(request, kExample, kScope, kNow)) << vector.name;
    EXPECT_EQ(request.headers.find("X-Amz-Date"), "20150830T123600Z");
    const std::string expected =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=" +
        std::string(vector.names) + ", Signature=" + std::string(vector.signature);
    EXPECT_EQ(request.headers.find("Authorization"), expected) << vector.name;
  }
}

TEST(AwsSignature, SendsAndSignsASessionToken) {
  HttpRequest request{.target = "https://example.amazonaws.com"};
  AwsCredentials temporary = kExample;
  temporary.session_token = "token";
  ASSERT_TRUE(sign_aws(request, temporary, kScope, kNow));
  EXPECT_EQ(request.headers.find("X-Amz-Security-Token"), "token");
  EXPECT_THAT(std::string(*request.headers.find("Authorization")),
              HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token"));
}

TEST(AwsSignature, RefusesWhatIsNoAddress) {
  for (const std::string target : {"", "/path", "ftp://x/", "https://"}) {
    HttpRequest request{.target = target};
    EXPECT_FALSE(sign_aws(request, kExample, kScope, kNow)) << target;
  }
}

}  // namespace
}  // namespace holmes
