// A server's certificates in files that somebody else may renew.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "async/files.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "base/result.h"
#include "net/tls.h"

namespace holmes {

// How often they are read again.
inline constexpr std::chrono::seconds kServerTlsRereadInterval{10};

// Paths.
struct TlsServerFiles {
  std::string certificate{};
  std::string key{};        // empty: the key stands in the certificate's file
  std::string client_ca{};  // empty: clients need no certificate
};

// Fails when a file cannot be read, or with kInvalid when no server can be made of them; the
// message names the file, and quotes none.
Result<TlsServerOptions> read_tls(const Files& files, const TlsServerFiles& paths);

// Hands changed certificates to `use` until the stop. Files that cannot be used keep the old ones,
// with a warning: they are being written, say. `used`: what they were before.
Task<> watch_tls(Loop& loop, const Files& files, Logger log, TlsServerFiles paths,
                 TlsServerOptions used, std::function<Status(const TlsServerOptions&)> use,
                 Stop stop);

}  // namespace holmes
