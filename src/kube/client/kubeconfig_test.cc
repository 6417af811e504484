#include "kube/client/kubeconfig.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/files_testing.h"
#include "base/hash.h"
#include "kube/client/certificates_testing.h"

namespace holmes::kube {
namespace {

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
    files.contents["/x/me.crt"] = kCertificate;
    files.contents["/abs/me.key"] = kKey;
    files.contents["/x/sub/token"] = "t";
  }
  Result<ClusterConfig> load(std::string text, std::string_view context = "") {
    files.contents["/x/config"] = std::move(text);
    return load_kubeconfig(files, "/x/config", context);
  }

  void expect_messages(const std::vector<std::pair<std::string, std::string>>& of_texts) {
    for (const auto& [text, message] : of_texts) {
      const Result<ClusterConfig> config = load(text);
      ASSERT_FALSE(config) << text;
      EXPECT_EQ(config.error().message, message);
    }
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
                      "client-certificate-data: " + base64_encode(kCertificate) +
                          ", client-key-data: " + base64_encode(kKey)));
  ASSERT_TRUE(by_data) << by_data.error().message;
  TlsOptions expected;
  expected.ca_pem = kCa;
  expected.certificate_pem = kCertificate;
  expected.key_pem = kKey;
  EXPECT_EQ(by_data->tls, expected);
  const Result<ClusterConfig> by_path =
      load(kubeconfig("certificate-authority: ca.crt",
                      "client-certificate: me.crt, client-key: /abs/me.key, tokenFile: sub/token"));
  ASSERT_TRUE(by_path) << by_path.error().message;
  EXPECT_EQ(by_path->tls, expected);
  EXPECT_EQ(by_path->tls_files, (TlsFiles{"/x/ca.crt", "/x/me.crt", "/abs/me.key"}));
  EXPECT_EQ(by_data->tls_files, TlsFiles());
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

// As clientcmd's loading rules have it: https://kubernetes.io/docs/concepts/configuration/
// organize-cluster-access-kubeconfig/#merging-kubeconfig-files
TEST_F(KubeconfigTest, MergesFilesFirstOneWins) {
  files.contents["/a/config"] =
      "current-context: ''\n"
      "users: [{name: red, user: {token: red-of-a}}]\n"
      "clusters: [{name: pig, cluster: {server: 'https://pig-of-a', certificate-authority: "
      "ca.crt}}]\n";
  files.contents["/b/config"] =
      "current-context: of-b\n"
      "contexts: [{name: of-b, context: {cluster: pig, user: red}},\n"
      "  {name: both, context: {cluster: cow, user: green, namespace: of-b}}]\n"
      "users: [{name: red, user: {token: red-of-b, as: jane}}, {name: green, user: {tokenFile: "
      "t}}]\n";
  files.contents["/c/config"] =
      "current-context: of-c\n"
      "contexts: [{name: of-c, context: {cluster: cow, user: red}},\n"
      "  {name: both, context: {cluster: pig, user: red}},\n"
      "  {name: lost, context: {cluster: nowhere}}]\n"
      "clusters: [{name: cow, cluster: {server: 'https://cow-of-c', certificate-authority: "
      "sub/ca.crt}}, {name: pig, cluster: {server: 'https://pig-of-c'}}]\n";
  files.contents["/empty"] = "";
  files.contents["/a/ca.crt"] = kCa;
  files.contents["/b/t"] = "t";
  files.contents["/c/sub/ca.crt"] = kOtherCa;
  struct Row {
    std::string paths, context, server, token, ns, source;
  };
  const std::vector<Row> rows{
      {"/a/config:/b/config:/c/config", "", "https://pig-of-a", "red-of-a", "default",
       "context 'of-b' of /b/config"},
      {"/c/config:/b/config:/a/config", "", "https://cow-of-c", "red-of-b", "default",
       "context 'of-c' of /c/config"},
      {"/gone::/a/config:/empty:/b/config:/lost", "", "https://pig-of-a", "red-of-a", "default",
       "context 'of-b' of /b/config"},
      {"/b/config:/c/config", "both", "https://cow-of-c", "", "of-b",
       "context 'both' of /b/config"},
      {"/c/config:/b/config", "both", "https://pig-of-c", "red-of-b", "default",
       "context 'both' of /c/config"},
  };
  for (const Row& row : rows) {
    const Result<ClusterConfig> config = load_kubeconfig(files, row.paths, row.context);
    ASSERT_TRUE(config) << row.paths << ": " << config.error().message;
    EXPECT_EQ(config->server.to_text(), row.server) << row.paths;
    EXPECT_EQ(config->token, row.token) << row.paths;
    EXPECT_EQ(config->default_namespace, row.ns) << row.paths;
    EXPECT_EQ(config->source, row.source) << row.paths;
  }
  const auto load_both = [&](std::string_view context) {
    return load_kubeconfig(files, "/a/config:/b/config:/c/config", context);
  };
  // Entries are taken whole: nothing of the second "red" is mixed in.
  EXPECT_EQ(load_both("")->impersonation.user, "");
  EXPECT_EQ(load_both("")->tls_files.ca, "/a/ca.crt");
  EXPECT_EQ(load_both("both")->tls_files.ca, "/c/sub/ca.crt");
  EXPECT_EQ(load_both("both")->token_file, "/b/t");
  EXPECT_EQ(load_both("lost").error().message,
            "/a/config: clusters: no cluster named 'nowhere' (contexts[2].context.cluster); there "
            "are: pig, cow, pig");
}

