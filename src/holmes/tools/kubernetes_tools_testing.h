// The Kubernetes tools with a small cluster that tests fill.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"
#include "holmes/tools/kubernetes_tools.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes {

inline constexpr std::string_view kCoreKinds =
    R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
  {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"],"shortNames":["po"]},
  {"name":"events","namespaced":true,"kind":"Event","verbs":["get","list"]},
  {"name":"nodes","namespaced":false,"kind":"Node","verbs":["get","list"]},
  {"name":"secrets","namespaced":true,"kind":"Secret","verbs":["get","list"],"shortNames":["sec"]}]})";
inline constexpr std::string_view kAppsKinds =
    R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
  {"name":"deployments","singularName":"deployment","namespaced":true,"kind":"Deployment","verbs":["get","list"],"shortNames":["deploy"]}]})";

// A small cluster: target -> body. Anything else is 404.
class KubernetesToolsTest : public testing::Test {
 public:
  KubernetesToolsTest() {
    answers["/api"] = R"({"kind":"APIVersions","versions":["v1"]})";
    answers["/apis"] = R"({"kind":"APIGroupList","groups":[{"name":"apps",
      "versions":[{"groupVersion":"apps/v1"}],"preferredVersion":{"groupVersion":"apps/v1"}}]})";
    answers["/api/v1"] = kCoreKinds;
    answers["/apis/apps/v1"] = kAppsKinds;
  }

  Result<kube::Response> reply(const kube::Request& request) {
    if (!request.path.starts_with("/api/v1/") && !request.path.starts_with("/apis/apps/v1/")) {
      return kube::Response{200, answers[request.path]};
    }
    asked.push_back(request.target());
    accepted.push_back(request.accept);
    for (const auto& [path, error] : errors) {
      const bool field = request.target().contains("fieldSelector=" + path);
      if (request.path.ends_with(path) || field) return fail(error);
    }
    const bool filtered = request.target().contains("Selector=");
    auto found = answers.find(request.path + (filtered ? "" : "?"));
    if (found == answers.end()) found = answers.find(request.path);
    if (found == answers.end())
      return fail(ErrorCode::kNotFound, "\"" + request.path + "\" not found");
    return kube::Response{200, found->second};
  }

  ToolResult run(std::string_view tool, std::string_view arguments, ToolContext context = {}) {
    return loop.run(
        table.find(tool)->run(parse_json_object(arguments).value(), std::move(context), Stop()));
  }

  VirtualLoop loop;
  std::map<std::string, std::string> answers;  // by path; path + "?": of lists without selector
  std::map<std::string, Error> errors;         // by the path's end, or by a field selector
  std::vector<std::string> asked;              // targets, without discovery
  std::vector<std::string> accepted;
  kube::FakeTransport transport{[this](const kube::Request& request) { return reply(request); }};
  ToolTable table{kubernetes_tools(loop, transport)};
};

// A cluster that never answers.
class SilentTransport final : public kube::Transport {
 public:
  explicit SilentTransport(Loop& loop) : never_(loop) {}
  Task<Result<kube::Response>> send(kube::Request, Stop stop) override {
    HOLMES_CO_CHECK(co_await never_.wait(std::move(stop)));
    co_return fail(ErrorCode::kInternal, "impossible");
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(kube::Request, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

 private:
  Event never_;
};

}  // namespace holmes
