#include "kube/client/exec_credential.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "kube/client/certificates_testing.h"

namespace holmes::kube {
namespace {

ClusterConfig config_with_plugin() {
  ClusterConfig config;
  config.server = parse_url("https://kube:6443/prefix").value();
  config.exec.emplace();
  config.exec->api_version = kExecV1;
  return config;
}

TEST(ExecInfo, SaysThatNobodyCanBeAsked) {
  EXPECT_EQ(exec_info(config_with_plugin()),
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
            R"("spec":{"interactive":false}})");
}

TEST(ExecInfo, DescribesTheClusterWhenAskedTo) {
  ClusterConfig config = config_with_plugin();
  config.exec->api_version = kExecV1Beta1;
  config.exec->provide_cluster_info = true;
  EXPECT_EQ(exec_info(config),
            R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",)"
            R"("spec":{"interactive":false,"cluster":{"server":"https://kube:6443/prefix"}}})");
  config.tls.ca_pem = "ca";
  config.tls.server_name = "other";
  config.tls.insecure = true;
  config.proxy = "http://p:1";
  config.exec->cluster_extension = json::object{{"audience", "x"}};
  const json::object info = parse_json_object(exec_info(config)).value();
  const json::object* const cluster = json_object(info, {"spec", "cluster"});
  ASSERT_NE(cluster, nullptr);
  EXPECT_EQ(json_string(*cluster, {"certificate-authority-data"}), base64_encode("ca"));
  EXPECT_EQ(json_string(*cluster, {"tls-server-name"}), "other");
  EXPECT_EQ(json_bool(*cluster, {"insecure-skip-tls-verify"}), true);
  EXPECT_EQ(json_string(*cluster, {"proxy-url"}), "http://p:1");
  EXPECT_EQ(json_string(*cluster, {"config", "audience"}), "x");
}

std::string answer(const json::object& status, std::string_view version = kExecV1) {
  return to_text(
      json::object{{"apiVersion", version}, {"kind", "ExecCredential"}, {"status", status}});
}

TEST(ExecCredential, IsATokenOrACertificateOrBoth) {
  const auto token = parse_exec_credential(answer({{"token", "t0p\n"}}), kExecV1);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(*token, ExecCredential{.token = "t0p"});
  const auto both =
      parse_exec_credential(answer({{"token", "t"},
                                    {"clientCertificateData", kCertificate},
                                    {"clientKeyData", kKey},
                                    {"expirationTimestamp", "2024-01-01T01:00:00+01:00"}},
                                   kExecV1Beta1),
                            kExecV1Beta1);
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(*both, (ExecCredential{"t", kCertificate, kKey,
                                   parse_rfc3339("2024-01-01T00:00:00Z").value()}));
}

TEST(ExecCredential, QuotesWhatIsWrongButNoSecret) {
  const std::string secret = "hush";
  const std::vector<std::pair<std::string, std::string>> rows{
      {secret, "it printed 4 bytes that are no ExecCredential: "},
      {"", "it printed 0 bytes that are no ExecCredential: "},
      {"[]", "it printed 2 bytes that are no ExecCredential: "},
      {R"({"kind":"Pod"})", "its answer's kind must be ExecCredential, not 'Pod'"},
      {answer({{"token", secret}}, kExecV1Beta1),
       "its answer's apiVersion must be client.authentication.k8s.io/v1 as in the kubeconfig, not "
       "'client.authentication.k8s.io/v1beta1'"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
       "its answer's status must be an object"},
      {answer({}), "its answer's status must have a token or a client certificate"},
      {answer({{"token", 1}}), "its answer's status.token must be a string"},
      {answer({{"token", secret + " hush"}}),
       "its answer's status.token has a character that no token has"},
      {answer({{"clientCertificateData", kCertificate}}),
       "its answer's status must have clientCertificateData and clientKeyData, or neither"},
      {answer({{"clientCertificateData", kCertificate}, {"clientKeyData", kOtherKey}}),
       "its answer's status.clientCertificateData is unusable: TLS: "},
      {answer({{"token", secret}, {"expirationTimestamp", "soon"}}),
       "its answer's status.expirationTimestamp "},
  };
  for (const auto& [output, message] : rows) {
    const auto credential = parse_exec_credential(output, kExecV1);
    ASSERT_FALSE(credential) << output;
    EXPECT_EQ(credential.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(credential.error().message.starts_with(message)) << credential.error().message;
    EXPECT_EQ(credential.error().message.find(secret), std::string::npos);
  }
}

}  // namespace
}  // namespace holmes::kube