TEST_F(KubeconfigTest, NeedsAtLeastOneFileAndAllThatIsNamedAlone) {
  EXPECT_EQ(load_kubeconfig(files, "/gone:/lost").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load_kubeconfig(files, "").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(load_kubeconfig(files, "/gone").error().message, "kubeconfig: /gone: no such file");
  std::string many = "/x/config";
  for (int i = 0; i < 16; ++i) many += ":/x/config";
  EXPECT_EQ(load_kubeconfig(files, many).error().message, "more than 16 kubeconfig files");
}

TEST_F(KubeconfigTest, RefusesAFileThatIsTooLarge) {
  class HugeFile final : public Files {
    [[nodiscard]] Result<std::string> read(const std::string& path) const override {
      return fail(ErrorCode::kTooLarge, "read " + path + ": larger than 1 MiB");
    }
  };
  EXPECT_EQ(load_kubeconfig(HugeFile(), "/gone:/x/config").error(),
            Error(ErrorCode::kTooLarge, "kubeconfig: read /gone: larger than 1 MiB"));
}

TEST_F(KubeconfigTest, ReadsAPassword) {
  const Result<ClusterConfig> config = load(kubeconfig("", "username: me, password: 'a:b c'"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->username, "me");
  EXPECT_EQ(config->password, "a:b c");
}

TEST_F(KubeconfigTest, ReadsAnImpersonation) {
  const Result<ClusterConfig> config = load(
      kubeconfig("",
                 "token: t, as: jane, as-uid: '42', as-groups: [dev, 'système'], as-user-extra: "
                 "{Scopes: [a, b], example.org/x: [c]}"));
  ASSERT_TRUE(config) << config.error().message;
  const Impersonation& as = config->impersonation;
  EXPECT_EQ(as.user, "jane");
  EXPECT_EQ(as.uid, "42");
  EXPECT_EQ(as.groups, (std::vector<std::string>{"dev", "système"}));
  EXPECT_EQ(as.extra, (std::map<std::string, std::vector<std::string>>{{"Scopes", {"a", "b"}},
                                                                       {"example.org/x", {"c"}}}));
}

const std::string kExec =
    "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [eks, 'a b'], "
    "env: [{name: A, value: b}, {name: EMPTY}], installHint: 'get it', provideClusterInfo: true}";

TEST_F(KubeconfigTest, ReadsAnExecPlugin) {
  const std::string extension =
      "extensions: [{name: other, extension: no}, {name: client.authentication.k8s.io/exec, "
      "extension: {audience: x, many: [1, 2.5, true, null, '1', a]}}]";
  const Result<ClusterConfig> config = load(kubeconfig(extension, kExec));
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->source, "/x/config: users[0].user.exec");
  EXPECT_EQ(config->exec->api_version, "client.authentication.k8s.io/v1beta1");
  EXPECT_EQ(config->exec->command, "aws");
  EXPECT_EQ(config->exec->arguments, (std::vector<std::string>{"eks", "a b"}));
  EXPECT_EQ(config->exec->environment,
            (std::map<std::string, std::string>{{"A", "b"}, {"EMPTY", ""}}));
  EXPECT_EQ(config->exec->install_hint, "get it");
  EXPECT_TRUE(config->exec->provide_cluster_info);
  EXPECT_EQ(to_text(config->exec->cluster_extension),
            R"({"audience":"x","many":[1,2.5E0,true,null,"1","a"]})");
}

TEST_F(KubeconfigTest, AnExecPluginIsAProgramOfThePathOrBesideTheFile) {
  const std::string head = "exec: {apiVersion: client.authentication.k8s.io/v1, ";
  const std::vector<std::pair<std::string, std::string>> rows{{"plugin", "plugin"},
                                                              {"./plugin", "/x/./plugin"},
                                                              {"bin/plugin", "/x/bin/plugin"},
                                                              {"../plugin", "/x/../plugin"},
                                                              {"/bin/plugin", "/bin/plugin"}};
  for (const auto& [command, resolved] : rows) {
    for (const char* mode : {"Never", "IfAvailable"}) {
      std::string user = head;
      user.append("interactiveMode: ").append(mode).append(", command: ").append(command) += "}";
      const Result<ClusterConfig> config = load(kubeconfig("", user));
      ASSERT_TRUE(config) << config.error().message;
      EXPECT_EQ(config->exec->command, resolved);
    }
  }
}

TEST_F(KubeconfigTest, AnExecPluginIsNotUsedBesideAnotherCredential) {
  for (const std::string other : {"token: t", "tokenFile: sub/token", "username: u, password: p",
                                  "client-certificate: me.crt, client-key: /abs/me.key"}) {
    const Result<ClusterConfig> config = load(kubeconfig("", kExec + ", " + other));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_FALSE(config->exec) << other;
  }
}

TEST_F(KubeconfigTest, QuotesFileAndKeyOfAMistake) {
  const std::string good = kubeconfig("", "token: a");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[1]", "/x/config: must be a YAML mapping (kind: Config)"},
      {"text", "/x/config: must be a YAML mapping (kind: Config)"},
      {"", "/x/config: current-context: missing: set it or name a context"},
      {"# nothing", "/x/config: current-context: missing: set it or name a context"},
      {"kind: Pod", "/x/config: kind: must be Config, not Pod"},
      {good + "- name: u\n  user: {token: b}\n",
       "/x/config: users[1].name: 'u' is the name of users[0] already"},
      {"clusters: [{name: a}, {name: b}, {name: a}]",
       "/x/config: clusters[2].name: 'a' is the name of clusters[0] already"},
      {"contexts: [{name: a}, {name: [a]}]", "/x/config: contexts[1].name: must be a string"},
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
      {kubeconfig("", "client-certificate: me.crt"),
       "/x/config: users[0].user: client-certificate needs a client-key"},
      {kubeconfig("", "client-key: /abs/me.key"),
       "/x/config: users[0].user: client-key needs a client-certificate"},
      {kubeconfig("", "token: {a: b}"), "/x/config: users[0].user.token: must be a string"},
  };
  expect_messages(cases);
}

