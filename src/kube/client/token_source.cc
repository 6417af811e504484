#include "kube/client/token_source.h"

#include <algorithm>

#include "base/strings.h"

namespace holmes::kube {
namespace {

// What may stand in a header without changing its meaning (RFC 6750 allows fewer).
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

TokenSource::TokenSource(const Clock& clock, const Files& files, Logger logger, std::string token,
                         std::string token_file)
    : clock_(clock),
      files_(files),
      logger_(std::move(logger)),
      token_(std::move(token)),
      token_file_(std::move(token_file)) {}

Result<std::string_view> TokenSource::token() {
  if (token_file_.empty()) return token_;
  const bool due = !last_read_ || clock_.mono_now() - *last_read_ >= kTokenRereadInterval;
  if (due || token_.empty()) {
    const Status done = read();
    if (!done && token_.empty()) {
      return fail(ErrorCode::kUnauthenticated, "no bearer token: " + done.error().message);
    }
  }
  return token_;
}

bool TokenSource::renew(const std::string& rejected) {
  if (token_file_.empty()) return false;
  if (token_ == rejected) (void)read();
  return token_ != rejected;
}

Status TokenSource::read() {
  last_read_ = clock_.mono_now();
  Result<std::string> text = files_.read(token_file_);
  if (text) {
    const std::string_view token = trim(*text);
    if (is_token(token)) {
      token_ = token;
      return {};
    }
    text = fail(ErrorCode::kInvalid, token_file_ + ": does not hold a token");
  }
  logger_.warning("Cannot read the API token",
                  {{"error", text.error()}, {"keeps_old_token", !token_.empty()}});
  return fail(std::move(text).error());
}

}  // namespace holmes::kube
