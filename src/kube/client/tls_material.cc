#include "kube/client/tls_material.h"

#include <utility>

namespace holmes::kube {

TlsMaterial::TlsMaterial(const Clock& clock, const Files& files, Logger logger, TlsOptions options,
                         TlsFiles paths)
    : clock_(clock),
      files_(files),
      logger_(std::move(logger)),
      options_(std::make_shared<const TlsOptions>(std::move(options))),
      paths_(std::move(paths)),
      last_look_(clock.mono_now()) {}

std::shared_ptr<const TlsOptions> TlsMaterial::options() {
  if (may_change() && clock_.mono_now() - last_look_ >= kTlsRereadInterval) look();
  return options_;
}

void TlsMaterial::look_again() {
  if (may_change() && clock_.mono_now() - last_look_ >= kTlsRereadPause) look();
}

void TlsMaterial::look() {
  last_look_ = clock_.mono_now();
  Result<TlsOptions> found = read();
  if (!found) {
    if (found.error().message == std::exchange(last_warning_, found.error().message)) return;
    logger_.warning("Cannot use the changed certificates of the cluster, keeping the old ones",
                    {{"error", found.error()}});
    return;
  }
  last_warning_.clear();
  if (*found == *options_) return;
  options_ = std::make_shared<const TlsOptions>(*std::move(found));
  logger_.info("The certificates of the cluster have changed");
}

Result<TlsOptions> TlsMaterial::read() const {
  TlsOptions found = *options_;
  if (!paths_.ca.empty()) {
    HOLMES_TRY(found.ca_pem, files_.read(paths_.ca));
    if (found.ca_pem.empty()) return fail(ErrorCode::kInvalid, paths_.ca + ": is empty");
    if (const Status usable = check_tls({.ca_pem = found.ca_pem}); !usable) {
      return fail(usable.error().within(paths_.ca));
    }
  }
  if (!paths_.certificate.empty()) {
    HOLMES_TRY(found.certificate_pem, files_.read(paths_.certificate));
  }
  if (!paths_.key.empty()) {
    HOLMES_TRY(found.key_pem, files_.read(paths_.key));
  }
  const std::string& file = paths_.certificate.empty() ? paths_.key : paths_.certificate;
  if (file.empty()) return found;
  if (found.certificate_pem.empty()) return fail(ErrorCode::kInvalid, file + ": is empty");
  const Status usable =
      check_tls({.certificate_pem = found.certificate_pem, .key_pem = found.key_pem});
  if (!usable) return fail(usable.error().within(file));
  return found;
}

}  // namespace holmes::kube