TEST_F(KubeconfigTest, QuotesFileAndKeyOfAMistakeOfTheCluster) {
  std::string no_server = kubeconfig("", "token: a");
  no_server.replace(no_server.find("server: 'https://kube:6443'"), 27, "name: x");
  const std::vector<std::pair<std::string, std::string>> cases{
      {no_server, "/x/config: clusters[0].cluster.server: missing: the URL of the API server"},
      {kubeconfig("insecure-skip-tls-verify: perhaps", ""),
       "/x/config: clusters[0].cluster.insecure-skip-tls-verify: must be true or false"},
      {kubeconfig("insecure-skip-tls-verify: true, certificate-authority: ca.crt", ""),
       "/x/config: clusters[0].cluster.insecure-skip-tls-verify: cannot be true together with a "
       "certificate authority"},
      {kubeconfig("certificate-authority: ca.crt, certificate-authority-data: aGVsbG8=", ""),
       "/x/config: clusters[0].cluster.certificate-authority: cannot be set together with "
       "certificate-authority-data"},
      {kubeconfig("proxy-url: 'proxy:3128'", ""),
       "/x/config: clusters[0].cluster.proxy-url: must be a URL like http://host:port, "
       "https://host:port or socks5://host:port"},
      {kubeconfig("extensions: {a: b}", kExec),
       "/x/config: clusters[0].cluster.extensions: must be a list"},
      {kubeconfig("certificate-authority: gone.crt", ""),
       "/x/config: clusters[0].cluster.certificate-authority: /x/gone.crt: no such file"},
      {kubeconfig("certificate-authority-data: '%%%'", ""),
       "/x/config: clusters[0].cluster.certificate-authority-data: not base64: the length must be "
       "a multiple of 4"},
      {kubeconfig("certificate-authority-data: aGVsbG8=", ""),
       "/x/config: clusters[0].cluster.certificate-authority-data: does not hold PEM text"},
  };
  expect_messages(cases);
}

