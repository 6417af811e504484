// Serves an empty embedded API on loopback, for the suites that compare it with a real API server.
//
// store_server FOLDER: writes ca.pem there, whom clients trust, and prints its address; clients
// show the token "any". POST /compact forgets all history, as `etcdctl compact` does. Ends with
// SIGTERM.

#include <csignal>
#include <cstdio>
#include <fstream>

#include "async/asio_loop.h"
#include "async/random.h"
#include "kube/store/api_collector.h"
#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"
#include "kube/store/journal.h"
#include "kube/store/store_listener.h"
#include "net/certificates.h"
#include "net/http_server.h"

namespace {

using namespace holmes;  // NOLINT(google-build-using-namespace)

Task<HttpResponse> compact(kube::ObjectStore* store) {
  store->compact(store->version());
  co_return HttpResponse{.status = 200};
}

HttpHandler with_compaction(kube::ObjectStore& store, HttpHandler api) {
  return [&store, api = std::move(api)](HttpRequest request, Stop stop) {
    if (request.method == "POST" && request.target == "/compact") return compact(&store);
    return api(std::move(request), std::move(stop));
  };
}

HttpServerOptions listen_with_tls(const AsioLoop& loop, Random& random, const std::string& folder) {
  const WallTime now = loop.wall_now();
  const Validity validity{now - std::chrono::hours(1), now + std::chrono::hours(24)};
  const auto authority = CertificateAuthority::make("store", validity, random);
  const Certificate own = authority.issue_server({"127.0.0.1"}, validity, random).value();
  std::ofstream(folder + "/ca.pem") << authority.own().certificate_pem;
  HttpServerOptions options{.body_bytes_max = kube::kMaxObjectBytes};
  options.tls = TlsServerOptions{.certificate_pem = own.certificate_pem, .key_pem = own.key_pem};
  return options;
}

Task<int> serve(AsioLoop* loop, StopSource* ended, std::string folder) {
  SystemRandom random;
  kube::NoJournal journal;
  kube::ObjectStore store(*loop, journal);
  kube::ApiServer api(*loop, random, store);
  HttpServer server(*loop, with_compaction(store, kube::serve_api(api, "any")), Logger(),
                    listen_with_tls(*loop, random, folder));
  if (const Status listening = server.listen(); !listening) {
    std::fprintf(stderr, "%s\n", listening.error().message.c_str());
    co_return 1;
  }
  std::printf("https://%s\n", server.address().c_str());
  std::fflush(stdout);
  kube::ApiCollector rules(api);
  kube::GarbageCollector collector(*loop, store, rules);
  co_await collector.run(ended->stop());
  StopSource now;
  now.request_stop();
  co_await server.close(now.stop());
  co_await store.close();
  co_return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  AsioLoop loop;
  StopSource ended;
  loop.on_signals({SIGTERM, SIGINT}, [&](int) { ended.request_stop(); });
  return loop.run(serve(&loop, &ended, arguments[1]));
}
