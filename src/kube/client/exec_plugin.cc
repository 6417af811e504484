#include "kube/client/exec_plugin.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

std::unexpected<Error> unauthenticated(std::string message) {
  return fail(ErrorCode::kUnauthenticated, std::move(message));
}

}  // namespace

ExecPlugin::ExecPlugin(Loop& loop, Subprocess& subprocess, Logger logger,
                       const ClusterConfig& config, std::map<std::string, std::string> environment)
    : loop_(loop),
      subprocess_(subprocess),
      logger_(std::move(logger)),
      source_(config.exec->source),
      api_version_(config.exec->api_version),
      install_hint_(config.exec->install_hint),
      runs_(loop) {
  command_.arguments.push_back(config.exec->command);
  const std::vector<std::string>& arguments = config.exec->arguments;
  command_.arguments.insert(command_.arguments.end(), arguments.begin(), arguments.end());
  command_.environment = std::move(environment);
  for (const auto& [name, value] : config.exec->environment) command_.environment[name] = value;
  command_.environment["KUBERNETES_EXEC_INFO"] = exec_info(config);
}

Task<Result<ExecPlugin::Credential>> ExecPlugin::get(Stop stop) {
  if (!is_due()) co_return credential_;
  if (stop.requested()) co_return fail(stop.error("credentials of " + source_));
  begin_run();
  if (credential_ != nullptr && !is_over()) co_return credential_;
  HOLMES_CO_CHECK(co_await runs_.drain(stop));
  if (failure_) co_return fail(*failure_);
  co_return credential_;
}

Task<> ExecPlugin::renew(Credential rejected, Stop stop) {
  if (credential_ != rejected || stop.requested()) co_return;
  begin_run();
  (void)co_await runs_.drain(stop);
}

bool ExecPlugin::is_due() const {
  return credential_ == nullptr || (renew_at_ && loop_.wall_now() >= *renew_at_);
}

bool ExecPlugin::is_over() const {
  return credential_->expires && loop_.wall_now() >= *credential_->expires;
}

// Unless one is under way, or the last one has only just ended.
void ExecPlugin::begin_run() {
  if (runs_.size() > 0 || (last_run_ && loop_.mono_now() - *last_run_ < kExecPause)) return;
  runs_.spawn(run());
}

Task<> ExecPlugin::run() {
  const StopSource limit(runs_.stop(), loop_, loop_.mono_now() + kExecTimeout);
  const Result<SubprocessEnd> end = co_await subprocess_.run(command_, limit.stop());
  last_run_ = loop_.mono_now();
  Result<ExecCredential> credential = read(end);
  if (credential) {
    take(*std::move(credential));
    failure_.reset();
    co_return;
  }
  failure_ = std::move(credential).error();
  if (runs_.stop().requested()) co_return;
  const bool keeps = credential_ != nullptr && !is_over();
  LogFields fields{{"error", *failure_}, {"keeps_old_ones", keeps}};
  if (end) fields.emplace_back("stderr", to_valid_utf8(trim(end->error_tail)));
  logger_.warning("Cannot get credentials from the exec plugin", std::move(fields));
}

Result<ExecCredential> ExecPlugin::read(const Result<SubprocessEnd>& end) const {
  const std::string& program = command_.arguments.front();
  if (!end) {
    const std::string why = end.error().code == ErrorCode::kTimeout
                                ? fmt::format("not done after {} s", kExecTimeout.count())
                                : end.error().message;
    const bool missing = end.error().code == ErrorCode::kNotFound && !install_hint_.empty();
    return unauthenticated(fmt::format("{}: {}: {}{}{}", source_, program, why, missing ? "; " : "",
                                       missing ? install_hint_ : ""));
  }
  const std::string_view hint = trim(end->error_tail).empty() ? "" : "; its stderr is in the log";
  if (end->exit_code != 0) {
    return unauthenticated(
        fmt::format("{}: {}: exit code {}{}", source_, program, end->exit_code, hint));
  }
  Result<ExecCredential> credential = parse_exec_credential(end->output, api_version_);
  if (credential) return credential;
  return unauthenticated(
      fmt::format("{}: {}: {}{}", source_, program, credential.error().message, hint));
}

void ExecPlugin::take(ExecCredential credential) {
  const WallTime now = loop_.wall_now();
  renew_at_.reset();
  if (credential.expires) {
    const auto left = *credential.expires - now;
    const auto leeway = std::min<std::chrono::microseconds>(kExecLeeway, left / 2);
    renew_at_ = std::max(*credential.expires - leeway, now + kExecPause);
  }
  if (credential_ != nullptr && *credential_ == credential) return;
  logger_.info("Got credentials from the exec plugin", {{"plugin", command_.arguments.front()}});
  credential_ = std::make_shared<const ExecCredential>(std::move(credential));
}

}  // namespace holmes::kube
