// The embedded API and its garbage collector: whatever is asked of it, it answers, what it refuses
// it refuses with a Status, and what it keeps can be read.
#include "async/random.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "base/strings.h"
#include "fuzz/input.h"
#include "kube/store/api_collector.h"
#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"
#include "kube/store/store_listener.h"

namespace holmes::kube {
namespace {

constexpr size_t kMaxRequests = 16;  // of one input
constexpr int kMaxPieces = 8;        // of one streamed answer

constexpr std::string_view kToys = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "toys.toys.test"},
  "spec": {"group": "toys.test", "scope": "Namespaced",
    "names": {"plural": "toys", "singular": "toy", "kind": "Toy", "listKind": "ToyList"},
    "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
      "schema": {"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {
          "size": {"type": "integer", "maximum": 9, "default": 1},
          "parts": {"type": "array", "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"], "items": {"type": "object",
              "required": ["name"], "properties": {"name": {"type": "string"}}}},
          "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
        "status": {"type": "object", "properties": {"mood": {"type": "string"}}}}}}}]}})";
constexpr std::string_view kToy =
    R"({"apiVersion":"toys.test/v1","kind":"Toy","metadata":{"name":"a"},"spec":{"size":2}})";

class Embedded {
 public:
  Embedded() {
    tasks_.spawn(collector_.run(tasks_.stop()));
    ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kToys);
    ask("POST", "/apis/toys.test/v1/namespaces/default/toys", kToy);
  }
  ~Embedded() {
    loop_.run(tasks_.close());
    loop_.run(store_.close());
  }

  HttpResponse ask(std::string method, std::string target, std::string_view body,
                   std::string_view type = "application/json", std::string_view accept = "") {
    HttpRequest request{.method = std::move(method), .target = std::move(target)};
    request.headers.add("Content-Type", type);
    request.headers.add("Accept", accept);
    request.headers.add("User-Agent", "fuzz/1");
    request.body = std::string(body);
    HttpResponse response = loop_.run(handler_(std::move(request), {}));
    loop_.run_until_idle();
    return response;
  }

  // A few pieces of a stream, and at most some minutes.
  void read(HttpBody& stream) {
    for (int i = 0; i < kMaxPieces; ++i) {
      const StopSource limit({}, loop_, loop_.mono_now() + std::chrono::minutes(2));
      const auto piece = loop_.run(stream.next(limit.stop()));
      if (!piece || !*piece) return;
      HOLMES_ASSERT(!(*piece)->empty());
    }
  }

  void check() const {
    for (const ResourceName& resource : store_.resources()) {
      const Status visited =
          store_.visit(resource, "", std::nullopt, std::nullopt, [&](const Stored& stored) {
            HOLMES_ASSERT(stored->version <= store_.version());
            HOLMES_ASSERT(decode_stored(resource, stored->version, stored->bytes).has_value());
            return true;
          });
      HOLMES_ASSERT(visited.has_value());
    }
  }

 private:
  VirtualLoop loop_;
  SeededRandom random_{1};
  NoJournal journal_;
  ObjectStore store_{loop_, journal_};
  ApiServer api_{loop_, random_, store_};
  HttpHandler handler_ = serve_api(api_, "");
  ApiCollector rules_{api_};
  GarbageCollector collector_{loop_, store_, rules_};
  TaskScope tasks_{loop_};
};

void check_refusal(const HttpResponse& response) {
  HOLMES_ASSERT(response.status >= 200 && response.status <= 599);
  if (response.status < 400 || response.stream != nullptr) return;
  const Result<json::object> status = parse_json_object(response.body);
  if (!status) return;  // paths that nobody serves are told in plain text
  HOLMES_ASSERT(json_int(*status, {"code"}) == response.status);
  HOLMES_ASSERT(json_string(*status, {"status"}) == "Failure");
}

// "METHOD target", "content type|accept", and the body.
void ask(Embedded& embedded, std::string_view text) {
  const size_t first = text.find('\n');
  if (first == std::string_view::npos) return;
  const std::string_view line = text.substr(0, first);
  const size_t space = std::min(line.find(' '), line.size());
  const size_t second = std::min(text.find('\n', first + 1), text.size());
  const std::string_view types = text.substr(first + 1, second - first - 1);
  const size_t bar = std::min(types.find('|'), types.size());
  const HttpResponse response =
      embedded.ask(std::string(line.substr(0, space)), std::string(trim(line.substr(space))),
                   second < text.size() ? text.substr(second + 1) : "", types.substr(0, bar),
                   bar < types.size() ? types.substr(bar + 1) : "");
  check_refusal(response);
  if (response.stream != nullptr) embedded.read(*response.stream);
}

}  // namespace
}  // namespace holmes::kube

// Requests, with a line of "---" between them.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  std::string_view rest = fuzz::text(data, size);
  kube::Embedded embedded;
  for (size_t i = 0; i < kube::kMaxRequests && !rest.empty(); ++i) {
    const size_t end = std::min(rest.find("\n---\n"), rest.size());
    kube::ask(embedded, rest.substr(0, end));
    rest = rest.substr(std::min(end + 5, rest.size()));
  }
  embedded.check();
  return 0;
}