TEST_F(KubeconfigTest, QuotesWhatTheLibrariesSay) {
  std::string no_scheme = kubeconfig("", "token: a");
  no_scheme.replace(no_scheme.find("https://kube"), 8, "");
  const std::vector<std::pair<std::string, std::string>> beginnings{
      {"a: [", "/x/config: line "},
      {"a: b: c", "/x/config: line 1, column "},
      {no_scheme, "/x/config: clusters[0].cluster.server: "},
  };
  for (const auto& [text, beginning] : beginnings) {
    const Result<ClusterConfig> config = load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_TRUE(config.error().message.starts_with(beginning)) << config.error().message;
  }
}

TEST_F(KubeconfigTest, QuotesFileAndKeyOfAMistakeOfTheUser) {
  files.contents["/x/other.crt"] = kOtherCertificate;
  files.contents["/x/half.crt"] = kCertificate.substr(0, 300);
  const auto exec = [](const std::string& members) {
    return "exec: {command: p, interactiveMode: Never, apiVersion: "
           "client.authentication.k8s.io/v1, " +
           members + "}";
  };
  const std::string a_header = "has a character that cannot stand in an HTTP header";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"token: \"a\\nb\"", ".token: " + a_header},
      {"tokenFile: [a]", ".tokenFile: must be a string"},
      {"password: x", ".username: missing: password needs it"},
      {"username: 'a:b', password: x", ".username: cannot have a colon"},
      {"username: a, token: x", ".username: a password cannot be set together with a token"},
      {"client-certificate: me.crt, client-certificate-data: YQ==, client-key: /abs/me.key",
       ".client-certificate: cannot be set together with client-certificate-data"},
      {"auth-provider: {name: oidc}",
       ".auth-provider: is not supported; use exec, as kubectl does since 1.26"},
      {"as-uid: '1'", ".as: missing: as-uid, as-groups and as-user-extra need it"},
      {"as-groups: [a]", ".as: missing: as-uid, as-groups and as-user-extra need it"},
      {"as-user-extra: {a: [b]}", ".as: missing: as-uid, as-groups and as-user-extra need it"},
      {"as: \"a\\r\\nX: y\"", ".as: " + a_header},
      {"as: a, as-groups: [b, \"c\\0\"]", ".as-groups: " + a_header},
      {"as: a, as-groups: b", ".as-groups: must be a list"},
      {"as: a, as-groups: [[b]]", ".as-groups[0]: must be a string"},
      {"as: a, as-user-extra: [b]", ".as-user-extra: must be a mapping of lists"},
      {"as: a, as-user-extra: {b: c}", ".as-user-extra.b: must be a list"},
      {"as: a, as-user-extra: {b: [\"c\\n\"]}", ".as-user-extra.b: " + a_header},
      {"exec: aws", ".exec: must be a mapping with a command"},
      {"exec: {command: aws}",
       ".exec.apiVersion: must be client.authentication.k8s.io/v1 or "
       "client.authentication.k8s.io/v1beta1, not ''"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1alpha1}",
       ".exec.apiVersion: must be client.authentication.k8s.io/v1 or "
       "client.authentication.k8s.io/v1beta1, not 'client.authentication.k8s.io/v1alpha1'"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1}",
       ".exec.command: missing: the program to run"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1, command: p}",
       ".exec.interactiveMode: missing: must be Never or IfAvailable"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p, interactiveMode: "
       "Always}",
       ".exec.interactiveMode: is Always, but there is no terminal here: must be Never or "
       "IfAvailable"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p, interactiveMode: x}",
       ".exec.interactiveMode: must be Never or IfAvailable, not 'x'"},
      {exec("args: x"), ".exec.args: must be a list"},
      {exec("args: [{}]"), ".exec.args[0]: must be a string"},
      {exec("env: [x]"), ".exec.env[0].name: must be the name of an environment variable"},
      {exec("env: [{name: 'a=b'}]"),
       ".exec.env[0].name: must be the name of an environment variable"},
      {exec("provideClusterInfo: maybe"), ".exec.provideClusterInfo: must be true or false"},
  };
  for (const auto& [user, message] : cases) {
    const Result<ClusterConfig> config = load(kubeconfig("", user));
    ASSERT_FALSE(config) << user;
    EXPECT_EQ(config.error().message, "/x/config: users[0].user" + message);
  }
  for (const char* certificate : {"other.crt", "half.crt"}) {
    const Result<ClusterConfig> config = load(
        kubeconfig("", std::string("client-key: /abs/me.key, client-certificate: ") + certificate));
    ASSERT_FALSE(config) << certificate;
    EXPECT_TRUE(
        config.error().message.starts_with("/x/config: users[0].user.client-certificate: TLS: "))
        << config.error().message;
  }
}

std::string doubled(int times) {
  std::string text = "[&a0 [x, x]";
  for (int i = 1; i < times; ++i) text += fmt::format(", &a{0} [*a{1}, *a{1}]", i, i - 1);
  return text + "]";
}

TEST_F(KubeconfigTest, SurvivesOddYaml) {
  for (const std::string& text :
       {std::string("\xFF\xFE\x00\x01", 4), std::string("&a [*a]"), std::string(5'000, '['),
        std::string("current-context: a\ncontexts: {name: a}"), std::string("? [a]\n: b"),
        std::string("current-context: a\ncontexts: [{name: a, context: [1]}]"),
        std::string("users: {}"), std::string("users: [[]]"), std::string("~: ~"),
        // Each line doubles what the last one stands for.
        kubeconfig("extensions: [{name: client.authentication.k8s.io/exec, extension: " +
                       doubled(40) + "}]",
                   kExec),
        kubeconfig("extensions: [{name: client.authentication.k8s.io/exec, extension: {[a]: b}}]",
                   kExec)}) {
    EXPECT_FALSE(load(text)) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace holmes::kube
