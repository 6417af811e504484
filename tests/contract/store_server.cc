// Serves an empty embedded API on loopback without TLS, for the suites that compare it with a real
// API server: prints its address, and ends with SIGTERM.

#include <csignal>
#include <cstdio>

#include "async/asio_loop.h"
#include "async/random.h"
#include "kube/store/api_collector.h"
#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"
#include "kube/store/journal.h"
#include "kube/store/store_listener.h"
#include "net/http_server.h"

namespace {

using namespace holmes;  // NOLINT(google-build-using-namespace)

Task<int> serve(AsioLoop* loop, StopSource* ended) {
  SystemRandom random;
  kube::NoJournal journal;
  kube::ObjectStore store(*loop, journal);
  kube::ApiServer api(*loop, random, store);
  HttpServer server(*loop, kube::serve_api(api, ""), Logger(),
                    {.body_bytes_max = kube::kMaxObjectBytes});
  if (const Status listening = server.listen(); !listening) {
    std::fprintf(stderr, "%s\n", listening.error().message.c_str());
    co_return 1;
  }
  std::printf("http://%s\n", server.address().c_str());
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

int main() {
  AsioLoop loop;
  StopSource ended;
  loop.on_signals({SIGTERM, SIGINT}, [&](int) { ended.request_stop(); });
  return loop.run(serve(&loop, &ended));
}
