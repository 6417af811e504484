// The bearer token of a client: a fixed one, or a file that somebody else renews.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "async/files.h"
#include "async/loop.h"
#include "base/log.h"

namespace holmes::kube {

// A token file is read again after this time, as client-go does; projected ServiceAccount tokens
// are renewed long before they end.
inline constexpr std::chrono::seconds kTokenRereadInterval{60};

// On the loop's thread. What is given by reference outlives it.
class TokenSource {
 public:
  // `token_file`, when set, wins over `token`, which is then used until the file can be read. Both
  // empty: no token.
  TokenSource(const Clock& clock, const Files& files, Logger logger, std::string token,
              std::string token_file);

  // The token to send, "" for none, until the next call. Fails with kUnauthenticated when the file
  // was never readable; a stale token is kept when a later read fails.
  Result<std::string_view> token();

  // After a 401 for `rejected`: reads the file at once. True when there is another token now.
  bool renew(const std::string& rejected);

 private:
  Status read();

  const Clock& clock_;
  const Files& files_;
  Logger logger_;
  std::string token_;
  std::string token_file_;
  std::optional<MonoTime> last_read_;
};

}  // namespace holmes::kube
