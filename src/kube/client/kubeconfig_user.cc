#include "kube/client/kubeconfig_user.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kube/client/exec_credential.h"
#include "net/tls.h"

namespace holmes::kube {
namespace {

Status read_token(const Files& files, const Place& user, ClusterConfig& config) {
  HOLMES_TRY(config.token, header_text_at(user, "token"));
  HOLMES_TRY(const std::string token_file, text_at(user, "tokenFile"));
  if (token_file.empty()) return {};
  config.token_file = user.document->resolve(token_file);
  // It is read anew for requests; a path that is wrong should show at the start.
  if (const auto token = files.read(config.token_file); !token) {
    return user.at("tokenFile").wrong(token.error());
  }
  return {};
}

Status read_password(const Place& user, ClusterConfig& config) {
  HOLMES_TRY(config.username, text_at(user, "username"));
  HOLMES_TRY(config.password, text_at(user, "password"));
  if (config.username.empty() && config.password.empty()) return {};
  if (!config.token.empty() || !config.token_file.empty()) {
    return user.at("username").wrong("a password cannot be set together with a token");
  }
  if (config.username.empty()) return user.at("username").wrong("missing: password needs it");
  if (config.username.find(':') != std::string::npos) {  // RFC 7617, section 2
    return user.at("username").wrong("cannot have a colon");
  }
  return {};
}

Status read_certificate(const Files& files, const Place& user, ClusterConfig& config) {
  const std::string_view name = "client-certificate";
  HOLMES_TRY(config.tls.certificate_pem, pem_at(files, user, name, config.tls_files.certificate));
  HOLMES_TRY(config.tls.key_pem, pem_at(files, user, "client-key", config.tls_files.key));
  if (config.tls.certificate_pem.empty() != config.tls.key_pem.empty()) {
    return user.wrong(config.tls.key_pem.empty() ? "client-certificate needs a client-key"
                                                 : "client-key needs a client-certificate");
  }
  const Status usable =
      check_tls({.certificate_pem = config.tls.certificate_pem, .key_pem = config.tls.key_pem});
  if (usable) return {};
  return user.at(config.tls_files.certificate.empty() ? "client-certificate-data" : name)
      .wrong(usable.error());
}

Status read_impersonation(const Place& user, Impersonation& as) {
  HOLMES_TRY(as.user, header_text_at(user, "as"));
  HOLMES_TRY(as.uid, header_text_at(user, "as-uid"));
  const Place groups = user.at("as-groups");
  HOLMES_TRY(as.groups, texts_at(groups, ""));
  const Place extra = user.at("as-user-extra");
  if (extra.present() && !extra.node.IsMap()) return extra.wrong("must be a mapping of lists");
  if (extra.present()) {
    for (const auto& member : extra.node) {
      if (!member.first.IsScalar()) return extra.wrong("has a key that is not a string");
      const std::string& key = member.first.Scalar();
      HOLMES_TRY(as.extra[key], texts_at(extra, key));
    }
  }
  const auto refused = [](const std::string& text) { return !is_header_value(text); };
  if (std::ranges::any_of(as.groups, refused)) {
    return groups.wrong("has a character that cannot stand in an HTTP header");
  }
  for (const auto& [key, values] : as.extra) {
    if (std::ranges::any_of(values, refused)) {
      return extra.at(key).wrong("has a character that cannot stand in an HTTP header");
    }
  }
  if (as.user.empty() && (!as.uid.empty() || !as.groups.empty() || !as.extra.empty())) {
    return user.at("as").wrong("missing: as-uid, as-groups and as-user-extra need it");
  }
  return {};
}

Status check_interactive(const Place& exec, const std::string& api_version) {
  const Place place = exec.at("interactiveMode");
  HOLMES_TRY(const std::string mode, text_at(place, ""));
  if (mode.empty() && api_version == kExecV1) {
    return place.wrong("missing: must be Never or IfAvailable");
  }
  if (mode.empty() || mode == "Never" || mode == "IfAvailable") return {};
  return place.wrong(mode == "Always"
                         ? "is Always, but there is no terminal here: must be Never or IfAvailable"
                         : fmt::format("must be Never or IfAvailable, not '{}'", mode));
}

Result<ExecConfig> read_exec(const Place& exec) {
  if (!exec.node.IsMap()) return exec.wrong("must be a mapping with a command");
  ExecConfig config;
  config.source = exec.name();
  HOLMES_TRY(config.api_version, text_at(exec, "apiVersion"));
  if (config.api_version != kExecV1 && config.api_version != kExecV1Beta1) {
    return exec.at("apiVersion")
        .wrong(
            fmt::format("must be {} or {}, not '{}'", kExecV1, kExecV1Beta1, config.api_version));
  }
  HOLMES_TRY(config.command, text_at(exec, "command"));
  if (config.command.empty()) return exec.at("command").wrong("missing: the program to run");
  if (config.command.find('/') != std::string::npos) {
    config.command = exec.document->resolve(config.command);
  }
  HOLMES_TRY(config.arguments, texts_at(exec, "args"));
  HOLMES_TRY(const std::vector<Place> variables, list_at(exec, "env"));
  for (const Place& variable : variables) {
    HOLMES_TRY(const std::string name, text_at(variable, "name"));
    if (name.empty() || name.find('=') != std::string::npos) {
      return variable.at("name").wrong("must be the name of an environment variable");
    }
    HOLMES_TRY(config.environment[name], text_at(variable, "value"));
  }
  HOLMES_TRY(config.install_hint, text_at(exec, "installHint"));
  HOLMES_TRY(config.provide_cluster_info, flag_at(exec, "provideClusterInfo"));
  HOLMES_CHECK(check_interactive(exec, config.api_version));
  return config;
}

}  // namespace

Status read_user(const Files& files, const Place& user, ClusterConfig& config) {
  if (const Place provider = user.at("auth-provider"); provider.present()) {
    return provider.wrong("is not supported; use exec, as kubectl does since 1.26");
  }
  HOLMES_CHECK(read_token(files, user, config));
  HOLMES_CHECK(read_password(user, config));
  HOLMES_CHECK(read_certificate(files, user, config));
  HOLMES_CHECK(read_impersonation(user, config.impersonation));
  const Place place = user.at("exec");
  if (!place.present()) return {};
  HOLMES_TRY(ExecConfig exec, read_exec(place));
  // As client-go: what stands there is meant, and spares the program.
  const bool needs_it = config.token.empty() && config.token_file.empty() &&
                        config.username.empty() && config.tls.certificate_pem.empty();
  if (needs_it) config.exec = std::move(exec);
  return {};
}

}  // namespace holmes::kube
