#include "kube/client/cluster_config.h"

#include <map>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kCa = "-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n";
constexpr std::string_view kCert = "-----BEGIN CERTIFICATE-----\nme\n-----END CERTIFICATE-----\n";
constexpr std::string_view kKey = "-----BEGIN PRIVATE KEY-----\nme\n-----END PRIVATE KEY-----\n";

class FakeFiles final : public Files {
 public:
  [[nodiscard]] Result<std::string> read(const std::string& path) const override {
    const auto found = contents.find(path);
    if (found == contents.end()) return fail(ErrorCode::kNotFound, path + ": no such file");
    return found->second;
  }

  std::map<std::string, std::string> contents;
};

// A kubeconfig with one context, whose cluster and user hold these lines.
std::string kubeconfig(std::string_view cluster, std::string_view user) {
  std::string text = "apiVersion: v1\nkind: Config\ncurrent-context: main\n";
  text += "contexts:\n- name: main\n  context: {cluster: c, user: u, namespace: team}\n";
  text += "clusters:\n- name: c\n  cluster: {server: 'https://kube:6443'";
  text += cluster.empty() ? "}\n" : ", " + std::string(cluster) + "}\n";
  return text + "users:\n- name: u\n  user: {" + std::string(user) + "}\n";
}

struct KubeconfigTest : testing::Test {
  KubeconfigTest() {
    files.contents["/x/ca.crt"] = kCa;
    files.contents["/x/me.crt"] = kCert;
    files.contents["/abs/me.key"] = kKey;
    files.contents["/x/sub/token"] = "t";
  }
  Result<ClusterConfig> load(std::string text, std::string_view context = "") {
    files.contents["/x/config"] = std::move(text);
    return load_kubeconfig(files, "/x/config", context);
  }

  FakeFiles files;
};

TEST_F(KubeconfigTest, ReadsServerTokenAndNamespaceOfTheCurrentContext) {
  const Result<ClusterConfig> config = load(kubeconfig("", "token: t0p"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.to_text(), "https://kube:6443");
  EXPECT_EQ(config->token, "t0p");
  EXPECT_EQ(config->default_namespace, "team");
  EXPECT_EQ(config->source, "context 'main' of /x/config");
  EXPECT_EQ(config->tls, TlsOptions());
}

TEST_F(KubeconfigTest, ReadsCertificatesAsDataOrFromPathsBesideTheFile) {
  const Result<ClusterConfig> by_data =
      load(kubeconfig("certificate-authority-data: " + base64_encode(kCa),
                      "client-certificate-data: " + base64_encode(kCert) +
                          ", client-key-data: " + base64_encode(kKey)));
  ASSERT_TRUE(by_data) << by_data.error().message;
  TlsOptions expected;
  expected.ca_pem = kCa;
  expected.certificate_pem = kCert;
  expected.key_pem = kKey;
  EXPECT_EQ(by_data->tls, expected);
  const Result<ClusterConfig> by_path =
      load(kubeconfig("certificate-authority: ca.crt",
                      "client-certificate: me.crt, client-key: /abs/me.key, tokenFile: sub/token"));
  ASSERT_TRUE(by_path) << by_path.error().message;
  EXPECT_EQ(by_path->tls, expected);
  EXPECT_EQ(by_path->token_file, "/x/sub/token");
}

TEST_F(KubeconfigTest, ATokenFileThatCannotBeReadShowsAtTheStart) {
  const Result<ClusterConfig> config = load(kubeconfig("", "tokenFile: /nowhere/token"));
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().message.starts_with("/x/config: users[0].user.tokenFile: "))
      << config.error().message;
}

TEST_F(KubeconfigTest, ReadsTheOtherSettingsOfACluster) {
  const Result<ClusterConfig> config = load(kubeconfig(
      "insecure-skip-tls-verify: true, tls-server-name: other, proxy-url: 'http://p:1'", ""));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->tls.insecure);
  EXPECT_EQ(config->tls.server_name, "other");
  EXPECT_EQ(config->proxy, "http://p:1");
}

TEST_F(KubeconfigTest, TakesTheContextThatIsAskedFor) {
  const std::string text =
      kubeconfig("", "token: a") + "- name: v\n  user: {token: b}\n" + "extra: ignored\n";
  const std::string two =
      "contexts:\n- {name: other, context: {cluster: c, user: v}}\n- name: main";
  std::string with_two = text;
  with_two.replace(with_two.find("contexts:\n- name: main"), 22, two);
  EXPECT_EQ(load(with_two)->token, "a");
  EXPECT_EQ(load(with_two, "other")->token, "b");
  EXPECT_EQ(load(with_two, "other")->default_namespace, "default");
  EXPECT_EQ(load(with_two, "none").error().message,
            "/x/config: contexts: no context named 'none' (asked for); there are: other, main");
}

TEST_F(KubeconfigTest, MergesFilesFirstOneWins) {
  files.contents["/y/config"] =
      "current-context: far\ncontexts:\n"
      "- {name: far, context: {cluster: c}}\n"
      "- {name: main, context: {cluster: missing}}\n";
  files.contents["/x/config"] = kubeconfig("", "token: a");
  const Result<ClusterConfig> main = load_kubeconfig(files, "/gone:/x/config:/y/config");
  ASSERT_TRUE(main) << main.error().message;
  EXPECT_EQ(main->token, "a");
  const Result<ClusterConfig> far = load_kubeconfig(files, "/x/config:/y/config", "far");
  ASSERT_TRUE(far) << far.error().message;
  EXPECT_EQ(far->server.host, "kube");
  EXPECT_EQ(load_kubeconfig(files, "/gone:/lost").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load_kubeconfig(files, "").error().code, ErrorCode::kNotFound);
  EXPECT_NE(load_kubeconfig(files, "/gone").error().message.find("/gone"), std::string::npos);
}

