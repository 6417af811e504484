#include "kube/client/cluster_config.h"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/hash.h"
#include "base/strings.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr size_t kMaxKubeconfigs = 16;
constexpr size_t kMaxListedContexts = 10;

struct Document {
  std::string path;
  YAML::Node root;
};

// A place in a document, which can say where it is: "/x/config: users[0].user.token".
struct Place {
  const Document* document = nullptr;
  std::string key;
  YAML::Node node;

  [[nodiscard]] Place at(std::string_view name) const {
    const std::string member(name);
    return {document, key.empty() ? member : key + "." + member,
            node.IsMap() ? static_cast<const YAML::Node&>(node)[member]
                         : YAML::Node(YAML::NodeType::Undefined)};
  }
  [[nodiscard]] bool present() const { return node.IsDefined() && !node.IsNull(); }
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view why) const {
    return fail(ErrorCode::kInvalid, fmt::format("{}: {}: {}", document->path, key, why));
  }
  [[nodiscard]] std::unexpected<Error> wrong(const Error& error) const {
    return fail(error.code, fmt::format("{}: {}: {}", document->path, key, error.message));
  }
};

// "" when the key is absent.
Result<std::string> text_at(const Place& parent, std::string_view name) {
  const Place place = parent.at(name);
  if (!place.present()) return "";
  if (!place.node.IsScalar()) return place.wrong("must be a string");
  return place.node.Scalar();
}

Result<bool> flag_at(const Place& parent, std::string_view name) {
  const Place place = parent.at(name);
  if (!place.present()) return false;
  bool value = false;
  if (!place.node.IsScalar() || !YAML::convert<bool>::decode(place.node, value)) {
    return place.wrong("must be true or false");
  }
  return value;
}

// Relative to the folder of the kubeconfig.
std::string resolve_path(const Document& document, const std::string& path) {
  if (path.starts_with('/')) return path;
  const size_t slash = document.path.rfind('/');
  return slash == std::string::npos ? path : document.path.substr(0, slash + 1) + path;
}

// PEM text from "<name>-data" (base64) or from the file that "<name>" names; "" when neither is
// set.
Result<std::string> pem_at(const Files& files, const Place& parent, std::string_view name) {
  const std::string data_name = std::string(name) + "-data";
  HOLMES_TRY(const std::string data, text_at(parent, data_name));
  HOLMES_TRY(const std::string path, text_at(parent, name));
  const Place place = parent.at(data.empty() ? std::string_view(name) : data_name);
  Result<std::string> pem = "";
  if (!data.empty()) {
    pem = base64_decode(data);
    if (!pem) return place.wrong("not base64: " + pem.error().message);
  } else if (!path.empty()) {
    pem = files.read(resolve_path(*parent.document, path));
    if (!pem) return place.wrong(pem.error());
  } else {
    return pem;
  }
  if (pem->find("-----BEGIN ") == std::string::npos) return place.wrong("does not hold PEM text");
  return pem;
}

// The named entry of a list like "contexts: [{name, context: {...}}]", its inner part. The first
// document that has it wins.
Result<Place> entry_named(const std::vector<Document>& documents, std::string_view list,
                          std::string_view inner, std::string_view name, std::string_view why) {
  std::vector<std::string> names;
  for (const Document& document : documents) {
    const Place entries = Place{&document, "", document.root}.at(list);
    if (!entries.present()) continue;
    if (!entries.node.IsSequence()) return entries.wrong("must be a list");
    for (size_t i = 0; i < entries.node.size(); ++i) {
      const YAML::Node& node = entries.node;
      const Place entry{&document, fmt::format("{}[{}]", list, i), node[i]};
      if (!entry.node.IsMap()) return entry.wrong("must be a mapping with a name");
      HOLMES_TRY(std::string entry_name, text_at(entry, "name"));
      if (entry_name == name) {
        Place found = entry.at(inner);
        if (!found.present() && inner == "user") return found;  // a user without credentials
        if (!found.node.IsDefined() || !found.node.IsMap()) return found.wrong("must be a mapping");
        return found;
      }
      if (names.size() < kMaxListedContexts) names.push_back(std::move(entry_name));
    }
  }
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: {}: no {} named '{}' ({}); there are: {}", documents.front().path,
                          list, inner, name, why,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

Result<Document> parse_document(const std::string& path, const std::string& text) {
  try {
    Document document{path, YAML::Load(text)};
    if (!document.root.IsMap()) {
      return fail(ErrorCode::kInvalid, path + ": must be a YAML mapping (kind: Config)");
    }
    return document;
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: line {}, column {}: {}", path,
                                                 e.mark.line + 1, e.mark.column + 1, e.msg));
  }
}

