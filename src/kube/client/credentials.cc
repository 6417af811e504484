#include "kube/client/credentials.h"

#include <utility>

#include "base/hash.h"

namespace holmes::kube {
namespace {

constexpr std::string_view kBearer = "Bearer ";

}  // namespace

Credentials::Credentials(Loop& loop, const Files& files, Subprocess& subprocess,
                         const Logger& logger, const ClusterConfig& config,
                         std::map<std::string, std::string> environment)
    : tls_(loop, files, logger, config.tls, config.tls_files),
      token_(loop, files, logger, config.token, config.token_file) {
  if (!config.username.empty()) {
    basic_ = "Basic " + base64_encode(config.username + ":" + config.password);
  }
  if (config.exec) plugin_.emplace(loop, subprocess, logger, config, std::move(environment));
}

Task<Result<Identity>> Credentials::get(Stop stop) {
  Identity identity;
  if (plugin_) {
    HOLMES_CO_TRY(identity.from_plugin, co_await plugin_->get(std::move(stop)));
  }
  // Nothing waits from here on, so that identities are given out in the order of their making.
  HOLMES_CO_TRY(std::string_view token, token_.token());
  if (identity.from_plugin != nullptr) token = identity.from_plugin->token;
  identity.authorization = token.empty() ? basic_ : std::string(kBearer).append(token);
  identity.from_files = tls_.options();
  identity.tls = combine(identity);
  co_return identity;
}

Task<bool> Credentials::renew(Identity rejected, Stop stop) {
  tls_.look_again();
  const std::string_view header = rejected.authorization;
  if (header.starts_with(kBearer)) token_.renew(std::string(header.substr(kBearer.size())));
  if (plugin_) co_await plugin_->renew(rejected.from_plugin, stop);
  const Result<Identity> now = co_await get(std::move(stop));
  co_return now && (now->authorization != rejected.authorization || now->tls != rejected.tls);
}

bool Credentials::look_again(const Identity& used) {
  tls_.look_again();
  return tls_.options() != used.from_files;
}

Task<> Credentials::close() {
  if (plugin_) co_await plugin_->close();
}

std::shared_ptr<const TlsOptions> Credentials::combine(const Identity& identity) {
  const ExecPlugin::Credential& credential = identity.from_plugin;
  if (credential == nullptr || credential->certificate_pem.empty()) return identity.from_files;
  const bool same_parts =
      identity.from_files == combined_.from_files && credential == combined_.from_plugin;
  if (same_parts) return combined_.tls;
  TlsOptions options = *identity.from_files;
  options.certificate_pem = credential->certificate_pem;
  options.key_pem = credential->key_pem;
  const bool changed = combined_.tls == nullptr || options != *combined_.tls;
  combined_ = {"", changed ? std::make_shared<const TlsOptions>(std::move(options)) : combined_.tls,
               identity.from_files, credential};
  return combined_.tls;
}

}  // namespace holmes::kube
