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
      running_(loop, 1) {
  command_.arguments.push_back(config.exec->command);
  const std::vector<std::string>& arguments = config.exec->arguments;
  command_.arguments.insert(command_.arguments.end(), arguments.begin(), arguments.end());
  command_.environment = std::move(environment);
  for (const auto& [name, value] : config.exec->environment) command_.environment[name] = value;
  command_.environment["KUBERNETES_EXEC_INFO"] = exec_info(config);
}

Task<Result<ExecPlugin::Credential>> ExecPlugin::get(Stop stop) {
  if (!is_due()) co_return credential_;
  HOLMES_CO_CHECK(co_await running_.acquire(stop));
  Status ran;
  if (is_due() && may_run()) {
    ran = co_await run(stop);
  } else if (is_due() && failure_) {
    ran = fail(*failure_);
  }
  running_.release();
  if (ran || (credential_ != nullptr && !is_over())) co_return credential_;
  co_return fail(std::move(ran).error());
}

Task<> ExecPlugin::renew(Credential rejected, Stop stop) {
  const Status acquired = co_await running_.acquire(stop);
  if (!acquired) co_return;
  if (credential_ == rejected && may_run()) (void)co_await run(stop);
  running_.release();
}

bool ExecPlugin::is_due() const {
  return credential_ == nullptr || (renew_at_ && loop_.wall_now() >= *renew_at_);
}

bool ExecPlugin::is_over() const {
  return credential_->expires && loop_.wall_now() >= *credential_->expires;
}

bool ExecPlugin::may_run() const {
  return !last_run_ || loop_.mono_now() - *last_run_ >= kExecPause;
}

Task<Status> ExecPlugin::run(Stop stop) {
  Result<ExecCredential> asked = co_await ask(stop);
  if (!asked && stop.requested()) co_return fail(stop.error("exec plugin of " + source_));
  last_run_ = loop_.mono_now();
  if (asked) {
    take(*std::move(asked));
    failure_.reset();
    co_return Status();
  }
  failure_ = std::move(asked).error();
  logger_.warning("Cannot get credentials from the exec plugin",
                  {{"error", *failure_}, {"keeps_old_ones", credential_ != nullptr && !is_over()}});
  co_return fail(*failure_);
}

Task<Result<ExecCredential>> ExecPlugin::ask(Stop stop) {
  const StopSource limit(stop, loop_, loop_.mono_now() + kExecTimeout);
  const Result<SubprocessEnd> end = co_await subprocess_.run(command_, limit.stop());
  co_return read(end);
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
  const std::string_view errors = trim(end->error_tail);
  const std::string said =
      errors.empty() ? "" : fmt::format("; its stderr ends with: {}", to_valid_utf8(errors));
  if (end->exit_code != 0) {
    return unauthenticated(
        fmt::format("{}: {}: exit code {}{}", source_, program, end->exit_code, said));
  }
  Result<ExecCredential> credential = parse_exec_credential(end->output, api_version_);
  if (credential) return credential;
  return unauthenticated(
      fmt::format("{}: {}: {}{}", source_, program, credential.error().message, said));
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