Result<std::vector<Document>> read_documents(const Files& files, std::string_view paths) {
  std::vector<std::string> names;
  for (const std::string_view path : split(paths, ':')) {
    if (!path.empty()) names.emplace_back(path);
  }
  if (names.size() > kMaxKubeconfigs) {
    return fail(ErrorCode::kInvalid, fmt::format("more than {} kubeconfig files", kMaxKubeconfigs));
  }
  std::vector<Document> documents;
  for (const std::string& path : names) {
    const Result<std::string> text = files.read(path);
    const bool skip = !text && text.error().code == ErrorCode::kNotFound && names.size() > 1;
    if (skip) continue;
    if (!text) return fail(text.error().within("kubeconfig"));
    HOLMES_TRY(Document document, parse_document(path, *text));
    documents.push_back(std::move(document));
  }
  if (documents.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("kubeconfig: no file at '{}'", paths));
  }
  return documents;
}

Status read_cluster(const Files& files, const Place& cluster, ClusterConfig& config) {
  HOLMES_TRY(const std::string server, text_at(cluster, "server"));
  if (server.empty()) return cluster.at("server").wrong("missing: the URL of the API server");
  Result<Url> url = parse_url(server);
  if (!url) return cluster.at("server").wrong(url.error());
  config.server = *std::move(url);
  HOLMES_TRY(config.tls.ca_pem, pem_at(files, cluster, "certificate-authority"));
  HOLMES_TRY(config.tls.insecure, flag_at(cluster, "insecure-skip-tls-verify"));
  HOLMES_TRY(config.tls.server_name, text_at(cluster, "tls-server-name"));
  HOLMES_TRY(config.proxy, text_at(cluster, "proxy-url"));
  if (config.tls.insecure && !config.tls.ca_pem.empty()) {
    return cluster.at("insecure-skip-tls-verify")
        .wrong("cannot be true together with a certificate authority");
  }
  return {};
}

Status read_user(const Files& files, const Place& user, ClusterConfig& config) {
  constexpr std::array kUnsupported{"exec", "auth-provider", "username",  "password",
                                    "as",   "as-uid",        "as-groups", "as-user-extra"};
  for (const char* name : kUnsupported) {
    const Place place = user.at(name);
    if (place.present()) {
      return place.wrong("is not supported; use token, tokenFile or a client certificate");
    }
  }
  HOLMES_TRY(config.token, text_at(user, "token"));
  HOLMES_TRY(const std::string token_file, text_at(user, "tokenFile"));
  if (!token_file.empty()) {
    config.token_file = resolve_path(*user.document, token_file);
    // It is read anew for requests; a path that is wrong should show at the start.
    if (const auto token = files.read(config.token_file); !token) {
      return user.at("tokenFile").wrong(token.error().message);
    }
  }
  HOLMES_TRY(config.tls.certificate_pem, pem_at(files, user, "client-certificate"));
  HOLMES_TRY(config.tls.key_pem, pem_at(files, user, "client-key"));
  if (config.tls.certificate_pem.empty() != config.tls.key_pem.empty()) {
    return user.wrong(config.tls.key_pem.empty() ? "client-certificate needs a client-key"
                                                 : "client-key needs a client-certificate");
  }
  return {};
}

// The name of the context to use, and where that was said.
struct ContextName {
  std::string name;
  std::string_view why;
};

Result<ContextName> context_name(const std::vector<Document>& documents,
                                 std::string_view override_name) {
  if (!override_name.empty()) return ContextName{std::string(override_name), "asked for"};
  for (const Document& document : documents) {
    HOLMES_TRY(std::string name, text_at(Place{&document, "", document.root}, "current-context"));
    if (!name.empty()) return ContextName{std::move(name), "current-context"};
  }
  return Place{&documents.front(), "current-context", {}}.wrong(
      "missing: set it or name a context");
}

Result<ClusterConfig> read_config(const Files& files, const std::vector<Document>& documents,
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
  if (user.present()) HOLMES_CHECK(read_user(files, user, config));
  return config;
}

}  // namespace

Result<ClusterConfig> load_kubeconfig(const Files& files, std::string_view paths,
                                      std::string_view context) {
  HOLMES_TRY(const std::vector<Document> documents, read_documents(files, paths));
  try {
    return read_config(files, documents, context);
  } catch (const YAML::Exception& e) {  // an odd shape that the checks above did not foresee
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: not a kubeconfig: {}", documents.front().path, e.what()));
  }
}

Result<ClusterConfig> in_cluster_config(const Files& files, std::string_view host,
                                        std::string_view port) {
  if (host.empty() || port.empty()) {
    return fail(
        ErrorCode::kInvalid,
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  Result<Url> server = parse_url(
      fmt::format("https://{}{}{}:{}", bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "", port));
  if (!server) {
    return fail(server.error().within("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"));
  }
  const std::string folder(kServiceAccountFolder);
  ClusterConfig config;
  config.source = "in-cluster";
  config.server = *std::move(server);
  config.token_file = folder + "token";
  HOLMES_TRY(config.tls.ca_pem, files.read(folder + "ca.crt"));
  const Result<std::string> ns = files.read(folder + "namespace");
  if (ns && !trim(*ns).empty()) config.default_namespace = trim(*ns);
  return config;
}

}  // namespace holmes::kube
