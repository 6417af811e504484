// How the API server says no, and what that is called here (kube/core/status.h).

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "contract_testing.h"

namespace holmes::kube {
namespace {

using ::testing::HasSubstr;

const ResourceType kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
const ResourceType kBudgets{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true};
const ResourceType kWebhooks{"admissionregistration.k8s.io", "v1",
                             "validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
                             false};
const ResourceType kApiServices{"apiregistration.k8s.io", "v1", "apiservices", "APIService", false};

// One file with another text at each reading; the last one stays.
class ChangingFile final : public Files {
 public:
  explicit ChangingFile(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  [[nodiscard]] Result<std::string> read(const std::string&) const override {
    return texts_[std::min(reads_++, texts_.size() - 1)];
  }

 private:
  std::vector<std::string> texts_;
  mutable size_t reads_ = 0;
};

class Refusals : public Contract {
 protected:
  Error refused(Request request) { return refused_by(*transport, std::move(request)); }
  Error refused_by(Transport& by, Request request) {
    const Result<Response> answer = run(by.send(std::move(request), limit()));
    EXPECT_FALSE(answer.has_value());
    return answer ? Error(ErrorCode::kInternal, "was not refused") : answer.error();
  }
  Request create_toy() const { return create_request(Toy::resource(), ns, new_toy("a").to_json()); }
};

TEST_F(Refusals, AWrongTokenIs401Unauthenticated) {
  ClusterConfig other = config;
  other.token = "nonsense";
  const auto stranger = transport_of(other);
  EXPECT_EQ(refused_by(*stranger, create_toy()).code, ErrorCode::kUnauthenticated);
  const auto stream = run(stranger->open(watch_request(Toy::resource(), {.ns = ns}), limit()));
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().code, ErrorCode::kUnauthenticated);
}

TEST_F(Refusals, ATokenFileThatWasRenewedIsReadAgainAfter401) {
  const ChangingFile file({"nonsense", config.token});
  ClusterConfig other = config;
  other.token_file = "token";
  const auto renewed = transport_of(other, file);
  const auto made = run(renewed->send(create_toy(), limit()));
  EXPECT_TRUE(made.has_value()) << made.error().message;
}

TEST_F(Refusals, WhoHasNoRightIs403ForbiddenAndIsToldWhatHeLacks) {
  must(create_request(kServiceAccounts, ns, {{"metadata", {{"name", "nobody"}}}}));
  Request ask = create_request(kServiceAccounts, ns,
                               {{"apiVersion", "authentication.k8s.io/v1"},
                                {"kind", "TokenRequest"},
                                {"spec", {{"expirationSeconds", 600}}}});
  ask.path += "/nobody/token";
  ClusterConfig other = config;
  other.token = json_string_or(must(ask), {"status", "token"});
  const auto nobody = transport_of(other);
  const Error error = refused_by(*nobody, create_toy());
  EXPECT_EQ(error.code, ErrorCode::kForbidden);
  EXPECT_THAT(error.message, HasSubstr("cannot create resource \"toys\""));
}

TEST_F(Refusals, AMethodThatIsNotAllowedThereIs405Invalid) {
  Request request = create_request(kConfigMaps, ns, {{"metadata", {{"name", "a"}}}});
  request.method = "PUT";
  EXPECT_EQ(refused(request).code, ErrorCode::kInvalid);
}

TEST_F(Refusals, AnUnknownMediaTypeIs406Or415Invalid) {
  Request answer = list_request(Toy::resource(), {.ns = ns});
  answer.accept = "application/x-nonsense";
  EXPECT_EQ(refused(answer).code, ErrorCode::kInvalid);
  Request question = create_toy();
  question.content_type = "application/x-nonsense";
  EXPECT_EQ(refused(question).code, ErrorCode::kInvalid);
  make("a");
  Request patch = patch_request(Toy::resource(), key("a"), PatchType::kMerge, json::object());
  patch.content_type = "application/strategic-merge-patch+json";
  EXPECT_EQ(refused(patch).code, ErrorCode::kInvalid);
}

TEST_F(Refusals, ABodyThatIsNoObjectIs400Invalid) {
  for (const std::string_view body : {"{", "[]", "{}", R"({"apiVersion":"v1","kind":"Pod"})"}) {
    Request request = create_toy();
    request.body = body;
    EXPECT_EQ(refused(request).code, ErrorCode::kInvalid) << body;
  }
}

TEST_F(Refusals, ABodyBeyondTheServersLimitIs413TooLarge) {
  json::object toy = new_toy("a").to_json();
  toy["spec"].as_object()["note"] = std::string(size_t{4} << 20U, 'x');
  EXPECT_EQ(refused(create_request(Toy::resource(), ns, toy)).code, ErrorCode::kTooLarge);
}

// The store's limit is an error like any other of its errors: nobody can tell that it will stay.
TEST_F(Refusals, AnObjectBeyondTheStoresLimitIsUnavailableAndNotThere) {
  json::object toy = new_toy("a").to_json();
  toy["spec"].as_object()["note"] = std::string(size_t{2} << 20U, 'x');
  const Error error = refused(create_request(Toy::resource(), ns, toy));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable) << error.message;
  const auto read = run(toys->get(key("a"), limit()));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
}

TEST_F(Refusals, ABudgetThatIsUsedUpIs429Refused) {
  json::object pod{{"metadata", {{"name", "p"}, {"labels", {{"app", "p"}}}}}};
  pod["spec"] = json::object{
      {"containers",
       json::array{json::object{{"name", "main"}, {"image", "registry.example/a:1"}}}}};
  must(create_request(kPods, ns, pod));
  must(create_request(
      kBudgets, ns,
      {{"apiVersion", "policy/v1"},
       {"kind", "PodDisruptionBudget"},
       {"metadata", {{"name", "p"}}},
       {"spec", {{"minAvailable", 1}, {"selector", {{"matchLabels", {{"app", "p"}}}}}}}}));
  ASSERT_TRUE(eventually([this] {
    return json_string(must(get_request(kPods, key("p"))), {"status", "phase"}) == "Running";
  }));
  Request evict = create_request(
      kPods, ns,
      {{"apiVersion", "policy/v1"}, {"kind", "Eviction"}, {"metadata", {{"name", "p"}}}});
  evict.path += "/p/eviction";
  EXPECT_EQ(refused(evict).code, ErrorCode::kRefused);
  EXPECT_TRUE(send(get_request(kPods, key("p"))).has_value());
}

// Names of cluster-wide objects are this namespace's, so that tests do not meet.
TEST_F(Refusals, AWebhookThatCannotBeAskedIs500Unavailable) {
  must(create_request(
      kWebhooks, "",
      {{"apiVersion", "admissionregistration.k8s.io/v1"},
       {"kind", "ValidatingWebhookConfiguration"},
       {"metadata", {{"name", ns}}},
       {"webhooks",
        json::array{json::object{
            {"name", "dead.contract.test"},
            {"admissionReviewVersions", json::array{"v1"}},
            {"sideEffects", "None"},
            {"failurePolicy", "Fail"},
            {"timeoutSeconds", 1},
            {"clientConfig", {{"url", "https://127.0.0.1:1/"}}},
            {"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", ns}}}}},
            {"rules", json::array{json::object{{"apiGroups", json::array{"contract.test"}},
                                               {"apiVersions", json::array{"v1"}},
                                               {"operations", json::array{"UPDATE"}},
                                               {"resources", json::array{"toys"}}}}}}}}}));
  make("a");
  Result<Toy> patched = fail(ErrorCode::kInternal, "");
  int64_t size = 0;
  EXPECT_TRUE(eventually([&] {
    const json::object patch{{"spec", {{"size", ++size}}}};
    patched = run(toys->merge_patch(key("a"), patch, limit()));
    return !patched.has_value();
  }));
  must(delete_request(kWebhooks, {"", ns}));
  EXPECT_EQ(patched.error().code, ErrorCode::kUnavailable) << patched.error().message;
  EXPECT_THAT(patched.error().message, HasSubstr("dead.contract.test"));
}

