#include "kube/client/kubeconfig.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "kube/client/kubeconfig_document.h"
#include "kube/client/kubeconfig_user.h"
#include "net/tls.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxKubeconfigs = 16;
constexpr size_t kMaxListedNames = 10;
constexpr std::string_view kExecExtension = "client.authentication.k8s.io/exec";

using Documents = std::vector<KubeconfigDocument>;

Result<Documents> read_documents(const Files& files, std::string_view paths) {
  std::vector<std::string> names;
  for (const std::string_view path : split(paths, ':')) {
    if (!path.empty()) names.emplace_back(path);
  }
  if (names.size() > kMaxKubeconfigs) {
    return fail(ErrorCode::kInvalid, fmt::format("more than {} kubeconfig files", kMaxKubeconfigs));
  }
  Documents documents;
  for (const std::string& path : names) {
    const Result<std::string> text = files.read(path);
    const bool skip = !text && text.error().code == ErrorCode::kNotFound && names.size() > 1;
    if (skip) continue;
    if (!text) return fail(text.error().within("kubeconfig"));
    HOLMES_TRY(KubeconfigDocument document, KubeconfigDocument::parse(path, *text));
    documents.push_back(std::move(document));
  }
  if (documents.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("kubeconfig: no file at '{}'", paths));
  }
  return documents;
}

// The named entry of a list like "contexts: [{name, context: {...}}]", its inner part. The first
// document that has it wins.
Result<Place> entry_named(const Documents& documents, std::string_view list, std::string_view inner,
                          std::string_view name, std::string_view why) {
  std::vector<std::string> names;
  for (const KubeconfigDocument& document : documents) {
    HOLMES_TRY(const std::vector<Place> entries, list_at(Place::of(document), list));
    for (const Place& entry : entries) {
      HOLMES_TRY(std::string entry_name, text_at(entry, "name"));
      if (entry_name == name) {
        Place found = entry.at(inner);
        if (!found.present() && inner == "user") return found;  // a user without credentials
        if (!found.node.IsDefined() || !found.node.IsMap()) return found.wrong("must be a mapping");
        return found;
      }
      if (names.size() < kMaxListedNames) names.push_back(std::move(entry_name));
    }
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: {}: no {} named '{}' ({}); there are: {}", documents.front().path,
                          list, inner, name, why,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

Status read_proxy(const Place& cluster, ClusterConfig& config) {
  HOLMES_TRY(config.proxy, header_text_at(cluster, "proxy-url"));
  constexpr std::array<std::string_view, 3> kSchemes{"http://", "https://", "socks5://"};
  const bool known = std::ranges::any_of(kSchemes, [&](std::string_view scheme) {
    return config.proxy.starts_with(scheme) && config.proxy.size() > scheme.size();
  });
  if (known || config.proxy.empty()) return {};
  return cluster.at("proxy-url")
      .wrong("must be a URL like http://host:port, https://host:port or socks5://host:port");
}

Status read_cluster(const Files& files, const Place& cluster, ClusterConfig& config) {
  HOLMES_TRY(const std::string server, text_at(cluster, "server"));
  if (server.empty()) return cluster.at("server").wrong("missing: the URL of the API server");
  Result<Url> url = parse_url(server);
  if (!url) return cluster.at("server").wrong(url.error());
  config.server = *std::move(url);
  const std::string_view ca = "certificate-authority";
  HOLMES_TRY(config.tls.ca_pem, pem_at(files, cluster, ca, config.tls_files.ca));
  if (const Status usable = check_tls({.ca_pem = config.tls.ca_pem}); !usable) {
    const bool is_data = config.tls_files.ca.empty();
    return cluster.at(is_data ? "certificate-authority-data" : ca).wrong(usable.error());
  }
  HOLMES_TRY(config.tls.insecure, flag_at(cluster, "insecure-skip-tls-verify"));
  HOLMES_TRY(config.tls.server_name, text_at(cluster, "tls-server-name"));
  if (config.tls.insecure && !config.tls.ca_pem.empty()) {
    return cluster.at("insecure-skip-tls-verify")
        .wrong("cannot be true together with a certificate authority");
  }
  return read_proxy(cluster, config);
}

// What the cluster says to plugins: extensions: [{name: client.authentication.k8s.io/exec, ...}].
Result<json::value> read_exec_extension(const Place& cluster) {
  HOLMES_TRY(const std::vector<Place> extensions, list_at(cluster, "extensions"));
  for (const Place& extension : extensions) {
    HOLMES_TRY(const std::string name, text_at(extension, "name"));
    if (name == kExecExtension) return json_at(extension, "extension");
  }
  return json::value();
}

// The name of the context to use, and where that was said.
struct ContextName {
  std::string name;
  std::string_view why;
};

Result<ContextName> context_name(const Documents& documents, std::string_view override_name) {
  if (!override_name.empty()) return ContextName{std::string(override_name), "asked for"};
  for (const KubeconfigDocument& document : documents) {
    HOLMES_TRY(std::string name, text_at(Place::of(document), "current-context"));
    if (!name.empty()) return ContextName{std::move(name), "current-context"};
  }
  return Place::of(documents.front())
      .at("current-context")
      .wrong("missing: set it or name a context");
}

Result<ClusterConfig> read_config(const Files& files, const Documents& documents,
                                  std::string_view override_name) {
  HOLMES_TRY(const ContextName chosen, context_name(documents, override_name));
  HOLMES_TRY(const Place context,
             entry_named(documents, "contexts", "context", chosen.name, chosen.why));
  ClusterConfig config;
  config.source = fmt::format("context '{}' of {}", chosen.name, context.document->path);
  HOLMES_TRY(const std::string ns, text_at(context, "namespace"));
  if (!ns.empty()) config.default_namespace = ns;

  HOLMES_TRY(const std::string cluster_name, text_at(context, "cluster"));
  if (cluster_name.empty()) return context.at("cluster").wrong("missing");
  HOLMES_TRY(const Place cluster, entry_named(documents, "clusters", "cluster", cluster_name,
                                              context.at("cluster").key));
  HOLMES_CHECK(read_cluster(files, cluster, config));

  HOLMES_TRY(const std::string user_name, text_at(context, "user"));
  if (user_name.empty()) return config;  // anonymous
  HOLMES_TRY(const Place user,
             entry_named(documents, "users", "user", user_name, context.at("user").key));
  if (!user.present()) return config;
  HOLMES_CHECK(read_user(files, user, config));
  if (config.exec) {
    HOLMES_TRY(config.exec->cluster_extension, read_exec_extension(cluster));
  }
  return config;
}

}  // namespace

Result<ClusterConfig> load_kubeconfig(const Files& files, std::string_view paths,
                                      std::string_view context) {
  HOLMES_TRY(const Documents documents, read_documents(files, paths));
  try {
    return read_config(files, documents, context);
  } catch (const YAML::Exception& e) {  // an odd shape that the checks above did not foresee
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: not a kubeconfig: {}", documents.front().path, e.what()));
  }
}

}  // namespace holmes::kube
