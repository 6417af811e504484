#include "kube/client/api.h"

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "kube/client/fake_transport_testing.h"

namespace holmes::kube {
namespace {

struct Toy {
  static const ResourceType& resource() {
    static const ResourceType type{"toys.example.com", "v1", "toys", "Toy", true};
    return type;
  }
  static Result<Toy> from_json(const json::object& object) {
    Toy toy;
    HOLMES_TRY(toy.meta, ObjectMeta::from_json(object));
    const std::optional<std::string_view> color = json_string(object, {"spec", "color"});
    if (!color) return fail(ErrorCode::kInvalid, "spec.color must be a string");
    toy.color = *color;
    return toy;
  }

  ObjectMeta meta;
  std::string color;
};

std::string toy(std::string_view name, std::string_view color) {
  return to_text({{"metadata", {{"name", name}, {"namespace", "n"}, {"resourceVersion", "7"}}},
                  {"spec", {{"color", color}}}});
}

struct ApiTest : testing::Test {
  [[nodiscard]] const Request& only_request() const {
    EXPECT_EQ(transport.requests.size(), 1U);
    return transport.requests.at(0);
  }

  VirtualLoop loop;
  Result<Response> answer = Response{200, toy("a", "red")};
  FakeTransport transport{[this](const Request&) { return answer; }};
  Api<Toy> api{transport};
};

TEST_F(ApiTest, GetsAnObjectDecoded) {
  const Result<Toy> got = loop.run(api.get({"n", "a"}, {}));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->color, "red");
  EXPECT_EQ(got->meta.resource_version, "7");
  EXPECT_EQ(only_request().target(), "/apis/toys.example.com/v1/namespaces/n/toys/a");
}

TEST_F(ApiTest, AStatusWriteAnswersWithTheNewVersionAlone) {
  // What the API server makes of it: metadata and nothing that Toy could be read from.
  answer = Response{200, R"({"kind":"PartialObjectMetadata","metadata":{"resourceVersion":"8"}})"};
  const Result<std::string> version = loop.run(api.write_status({"n", "a"}, {}, {}));
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(*version, "8");
  EXPECT_EQ(only_request().target(), "/apis/toys.example.com/v1/namespaces/n/toys/a/status");
  EXPECT_TRUE(only_request().accept.find("as=PartialObjectMetadata") != std::string::npos);
  answer = Response{200, "{}"};
  EXPECT_EQ(loop.run(api.write_status({"n", "a"}, {}, {})).error().code, ErrorCode::kProtocol);
}

TEST_F(ApiTest, SaysWhichRequestOnWhichObjectFailed) {
  answer = fail(Error(ErrorCode::kConflict, "too late", std::chrono::seconds(3)));
  const Result<Toy> got = loop.run(api.replace_status({"n", "a"}, {}, {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), Error(ErrorCode::kConflict, "update toys/status n/a: too late",
                               std::chrono::seconds(3)));
  EXPECT_EQ(loop.run(api.remove({"n", "a"}, {}, {})).error().message, "delete toys n/a: too late");
  EXPECT_EQ(loop.run(api.list({.ns = "n"}, {})).error().message, "list toys in n: too late");
  EXPECT_EQ(loop.run(api.create("n", json::object(), {})).error().message,
            "create toys in n: too late");
}

TEST_F(ApiTest, SendsWritesWithTheirVerbs) {
  const json::object object = parse_json_object(toy("a", "red")).value();
  const json::array patch{{{"op", "remove"}, {"path", "/spec"}}};
  EXPECT_TRUE(loop.run(api.create("n", object, {})));
  EXPECT_TRUE(loop.run(api.replace({"n", "a"}, object, {})));
  EXPECT_TRUE(loop.run(api.merge_patch({"n", "a"}, object, {}, "status")));
  EXPECT_TRUE(loop.run(api.json_patch({"n", "a"}, patch, {})));
  EXPECT_TRUE(loop.run(api.remove({"n", "a"}, {.uid = "u"}, {})));
  std::vector<std::string> sent;
  for (const Request& request : transport.requests) {
    sent.push_back(request.method + " " + request.path);
  }
  const std::string toys = "/apis/toys.example.com/v1/namespaces/n/toys";
  EXPECT_EQ(sent, (std::vector<std::string>{"POST " + toys, "PUT " + toys + "/a",
                                            "PATCH " + toys + "/a/status", "PATCH " + toys + "/a",
                                            "DELETE " + toys + "/a"}));
  EXPECT_EQ(*parse_json(transport.requests[0].body), object);
  EXPECT_EQ(*parse_json(transport.requests[3].body), patch);
}

TEST_F(ApiTest, CallsAnUnreadableAnswerAProtocolError) {
  for (const char* body : {"", "<html>", "[]", R"({"metadata":{"name":"a"}})", "{}"}) {
    answer = Response{200, body};
    const Result<Toy> got = loop.run(api.get({"n", "a"}, {}));
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, ErrorCode::kProtocol) << got.error().message;
  }
}

TEST_F(ApiTest, ListsWhatIsReadableAndNamesTheRest) {
  answer = Response{200, R"({"metadata":{"resourceVersion":"12","continue":"t"},"items":[)" +
                             toy("a", "red") + R"(,{"metadata":{"name":"odd","namespace":"n"}},)" +
                             toy("b", "blue") + "]}"};
  const Result<ListPage<Toy>> page = loop.run(api.list({.limit = 3}, {}));
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[1].color, "blue");
  EXPECT_EQ(page->resource_version, "12");
  EXPECT_EQ(page->continue_token, "t");
  ASSERT_EQ(page->unreadable.size(), 1U);
  EXPECT_EQ(page->unreadable[0].first, (ObjectKey{"n", "odd"}));
  EXPECT_EQ(page->unreadable[0].second.message,
            "toys n/odd is unreadable: spec.color must be a string");
}

TEST_F(ApiTest, HandsOutTheStreamOfAWatch) {
  answer = Response{200, R"({"type":"ADDED","object":)" + toy("a", "red") + "}\n"};
  Result<std::unique_ptr<HttpStream>> stream = loop.run(api.watch({.resource_version = "7"}, {}));
  ASSERT_TRUE(stream);
  EXPECT_EQ(only_request().verb, Verb::kWatch);
  WatchDecoder decoder;
  decoder.feed(*loop.run((*stream)->read({})).value());
  EXPECT_EQ((*decoder.next())->type, WatchEventType::kAdded);
}

}  // namespace
}  // namespace holmes::kube
