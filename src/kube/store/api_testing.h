// The API over a store in memory, on a virtual loop, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "async/random.h"
#include "async/virtual_loop.h"
#include "base/assert.h"
#include "base/strings.h"
#include "kube/store/api_server.h"
#include "kube/store/journal_testing.h"
#include "kube/store/store_transport.h"

namespace holmes::kube {

inline constexpr std::string_view kConfigMaps = "/api/v1/namespaces/default/configmaps";

// Its journal writes at once, as long as appends are allowed.
struct ApiUnderTest {
  ApiUnderTest() : journal(loop), store(loop, journal), api(loop, random, store), client(api) {
    journal.allow(10'000);
  }
  ~ApiUnderTest() { loop.run(store.close()); }

  Result<Response> ask(std::string method, std::string path, std::string body = "",
                       std::vector<std::pair<std::string, std::string>> query = {},
                       std::string type = "application/json", Stop stop = {}) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    request.content_type = std::move(type);
    return loop.run(client.send(std::move(request), std::move(stop)));
  }
  Result<Response> make(std::string_view name, std::string_view labels = "{}") {
    return ask("POST", std::string(kConfigMaps),
               fmt::format(R"({{"metadata":{{"name":"{}","labels":{}}}}})", name, labels));
  }
  std::unique_ptr<HttpStream> watch(std::vector<std::pair<std::string, std::string>> query) {
    query.emplace_back("watch", "true");
    Request request;
    request.path = kConfigMaps;
    request.query = std::move(query);
    auto stream = loop.run(client.open(std::move(request), {}));
    HOLMES_ASSERT(stream.has_value());
    return *std::move(stream);
  }

  VirtualLoop loop;
  SeededRandom random{1};
  FakeJournal journal;
  ObjectStore store;
  ApiServer api;
  StoreTransport client;
};

}  // namespace holmes::kube