TEST_F(Refusals, AnApiWithoutServersIs503Unavailable) {
  const std::string group = ns + ".dead.test";
  must(create_request(kApiServices, "",
                      {{"apiVersion", "apiregistration.k8s.io/v1"},
                       {"kind", "APIService"},
                       {"metadata", {{"name", "v1." + group}}},
                       {"spec",
                        {{"group", group},
                         {"version", "v1"},
                         {"groupPriorityMinimum", 100},
                         {"versionPriority", 100},
                         {"insecureSkipTLSVerify", true},
                         {"service", {{"namespace", ns}, {"name", "nobody"}}}}}}));
  Error error(ErrorCode::kInternal, "");
  EXPECT_TRUE(eventually([&] {
    error = refused(list_request({group, "v1", "things", "Thing", true}, {.ns = ns}));
    return error.code == ErrorCode::kUnavailable;
  }));
  must(delete_request(kApiServices, {"", "v1." + group}));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable) << error.message;
}

TEST_F(Refusals, AServerThatIsNotThereIsRefusedAndOneOfAnotherAuthorityToo) {
  ClusterConfig nowhere = config;
  nowhere.server = parse_url("https://127.0.0.1:1").value();
  EXPECT_EQ(refused_by(*transport_of(nowhere), create_toy()).code, ErrorCode::kRefused);
  ClusterConfig distrustful = config;
  distrustful.tls.ca_pem.clear();  // the system's authorities did not sign this one
  EXPECT_EQ(refused_by(*transport_of(distrustful), create_toy()).code, ErrorCode::kRefused);
}

TEST_F(Refusals, AnAnswerThatIsNotWaitedForIsATimeout) {
  // This one lets the server wait for 3 s.
  const Request slow =
      list_request(Toy::resource(), {.ns = ns, .resource_version = "9000000000000000"});
  const auto answer = run(transport->send(slow, limit(std::chrono::milliseconds(100))));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
}

TEST_F(Refusals, APathThatNamesAnotherThingThanItSeemsIsNotSent) {
  make("a");
  for (const std::string_view name : {"", "..", "."}) {
    const Status removed = run(toys->remove(key(std::string(name)), {}, limit()));
    ASSERT_FALSE(removed.has_value());
    EXPECT_EQ(removed.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(list().value().items.size(), 1U);
}

}  // namespace
}  // namespace holmes::kube
