#include "net/tls_files.h"

#include <utility>

#include "async/wait.h"

namespace holmes {
namespace {

Result<std::string> read_some(const Files& files, const std::string& path) {
  HOLMES_TRY(std::string text, files.read(path));
  // To TlsServerOptions an empty text is a wish, not a file that is being written.
  if (text.empty()) return fail(ErrorCode::kInvalid, path + ": is empty");
  return text;
}

}  // namespace

Result<TlsServerOptions> read_tls(const Files& files, const TlsServerFiles& paths) {
  TlsServerOptions found;
  HOLMES_TRY(found.certificate_pem, read_some(files, paths.certificate));
  found.key_pem = found.certificate_pem;
  if (!paths.key.empty()) {
    HOLMES_TRY(found.key_pem, read_some(files, paths.key));
  }
  if (const Status usable = check_server_tls(found); !usable) {
    return fail(usable.error().within(paths.certificate));
  }
  if (paths.client_ca.empty()) return found;
  HOLMES_TRY(found.client_ca_pem, read_some(files, paths.client_ca));
  if (const Status usable = check_server_tls(found); !usable) {
    return fail(usable.error().within(paths.client_ca));
  }
  return found;
}

Task<> watch_tls(Loop& loop, const Files& files, Logger log, TlsServerFiles paths,
                 TlsServerOptions used, std::function<Status(const TlsServerOptions&)> use,
                 Stop stop) {
  std::string last_warning;
  while (co_await sleep_for(loop, kServerTlsRereadInterval, stop)) {
    const Result<TlsServerOptions> found = read_tls(files, paths);
    Status taken;
    if (!found) taken = fail(found.error());
    if (found && *found != used) {
      taken = use(*found);
      if (taken) {
        used = *found;
        log.info("the certificates of the server have changed");
      }
    }
    const std::string warning = taken ? "" : taken.error().message;
    if (warning == std::exchange(last_warning, warning) || taken) continue;
    log.warning("cannot use the changed certificates of the server, keeping the old ones",
                {{"error", taken.error()}});
  }
}

}  // namespace holmes
