#include "holmes/tools/redact.h"

#include <string>

#include <gtest/gtest.h>

#include "holmes/tools/tool.h"

namespace holmes {
namespace {

struct Case {
  std::string_view text;
  std::string_view redacted;
};

// Each credential here is made up or taken from a vendor's documentation.
TEST(Redact, HidesWhatLooksLikeACredential) {
  const Case cases[] = {
      {"using key AKIAIOSFODNN7EXAMPLE now", "using key [redacted] now"},
      {"aws_access_key_id=AKIAIOSFODNN7EXAMPLE", "aws_access_key_id=[redacted]"},
      {"openai: sk-proj-Zx81kQ0aPLw93mVbTt72Rr65Yy48", "openai: [redacted]"},
      {R"(line\nsk-ant-api03-Zx81kQ0aPLw93mVbTt72)", R"(line\n[redacted])"},
      {"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[redacted]"},
      {"slack xoxb-123456789012-abcdefghij", "slack [redacted]"},
      {"token: ghp_16C7e42F292c6912E7710c838347Ae178B4a", "token: [redacted]"},
      {"clone with gho_16C7e42F292c6912E7710c838347Ae178B4a!", "clone with [redacted]!"},
      {"github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv", "[redacted]"},
      {"CI glpat-abcdefghij0123456789 ok", "CI [redacted] ok"},
      {"AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "[redacted]"},
      {"id eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "id [redacted]"},
      {"Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"},
      {"Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"},
      {R"({"Authorization":"Basic dXNlcjpwYXNz"})", R"({"Authorization":"Basic [redacted]"})"},
      {"sent bearer 0123456789abcdef0123", "sent bearer [redacted]"},
      {"password=correct-horse", "password=[redacted]"},
      {"login password=correct-horse failed", "login password=[redacted] failed"},
      {"DB_PASSWORD=a$b&next=1", "DB_PASSWORD=[redacted]&next=1"},
      {"Server=db;Password=x,y;Database=z", "Server=db;Password=[redacted],y;Database=z"},
      {"passwd: hunter2", "passwd: [redacted]"},
      {"password: hunter", "password: [redacted]"},
      {"  secret: abc", "  secret: [redacted]"},
      {"- api_key: abc", "- api_key: [redacted]"},
      {"msg token: 0a1b2c3d4e", "msg token: [redacted]"},
      {"client_secret = \"two words\" # why", "client_secret = \"[redacted]\" # why"},
      {R"({"password": "x", "user": "bob"})", R"({"password": "[redacted]", "user": "bob"})"},
      {R"({"password":"a\"b","n":1})", R"({"password":"[redacted]","n":1})"},
      {R"("log":"{\"token\":\"abc\",\"n\":1}")", R"("log":"{\"token\":\"[redacted]\",\"n\":1}")"},
      {R"({"password":"cut off)", R"({"password":"[redacted])"},
      {R"(a\npassword=abc\nb)", R"(a\npassword=[redacted]\nb)"},
      {"GET /x?token=abc&n=1", "GET /x?token=[redacted]&n=1"},
      {"postgres://bob:p@ss@db:5432/x", "postgres://bob:[redacted]@db:5432/x"},
      {"redis://:secret1@cache", "redis://:[redacted]@cache"},
      {"https://0123456789abcdef01234@host/x", "https://[redacted]@host/x"},
      {"https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/[redacted]"},
      {"run --token abc --verbose", "run --token [redacted] --verbose"},
      {"run --db-password=abc", "run --db-password=[redacted]"},
      {"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
       "a\n[redacted]\nb"},
      {"-----BEGIN PRIVATE KEY-----\nMIIEabc+/=\nMIIE", "[redacted]"},
      {R"({"apiKeys":["hunter2", "b"],"n":1})",
       R"({"apiKeys":["[redacted]", "[redacted]"],"n":1})"},
      {R"({\"tokens\":[\"hunter2\",\"b\"]})", R"({\"tokens\":[\"[redacted]\",\"[redacted]\"]})"},
      {R"({"password":12345678,"n":1})", R"({"password":"[redacted]","n":1})"},
      {"DISCOUNT_TOKENACCOUNT=hunter2", "DISCOUNT_TOKENACCOUNT=[redacted]"},
      {"tokens=hunter2", "tokens=[redacted]"},
      {"signing_key=abc session-key=abc", "signing_key=[redacted] session-key=[redacted]"},
      {"sshKey=abc jwt=abc", "sshKey=[redacted] jwt=[redacted]"},
      {"LICENSE_KEY=abc", "LICENSE_KEY=[redacted]"},
      {R"("connectionString":"Server=db;User=x")", R"("connectionString":"[redacted]")"},
      {"Cookie: session=abc; theme=dark", "Cookie: [redacted]"},
      {"< Set-Cookie: sid=abc; Path=/; HttpOnly", "< Set-Cookie: [redacted]"},
      {R"({"Cookie":"session=abc","n":1})", R"({"Cookie":"[redacted]","n":1})"},
      {R"({"auths":{"r":{"auth":"dXNlcjpwYXNz"}}})", R"({"auths":{"r":{"auth":"[redacted]"}}})"},
      {"caBundle LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUQ=", "caBundle [redacted]"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(redact(c.text), c.redacted);
    EXPECT_EQ(redact(c.redacted), c.redacted) << "not idempotent";
  }
}

TEST(Redact, KeepsOrdinaryText) {
  const std::string_view cases[] = {
      "",
      "token refreshed",
      "INFO token: refreshed, next in 5m",
      "secret: not found",
      R"(MountVolume.SetUp failed for volume "db-secret" : secret "db-secret" not found)",
      R"(couldn't find secret "db-secret": not found)",
      R"(secrets "db" is forbidden: User "system:serviceaccount:a:b" cannot get resource "secrets")",
      "secretName: db-credentials",
      R"("secretKeyRef":{"name":"db","key":"password"})",
      R"("serviceAccountToken":{"expirationSeconds":3607,"path":"token"})",
      "automountServiceAccountToken: false",
      "max_tokens=4096 input_tokens: 12",
      "token_url=https://sso/realms token-ttl=24h passwordPolicy: strong",
      "nginx@sha256:4c0fdaa8b6341bfdeca5f18f7837462c80cff90527ee35ef185571e1c327beac",
      "docker-pullable://nginx@sha256:4c0fdaa8b6341bfdeca5f18f7837462c80cff90527ee35ef1855",
      "uid 7f9c24e8-3b12-4fd7-90b0-3f1ef2a1cf11",
      "image: registry.local/team/token:v1.2.3-rc.45678",
      "pod/task-runner-frontend-service-7d9f8b6c5-abcde disk-pressure",
      "http://web:8080/a@b?c=d",
      "PWD=/app OLDPWD=/root pass: 12 compass=north",
      "password=$(DB_PASSWORD) token=${TOKEN}",
      "DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
      "if token == other",
      "restartCount: 5, reason: CrashLoopBackOff",
      "colour=blue",
      R"({"auth":"kerberos","mode":"x"} auth=certificates)",
      R"({"tokenCount":12345678,"max_tokens":12345678})",
      "nginx.ingress.kubernetes.io/session-cookie-name: route",
      "cookie: not found in request",
      "jwt: token is malformed",
      "ssh key: unreadable file",
      R"({"kind":"Deployment","spec":{"replicas":3},"status":{"readyReplicas":2}})",
  };
  for (const std::string_view text : cases) EXPECT_EQ(redact(text), text);
}

TEST(Redact, KeepsTheRestOfAJsonTextReadable) {
  const std::string text =
      R"({"data":{"PASSWORD":"x","PIN_TOKEN":12,"note":"Authorization: Bearer abc\\\"d\n-----BEGIN A KEY-----\nMII"},"end":1})";
  const Result<json::object> parsed = parse_json_object(redact(text));
  ASSERT_TRUE(parsed) << redact(text);
  EXPECT_EQ(json_string(*parsed, {"data", "PASSWORD"}), kRedacted);
  EXPECT_EQ(json_int(*parsed, {"end"}), 1);
}

// Hostile logs must not cost more than their length.
TEST(Redact, IsLinear) {
  constexpr size_t kRepetitions = 30'000;
  for (const std::string_view part :
       {"token:", "/token:", "token=\"", "token=\\\"", "token:$(", "-----BEGIN A-----", "eyJ",
        "a://b:", "\"token\":1", "bearer ", "token : ", "password", "-----END ", "token:[\"",
        "token:[\"\",", "cookie:a=;"}) {
    std::string text;
    for (size_t i = 0; i < kRepetitions; ++i) text += part;
    EXPECT_FALSE(redact(text).empty());  // the test's time limit is the expectation
  }
}

TEST(Redact, TellsNamesOfCredentialsFromNamesAboutThem) {
  for (const char* name : {"DB_PASSWORD",
                           "password",
                           "apiKey",
                           "API-KEY",
                           "X-Auth-Token",
                           "token",
                           "SECRET_KEY_BASE",
                           "DB_PASS",
                           "Pwd",
                           "Authorization",
                           "PGPASSWORD",
                           "AWS_SECRET_ACCESS_KEY",
                           "GITHUB_TOKEN_2",
                           "tokens",
                           "access_tokens",
                           "SECRETACCOUNT",
                           "tokensupport",
                           "apiKeys",
                           "signingKey",
                           "SESSION_KEY",
                           "ssh-key",
                           "jwt",
                           "licenseKey",
                           "connectionString",
                           "Set-Cookie"}) {
    EXPECT_TRUE(is_credential_name(name)) << name;
  }
  for (const char* name :
       {"secretName", "TOKEN_URL", "MAX_TOKENS", "PASSWORD_FILE", "PWD", "key",
        "tokenExpirationSeconds", "token-count", "inputTokens", "tokens_limit",
        "session-cookie-max-age", "jwtIssuer", "_", "compass", "PASSING", "author", ""}) {
    EXPECT_FALSE(is_credential_name(name)) << name;
  }
}

TEST(RedactJson, HidesWhatOnlyStructureTells) {
  json::value value = parse_json(R"({
    "env":[{"name":"DB_PASSWORD","value":"a b c"},{"name":"COLOUR","value":"blue"},
           {"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"db","key":"token"}}}],
    "args":["--token","abc","--verbose","password=x"],
    "data":{"PASSWORD":"multi word","app.properties":"password=y\ncolour=blue"},
    "flag":{"automountServiceAccountToken":false},"count":3})")
                          .value();
  redact_json(value);
  EXPECT_EQ(to_text(value), to_text(parse_json(R"({
    "env":[{"name":"DB_PASSWORD","value":"[redacted]"},{"name":"COLOUR","value":"blue"},
           {"name":"TOKEN","valueFrom":{"secretKeyRef":{"name":"db","key":"token"}}}],
    "args":["--token","[redacted]","--verbose","password=[redacted]"],
    "data":{"PASSWORD":"[redacted]","app.properties":"password=[redacted]\ncolour=blue"},
    "flag":{"automountServiceAccountToken":false},"count":3})")
                                        .value()));
}

TEST(RedactJson, HidesNumbersAndListsUnderTheNameOfACredential) {
  json::value value = parse_json(R"({"apiKeys":["hunter2",["b"],{"name":"kept"},true],
    "password":12345678,"PIN_TOKEN":-1234.5,"secrets":3,"max_tokens":4096,"port":8080,
    "env":[{"name":"DB_PASSWORD","value":87654321}],
    "auths":{"registry":{"auth":"dXNlcjpwYXNz"}},"auth":"kerberos"})")
                          .value();
  redact_json(value);
  EXPECT_EQ(to_text(value), to_text(parse_json(R"({
    "apiKeys":["[redacted]",["[redacted]"],{"name":"kept"},true],
    "password":"[redacted]","PIN_TOKEN":"[redacted]","secrets":3,"max_tokens":4096,"port":8080,
    "env":[{"name":"DB_PASSWORD","value":"[redacted]"}],
    "auths":{"registry":{"auth":"[redacted]"}},"auth":"kerberos"})")
                                        .value()));
}

}  // namespace
}  // namespace holmes
