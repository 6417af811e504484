#include "kube/client/cluster_config.h"

#include <gtest/gtest.h>

#include "async/files_testing.h"
#include "kube/client/certificates_testing.h"

namespace holmes::kube {
namespace {

TEST(InClusterConfig, ReadsTheServiceAccount) {
  const std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount/";
  FakeFiles files;
  EXPECT_FALSE(in_cluster_config(files, "", "443"));
  EXPECT_FALSE(in_cluster_config(files, "10.0.0.1", "443")) << "no ca.crt";
  files.contents[folder + "ca.crt"] = kCa;
  const Result<ClusterConfig> bare = in_cluster_config(files, "10.0.0.1", "443");
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->server.to_text(), "https://10.0.0.1");
  EXPECT_EQ(bare->token_file, folder + "token");
  EXPECT_EQ(bare->tls_files.ca, folder + "ca.crt") << "it is renewed";
  EXPECT_EQ(bare->tls.ca_pem, kCa);
  EXPECT_EQ(bare->default_namespace, "default");
  EXPECT_TRUE(bare->in_cluster);
  files.contents[folder + "namespace"] = "holmes\n";
  const Result<ClusterConfig> ipv6 = in_cluster_config(files, "fd00::1", "6443");
  ASSERT_TRUE(ipv6) << ipv6.error().message;
  EXPECT_EQ(ipv6->server.to_text(), "https://[fd00::1]:6443");
  EXPECT_EQ(ipv6->default_namespace, "holmes");
  EXPECT_FALSE(in_cluster_config(files, "10.0.0.1", "many"));
}

TEST(Impersonation, IsHeadersWithEscapedKeys) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(impersonation_headers({}), Headers());
  EXPECT_EQ(impersonation_headers({"jane", "42", {"dev", "ops"}, {{"Scopes/a b%", {"x", "y"}}}}),
            (Headers{{"Impersonate-User", "jane"},
                     {"Impersonate-Uid", "42"},
                     {"Impersonate-Group", "dev"},
                     {"Impersonate-Group", "ops"},
                     {"Impersonate-Extra-Scopes%2Fa%20b%25", "x"},
                     {"Impersonate-Extra-Scopes%2Fa%20b%25", "y"}}));
}

}  // namespace
}  // namespace holmes::kube
