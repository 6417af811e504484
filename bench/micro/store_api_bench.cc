// What the embedded API costs: a create in process, with validation of our own CRD; and a list of
// everything over TLS, by a client beside the server in this process. bench/run.sh store runs it
// and holds the bars against the figures. HealthChecks have 2 kB as JSON.
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include "api/crd.h"
#include "api/healthcheck.h"
#include "async/asio_loop.h"
#include "async/random.h"
#include "async/wait.h"
#include "kube/core/request.h"
#include "kube/store/store_listener.h"
#include "kube/store/store_transport.h"
#include "net/certificates_testing.h"
#include "net/direct_client.h"
#include "net/http_server.h"

namespace holmes::kube {
namespace {

constexpr size_t kObjects = 10'000;
constexpr size_t kQueryBytes = 1560;  // makes 2 kB in all

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  statm >> pages >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

json::object check(size_t number) {
  return {{"apiVersion", "holmesgpt.dev/v1alpha1"},
          {"kind", "HealthCheck"},
          {"metadata", json::object{{"name", fmt::format("checkout-latency-{:06}", number)},
                                    {"labels", json::object{{"app", "checkout"}}}}},
          {"spec", json::object{{"query", std::string(kQueryBytes, 'q')}}}};
}

// An API with our CRDs, in memory.
struct Embedded {
  AsioLoop loop;
  SystemRandom random;
  NoJournal journal;
  ObjectStore store{loop, journal};
  ApiServer api{loop, random, store};
  StoreTransport transport{api};

  Embedded() {
    const ResourceType crds{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                            "CustomResourceDefinition", false};
    send(create_request(crds, "", healthcheck_crd()));
  }
  ~Embedded() { loop.run(store.close()); }

  Response send(Request request) {
    Result<Response> answer = loop.run(transport.send(std::move(request), {}));
    HOLMES_ASSERT(answer.has_value());
    return *std::move(answer);
  }
  void create(size_t number) {
    send(create_request(HealthCheck::resource(), "default", check(number)));
  }
};

void api_create(benchmark::State& state) {
  Embedded embedded;
  size_t number = 0;
  for ([[maybe_unused]] auto _ : state) embedded.create(number++);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(api_create)->Iterations(20'000);

// Serves on a thread of its own until it is told to end.
class Served {
 public:
  Served() {
    std::promise<std::string> ready;
    thread_ = std::thread([this, &ready] { serve(ready); });
    url_ = ready.get_future().get();
  }
  ~Served() {
    loop_->post([this] { ended_.request_stop(); });
    thread_.join();
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const std::string& ca_pem() const { return authority_.ca_pem(); }

 private:
  void serve(std::promise<std::string>& ready) {
    Embedded embedded;
    for (size_t i = 0; i < kObjects; ++i) embedded.create(i);
    loop_ = &embedded.loop;
    embedded.loop.run(listen(&embedded, &ready));
  }
  Task<> listen(Embedded* embedded, std::promise<std::string>* ready) {
    const Certificate own = authority_.server();
    HttpServer server(
        embedded->loop, serve_api(embedded->api, ""), Logger(),
        {.tls = TlsServerOptions{.certificate_pem = own.certificate_pem, .key_pem = own.key_pem}});
    const Status listening = server.listen();
    HOLMES_ASSERT(listening.has_value());
    ready->set_value("https://" + server.address());
    Event never(embedded->loop);
    (void)co_await never.wait(ended_.stop());
    co_await server.close(ended_.stop());
  }

  TestAuthority authority_;
  StopSource ended_;
  AsioLoop* loop_ = nullptr;
  std::string url_;
  std::thread thread_;
};

Task<size_t> read_list(HttpClient* client, std::string url) {
  HttpRequest request;
  request.target = url + "/apis/holmesgpt.dev/v1alpha1/healthchecks";
  auto stream = co_await client->open(std::move(request), {});
  HOLMES_ASSERT(stream.has_value());
  size_t bytes = 0;
  while (true) {
    const Result<std::optional<std::string>> piece = co_await (*stream)->read({});
    HOLMES_ASSERT(piece.has_value());
    if (!*piece) co_return bytes;
    bytes += (*piece)->size();
  }
}

void list_over_tls(benchmark::State& state) {
  const Served served;
  AsioLoop loop;
  const auto client = make_direct_client(loop, {.tls = {.ca_pem = served.ca_pem()}});
  size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) bytes = loop.run(read_list(client.get(), served.url()));
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["rss"] = static_cast<double>(resident_bytes());
}
BENCHMARK(list_over_tls)->Iterations(7)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holmes::kube

BENCHMARK_MAIN();