TEST_F(KubeconfigTest, QuotesFileAndKeyOfAMistake) {
  const std::string good = kubeconfig("", "token: a");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[1]", "/x/config: must be a YAML mapping (kind: Config)"},
      {"", "/x/config: must be a YAML mapping (kind: Config)"},
      {"{}", "/x/config: current-context: missing: set it or name a context"},
      {"current-context: [a]", "/x/config: current-context: must be a string"},
      {"current-context: a",
       "/x/config: contexts: no context named 'a' (current-context); there are: none"},
      {"current-context: a\ncontexts: 1", "/x/config: contexts: must be a list"},
      {"current-context: a\ncontexts: [1]",
       "/x/config: contexts[0]: must be a mapping with a name"},
      {"current-context: a\ncontexts: [{name: a}]",
       "/x/config: contexts[0].context: must be a mapping"},
      {with("cluster: c, ", ""), "/x/config: contexts[0].context.cluster: missing"},
      {with("cluster: c, ", "cluster: d, "),
       "/x/config: clusters: no cluster named 'd' (contexts[0].context.cluster); there are: c"},
      {with("user: u,", "user: w,"),
       "/x/config: users: no user named 'w' (contexts[0].context.user); there are: u"},
      {with("server: 'https://kube:6443'", "name: x"),
       "/x/config: clusters[0].cluster.server: missing: the URL of the API server"},
      {kubeconfig("insecure-skip-tls-verify: perhaps", ""),
       "/x/config: clusters[0].cluster.insecure-skip-tls-verify: must be true or false"},
      {kubeconfig("insecure-skip-tls-verify: true, certificate-authority: ca.crt", ""),
       "/x/config: clusters[0].cluster.insecure-skip-tls-verify: cannot be true together with a "
       "certificate authority"},
      {kubeconfig("certificate-authority: gone.crt", ""),
       "/x/config: clusters[0].cluster.certificate-authority: /x/gone.crt: no such file"},
      {kubeconfig("certificate-authority-data: aGVsbG8=", ""),
       "/x/config: clusters[0].cluster.certificate-authority-data: does not hold PEM text"},
      {kubeconfig("", "client-certificate: me.crt"),
       "/x/config: users[0].user: client-certificate needs a client-key"},
      {kubeconfig("", "client-key: /abs/me.key"),
       "/x/config: users[0].user: client-key needs a client-certificate"},
      {kubeconfig("", "token: {a: b}"), "/x/config: users[0].user.token: must be a string"},
      {kubeconfig("", "exec: {command: aws}"),
       "/x/config: users[0].user.exec: is not supported; use token, tokenFile or a client "
       "certificate"},
      {kubeconfig("", "auth-provider: {name: oidc}"),
       "/x/config: users[0].user.auth-provider: is not supported; use token, tokenFile or a client "
       "certificate"},
      {kubeconfig("", "username: me, password: x"),
       "/x/config: users[0].user.username: is not supported; use token, tokenFile or a client "
       "certificate"},
  };
  for (const auto& [text, message] : cases) {
    const Result<ClusterConfig> config = load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().message, message);
  }
  const std::vector<std::pair<std::string, std::string>> beginnings{
      {"a: [", "/x/config: line "},
      {"a: b: c", "/x/config: line 1, column "},
      {with("https://kube:6443", "kube:6443"), "/x/config: clusters[0].cluster.server: "},
      {kubeconfig("", "client-certificate-data: '%%%', client-key: /abs/me.key"),
       "/x/config: users[0].user.client-certificate-data: not base64: "},
  };
  for (const auto& [text, beginning] : beginnings) {
    const Result<ClusterConfig> config = load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_TRUE(config.error().message.starts_with(beginning)) << config.error().message;
  }
}

TEST_F(KubeconfigTest, SurvivesOddYaml) {
  for (const std::string& text :
       {std::string("\xFF\xFE\x00\x01", 4), std::string("&a [*a]"), std::string(5'000, '['),
        std::string("current-context: a\ncontexts: {name: a}"), std::string("? [a]\n: b"),
        std::string("current-context: a\ncontexts: [{name: a, context: [1]}]")}) {
    EXPECT_FALSE(load(text)) << text.substr(0, 40);
  }
}

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
  EXPECT_EQ(bare->tls.ca_pem, kCa);
  EXPECT_EQ(bare->default_namespace, "default");
  files.contents[folder + "namespace"] = "holmes\n";
  const Result<ClusterConfig> ipv6 = in_cluster_config(files, "fd00::1", "6443");
  ASSERT_TRUE(ipv6) << ipv6.error().message;
  EXPECT_EQ(ipv6->server.to_text(), "https://[fd00::1]:6443");
  EXPECT_EQ(ipv6->default_namespace, "holmes");
  EXPECT_FALSE(in_cluster_config(files, "10.0.0.1", "many"));
}

}  // namespace
}  // namespace holmes::kube
