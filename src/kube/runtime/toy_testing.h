// For the tests of this folder: a toy kind, a transport whose answers the test decides, and the
// world around them.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "async/random.h"
#include "async/task_scope.h"
#include "async/virtual_loop.h"
#include "async/wait.h"
#include "base/log.h"
#include "kube/client/transport.h"
#include "kube/core/object.h"
#include "kube/runtime/runtime_metrics.h"
#include "metrics/registry.h"

namespace holmes::kube {

struct Toy {
  ObjectMeta meta;
  int64_t size = 0;

  static const ResourceType& resource() {
    static const ResourceType kType{
        .group = "toys.dev", .version = "v1", .plural = "toys", .kind = "Toy"};
    return kType;
  }
  static Result<Toy> from_json(const json::object& object) {
    HOLMES_TRY(ObjectMeta meta, ObjectMeta::from_json(object));
    const auto size = json_int(object, {"spec", "size"});
    if (!size) return fail(ErrorCode::kInvalid, "spec.size must be an integer");
    return Toy{.meta = std::move(meta), .size = *size};
  }
};

struct ToySpec {
  std::string name = "a";
  std::string version = "1";
  std::string size = "0";  // as JSON
  std::string uid = "u1";
  std::string ns = "default";
  std::string kind = "Toy";
  std::string extra = "null";  // as JSON; a field that Toy does not read
};
inline std::string toy_text(const ToySpec& toy) {
  return fmt::format(R"({{"apiVersion":"toys.dev/v1","kind":"{}","metadata":{{"name":"{}",)"
                     R"("namespace":"{}","uid":"{}","resourceVersion":"{}"}},)"
                     R"("spec":{{"size":{},"extra":{}}}}})",
                     toy.kind, toy.name, toy.ns, toy.uid, toy.version, toy.size, toy.extra);
}
inline Toy toy_of(const ToySpec& toy) {
  return *Toy::from_json(*parse_json_object(toy_text(toy)));
}
inline std::string event_text(std::string_view type, const std::string& object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}
inline std::string event_text(std::string_view type, const ToySpec& toy) {
  return event_text(type, toy_text(toy));
}
// The bookmark behind the objects with which a watch began.
inline std::string initial_end(std::string_view version) {
  return event_text("BOOKMARK",
                    fmt::format(R"({{"kind":"Toy","apiVersion":"toys.dev/v1","metadata":{{)"
                                R"("resourceVersion":"{}","annotations":)"
                                R"({{"k8s.io/initial-events-end":"true"}}}}}})",
                                version));
}
inline std::string status_text(int code, std::string_view reason) {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","status":"Failure",)"
                     R"("message":"said so","reason":"{}","code":{}}})",
                     reason, code);
}
inline Result<Response> page(std::string_view version, const std::vector<ToySpec>& toys,
                             std::string_view next = "") {
  std::string items;
  for (const ToySpec& toy : toys) items += (items.empty() ? "" : ",") + toy_text(toy);
  return Response{200, fmt::format(R"({{"kind":"ToyList","apiVersion":"toys.dev/v1","metadata":)"
                                   R"({{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                                   version, next, items)};
}

// The server's end of a stream.
struct Pipe {
  explicit Pipe(Loop& loop) : changed(loop) {}

  void send(std::string bytes) {
    chunks.push_back(std::move(bytes));
    changed.set();
  }
  void close() {
    closed = true;
    changed.set();
  }
  void break_off() {
    broken = true;
    changed.set();
  }

  std::deque<std::string> chunks;
  bool closed = false;
  bool broken = false;
  bool abandoned = false;  // the client let go of it
  Event changed;
};

class PipeStream final : public HttpStream {
 public:
  explicit PipeStream(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~PipeStream() override { pipe_->abandoned = true; }

  [[nodiscard]] int status() const override { return 200; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    while (true) {
      if (!pipe_->chunks.empty()) {
        std::string bytes = std::move(pipe_->chunks.front());
        pipe_->chunks.pop_front();
        co_return bytes;
      }
      if (pipe_->closed) co_return std::nullopt;
      if (pipe_->broken) co_return fail(ErrorCode::kUnavailable, "connection reset");
      pipe_->changed.reset();
      HOLMES_CO_CHECK(co_await pipe_->changed.wait(stop));
    }
  }

 private:
  std::shared_ptr<Pipe> pipe_;
  HttpHeaders headers_;
};

// Answers requests in the order in which the test wrote the answers down; when there is none left,
// the request hangs until it is stopped or an answer is added. Refuses to begin a watch with all
// objects, and does not write that down, unless the test says otherwise.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Loop& loop) : loop_(loop), more_(loop) {}

  void answer(Result<Response> response) {
    answers_.push_back(std::move(response));
    more_.release_all();
  }
  void fail_open(ErrorCode code) { push_stream(nullptr, Error(code, "no stream")); }
  std::shared_ptr<Pipe> stream() {
    auto pipe = std::make_shared<Pipe>(loop_);
    push_stream(pipe, {});
    return pipe;
  }

  Task<Result<Response>> send(Request request, Stop stop) override {
    requests.push_back(request);
    while (answers_.empty()) {
      if (!co_await more_.park(stop)) co_return fail(stop.error("send"));
    }
    Result<Response> answer = std::move(answers_.front());
    answers_.pop_front();
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request request, Stop stop) override {
    const std::pair<std::string, std::string> initial{"sendInitialEvents", "true"};
    if (!streams_lists && std::ranges::find(request.query, initial) != request.query.end()) {
      co_return fail(ErrorCode::kInvalid, "sendInitialEvents is forbidden");
    }
    requests.push_back(request);
    while (streams_.empty()) {
      if (!co_await more_.park(stop)) co_return fail(stop.error("open"));
    }
    auto [pipe, error] = std::move(streams_.front());
    streams_.pop_front();
    if (error.has_value()) co_return fail(*error);
    co_return std::make_unique<PipeStream>(std::move(pipe));
  }

  // "list", "list +token", "list >=10", "stream", "stream >=10", "watch 12", "ask" (for the newest
  // version), "get default/a", "create": what was asked, in order.
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> all;
    for (const Request& request : requests) {
      std::string text(to_string(request.verb));
      std::string version;
      for (const auto& [name, value] : request.query) {
        if (name == "continue") text += " +" + value;
        if (name == "resourceVersion") version = " " + value;
        if (name == "sendInitialEvents") text = "stream";
        if (name == "limit" && value == "1") text = "ask";
        if (name == "resourceVersionMatch" && !version.empty()) {
          version.insert(1, value == "NotOlderThan" ? ">=" : "=");
        }
      }
      text += version;
      all.push_back(std::move(text));
    }
    return all;
  }

  std::vector<Request> requests;
  bool streams_lists = false;

 private:
  void push_stream(std::shared_ptr<Pipe> pipe, std::optional<Error> error) {
    streams_.emplace_back(std::move(pipe), std::move(error));
    more_.release_all();
  }

  Loop& loop_;
  std::deque<Result<Response>> answers_;
  std::deque<std::pair<std::shared_ptr<Pipe>, std::optional<Error>>> streams_;
  WaitList more_;
};

// One loop with everything the runtime is made of.
struct World {
  VirtualLoop loop;
  SeededRandom random{7};
  MetricsRegistry registry;
  RuntimeMetrics metrics{registry};
  FakeTransport api{loop};
  std::vector<std::string> logs;
  Logger logger{LogLevel::kInfo, [this](LogLevel, std::string_view message, const LogFields&) {
                  logs.emplace_back(message);
                }};
  TaskScope tasks{loop};

  void close() { loop.run(tasks.close()); }  // before what the tasks use goes

  [[nodiscard]] bool metric(const std::string& line) const {
    return registry.expose().find(line + "\n") != std::string::npos;
  }
};

}  // namespace holmes::kube
