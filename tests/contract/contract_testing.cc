#include "contract_testing.h"

#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "async/files.h"
#include "async/wait.h"
#include "kube/client/cluster_transport.h"
#include "kube/client/kubeconfig.h"

namespace holmes::kube {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kBetweenLooks{50};

const ResourceType kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                "CustomResourceDefinition", false};
constexpr std::string_view kDefinition = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "toys.contract.test"},
  "spec": {
    "group": "contract.test", "scope": "Namespaced",
    "names": {"plural": "toys", "singular": "toy", "kind": "Toy", "shortNames": ["ty"]},
    "versions": [{
      "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
      "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
      "schema": {"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
          "size": {"type": "integer", "maximum": 1000},
          "colour": {"type": "string", "enum": ["red", "blue"]},
          "note": {"type": "string"}}},
        "status": {"type": "object", "properties": {"mood": {"type": "string"}}}}}}
    }]
  }
})";

}  // namespace

const ResourceType& Toy::resource() {
  static const ResourceType kType{"contract.test", "v1", "toys", "Toy", true};
  return kType;
}

Result<Toy> Toy::from_json(const json::object& object) {
  HOLMES_TRY(ObjectMeta meta, ObjectMeta::from_json(object));
  const auto size = json_int(object, {"spec", "size"});
  if (!size || *size < 0) return fail(ErrorCode::kInvalid, "spec.size must not be negative");
  return Toy{std::move(meta), *size, json_string_or(object, {"status", "mood"})};
}

json::object Toy::to_json() const {
  json::object object{{"apiVersion", resource().api_version()}, {"kind", resource().kind}};
  object["metadata"] = meta.to_json();
  object["spec"] = json::object{{"size", size}};
  if (!mood.empty()) object["status"] = json::object{{"mood", mood}};
  return object;
}

Toy new_toy(std::string name, int64_t size) {
  Toy toy;
  toy.meta.name = std::move(name);
  toy.size = size;
  return toy;
}

void Contract::SetUp() {
  const char* path = std::getenv("KUBECONFIG");
  ASSERT_NE(path, nullptr) << "KUBECONFIG names the cluster to test against";
  auto loaded = load_kubeconfig(real_files(), path);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  config = *std::move(loaded);
  transport = transport_of(config);
  toys = std::make_unique<Api<Toy>>(*transport);
  install_toys();
  ns = "contract-" + random.uuid4().substr(0, 8);
  must(create_request(kNamespaces, "", {{"metadata", {{"name", ns}}}}));
}

void Contract::TearDown() {
  if (!ns.empty()) must(delete_request(kNamespaces, {"", ns}));
}

void Contract::install_toys() {
  const Result<Response> made =
      send(create_request(kDefinitions, "", *parse_json_object(kDefinition)));
  if (made) {
    ASSERT_TRUE(eventually([this] { return list().has_value(); }));
  } else {
    ASSERT_EQ(made.error().code, ErrorCode::kAlreadyExists) << made.error().message;
  }
}

bool Contract::eventually(const std::function<bool()>& holds) {
  const MonoTime end = loop.mono_now() + kPatience;
  while (!holds()) {
    if (loop.mono_now() >= end) return false;
    pause(kBetweenLooks);
  }
  return true;
}

void Contract::pause(std::chrono::milliseconds time) {
  std::ignore = run(sleep_for(loop, time, {}));
}

Stop Contract::limit(std::chrono::milliseconds time) {
  return limits_.emplace_back(Stop(), loop, loop.mono_now() + time).stop();
}

std::unique_ptr<Transport> Contract::transport_of(const ClusterConfig& cluster,
                                                  const Files& files) {
  Credentials& who = credentials.emplace_back(loop, files, *subprocess, Logger(), cluster,
                                              std::map<std::string, std::string>());
  return make_cluster_transport(loop, cluster, who, Logger(), nullptr);
}

json::object Contract::must(Request request) {
  const std::string what = request.method + " " + request.target();
  const Result<Response> answer = send(std::move(request));
  EXPECT_TRUE(answer.has_value()) << what << ": " << answer.error().message;
  return answer ? parse_json_object(answer->body).value() : json::object();
}

Toy Contract::make(const std::string& name, int64_t size) {
  Result<Toy> made = run(toys->create(ns, new_toy(name, size).to_json(), limit()));
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return made.value();
}

Toy Contract::live(const std::string& name) {
  Result<Toy> read = run(toys->get(key(name), limit()));
  EXPECT_TRUE(read.has_value()) << read.error().message;
  return read.value();
}

Result<ListPage<Toy>> Contract::list(ListOptions options) {
  if (options.ns.empty()) options.ns = ns;
  return run(toys->list(std::move(options), limit()));
}

Result<std::optional<WatchEvent>> WatchReader::next(Stop stop) {
  while (true) {
    HOLMES_TRY(std::optional<WatchEvent> event, decoder_.next());
    if (event) return event;
    HOLMES_TRY(std::optional<std::string> bytes, loop_.run(stream_->read(stop)));
    if (!bytes) return std::nullopt;
    decoder_.feed(*bytes);
  }
}

}  // namespace holmes::kube
