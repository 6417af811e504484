#include "net/in_process_client.h"

#include <gtest/gtest.h>

#include "async/virtual_loop.h"
#include "async/wait.h"

namespace holmes {
namespace {

class Pieces final : public HttpBody {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::optional<std::string>>> next(Stop /*stop*/) override {
    if (at_ == pieces_.size()) co_return std::nullopt;
    co_return pieces_[at_++];
  }

 private:
  std::vector<std::string> pieces_;
  size_t at_ = 0;
};

Task<HttpResponse> echo(HttpRequest request, Stop /*stop*/) {
  co_return HttpResponse{.status = 201,
                         .headers = {{"X-Method", request.method}},
                         .body = request.target + " " + request.body};
}

Task<HttpResponse> in_pieces(HttpRequest /*request*/, Stop /*stop*/) {
  co_return HttpResponse{.stream = std::make_shared<Pieces>(std::vector<std::string>{"a", "bc"})};
}

// As a handler that notices that its client hung up.
Task<HttpResponse> until_hang_up(Loop* loop, HttpRequest /*request*/, Stop stop) {
  Event never(*loop);
  (void)co_await never.wait(std::move(stop));
  co_return HttpResponse{.status = 499};
}

TEST(InProcessClient, HandsOverWhatAServerWouldSeeAndReturnsTheAnswer) {
  VirtualLoop loop;
  InProcessClient client(echo);
  const auto response =
      loop.run(client.send({"POST", "http://holmes.local:80/api/x?y=1", {}, "body"}, {}));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "/api/x?y=1 body");
  EXPECT_EQ(response->headers.find("x-method"), "POST");
}

TEST(InProcessClient, AsksForTheRootWhenTheTargetHasNoPath) {
  VirtualLoop loop;
  InProcessClient client(echo);
  const auto response = loop.run(client.send({"GET", "http://holmes.local"}, {}));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "/ ");
}

TEST(InProcessClient, CollectsAStreamedBodyOrHandsItOutPieceByPiece) {
  VirtualLoop loop;
  InProcessClient client(in_pieces);
  const auto whole = loop.run(client.send({"GET", "http://a/"}, {}));
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->body, "abc");
  const auto stream = loop.run(client.open({"GET", "http://a/"}, {}));
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(loop.run((*stream)->read({})).value(), "a");
  EXPECT_EQ(loop.run((*stream)->read({})).value(), "bc");
  EXPECT_EQ(loop.run((*stream)->read({})).value(), std::nullopt);
}

TEST(InProcessClient, AStopIsTheHandlersHangUpAndTheCallersError) {
  VirtualLoop loop;
  InProcessClient client([&loop](HttpRequest request, Stop stop) {
    return until_hang_up(&loop, std::move(request), std::move(stop));
  });
  const StopSource late({}, loop, loop.mono_now() + std::chrono::seconds(3));
  const auto response = loop.run(client.send({"GET", "http://a/"}, late.stop()));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kTimeout);
}

TEST(InProcessClient, AsksNothingAfterTheStop) {
  VirtualLoop loop;
  bool asked = false;
  InProcessClient client([&asked](HttpRequest request, Stop stop) {
    asked = true;
    return echo(std::move(request), std::move(stop));
  });
  StopSource stopped;
  stopped.request_stop();
  const auto response = loop.run(client.send({"GET", "http://a/"}, stopped.stop()));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(asked);
}

TEST(InProcessResolver, KnowsOneAddressForEveryName) {
  VirtualLoop loop;
  InProcessResolver resolver;
  const auto addresses = loop.run(resolver.resolve("holmes.local", 80, {}));
  ASSERT_TRUE(addresses.has_value());
  EXPECT_EQ(addresses->size(), 1U);
}

}  // namespace
}  // namespace holmes
