#include "kube/client/credentials.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/files_testing.h"
#include "async/subprocess_testing.h"
#include "async/virtual_loop.h"
#include "base/json.h"
#include "kube/client/certificates_testing.h"

namespace holmes::kube {
namespace {

struct CredentialsTest : testing::Test {
  Credentials make() { return {loop, files, subprocess, Logger(), config, {}}; }
  Identity get(Credentials& credentials) { return loop.run(credentials.get({})).value(); }
  void use_plugin() {
    config.exec =
        ExecConfig{.source = "exec", .api_version = std::string(kExecV1), .command = "plugin"};
  }

  VirtualLoop loop;
  FakeFiles files;
  ClusterConfig config;
  json::object status{{"token", "from-plugin"}};
  FakeSubprocess subprocess{
      loop, [this](const SubprocessCommand&) -> Result<SubprocessEnd> {
        return SubprocessEnd{
            .output = to_text(json::object{
                {"apiVersion", kExecV1}, {"kind", "ExecCredential"}, {"status", status}})};
      }};
};

TEST_F(CredentialsTest, AreNothingATokenOrAPassword) {
  Credentials none = make();
  EXPECT_EQ(get(none).authorization, "");
  EXPECT_FALSE(loop.run(none.renew(get(none), {})));
  config.token = "t0p";
  Credentials token = make();
  EXPECT_EQ(get(token).authorization, "Bearer t0p");
  EXPECT_FALSE(loop.run(token.renew(get(token), {})));
  config.token = "";
  config.username = "Aladdin";
  config.password = "open sesame";
  Credentials basic = make();  // RFC 7617, section 2
  EXPECT_EQ(get(basic).authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_FALSE(loop.run(basic.renew(get(basic), {})));
}

TEST_F(CredentialsTest, ATokenFileIsReadAgainAfterA401) {
  config.token_file = "/token";
  files.contents["/token"] = "old";
  Credentials credentials = make();
  const Identity old = get(credentials);
  EXPECT_FALSE(loop.run(credentials.renew(old, {})));
  files.contents["/token"] = "new";
  EXPECT_TRUE(loop.run(credentials.renew(old, {})));
  EXPECT_EQ(get(credentials).authorization, "Bearer new");
  EXPECT_EQ(get(credentials).tls, old.tls) << "streams go on";
  EXPECT_TRUE(loop.run(credentials.renew(old, {}))) << "somebody else has renewed it";
}

TEST_F(CredentialsTest, CertificatesAreReadAgainAfterA401) {
  config.tls = {.certificate_pem = kCertificate, .key_pem = kKey};
  config.tls_files = {.certificate = "/crt", .key = "/key"};
  files.contents = {{"/crt", kOtherCertificate}, {"/key", kOtherKey}};
  Credentials credentials = make();
  EXPECT_TRUE(credentials.watches_files());
  const Identity old = get(credentials);
  EXPECT_EQ(old.tls->key_pem, kKey);
  loop.advance(kTlsRereadPause);
  EXPECT_TRUE(loop.run(credentials.renew(old, {})));
  EXPECT_EQ(get(credentials).tls->key_pem, kOtherKey);
}

TEST_F(CredentialsTest, APluginIsRunAgainAfterA401) {
  use_plugin();
  Credentials credentials = make();
  const Identity old = get(credentials);
  EXPECT_EQ(old.authorization, "Bearer from-plugin");
  loop.advance(kExecPause);
  status["expirationTimestamp"] = "2030-01-01T00:00:00Z";
  EXPECT_FALSE(loop.run(credentials.renew(old, {}))) << "the same token";
  loop.advance(kExecPause);
  status["token"] = "another";
  EXPECT_TRUE(loop.run(credentials.renew(get(credentials), {})));
  EXPECT_EQ(get(credentials).authorization, "Bearer another");
  EXPECT_EQ(get(credentials).tls, old.tls) << "streams go on";
}

TEST_F(CredentialsTest, APluginsCertificateIsAnotherIdentityOnlyIfItChanged) {
  use_plugin();
  config.tls.ca_pem = kCa;
  config.tls_files.ca = "/ca";
  files.contents["/ca"] = kCa;
  status = {{"clientCertificateData", kCertificate}, {"clientKeyData", kKey}};
  Credentials credentials = make();
  const Identity first = get(credentials);
  EXPECT_EQ(first.authorization, "");
  EXPECT_EQ(*first.tls,
            (TlsOptions{.ca_pem = kCa, .certificate_pem = kCertificate, .key_pem = kKey}));
  loop.advance(kExecPause);
  status["expirationTimestamp"] = "2030-01-01T00:00:00Z";
  EXPECT_FALSE(loop.run(credentials.renew(first, {})));
  EXPECT_EQ(get(credentials).tls, first.tls);
  loop.advance(kExecPause);
  status["clientCertificateData"] = kOtherCertificate;
  status["clientKeyData"] = kOtherKey;
  EXPECT_TRUE(loop.run(credentials.renew(get(credentials), {})));
  EXPECT_EQ(get(credentials).tls->key_pem, kOtherKey);
  files.contents["/ca"] = kOtherCa;
  loop.advance(kTlsRereadInterval);
  EXPECT_EQ(
      *get(credentials).tls,
      (TlsOptions{.ca_pem = kOtherCa, .certificate_pem = kOtherCertificate, .key_pem = kOtherKey}));
}

TEST_F(CredentialsTest, FailWhenThePluginDoes) {
  use_plugin();
  status = {};
  Credentials credentials = make();
  EXPECT_EQ(loop.run(credentials.get({})).error().code, ErrorCode::kUnauthenticated);
}

}  // namespace
}  // namespace holmes::kube
