// One Lease behind any number of connections, each with faults of its own, for tests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/wait.h"
#include "kube/client/transport.h"
#include "kube/core/lease.h"

namespace holmes::kube {

class FakeLeaseStore {
 public:
  std::optional<Lease> stored;

  // Somebody else writes it.
  void edit(const std::function<void(Lease&)>& change) {
    change(*stored);
    store(*stored);
  }

  Result<Response> serve(const Request& request) {
    if (request.method == "POST" && stored) return fail(ErrorCode::kAlreadyExists, "exists");
    if (request.method != "POST" && !stored) return fail(ErrorCode::kNotFound, "none");
    if (request.method != "GET") {
      Lease lease = *Lease::from_json(*parse_json_object(request.body));
      if (stored && (lease.meta.resource_version != stored->meta.resource_version ||
                     lease.meta.uid != stored->meta.uid)) {
        return fail(ErrorCode::kConflict, "changed");
      }
      if (!stored) {
        lease.as_read["metadata"].as_object()["uid"] = "u" + std::to_string(++uids_);
      }
      store(std::move(lease));
    }
    return Response{200, to_text(stored->to_json())};
  }

 private:
  void store(Lease lease) {
    lease.meta.resource_version = std::to_string(++version_);
    stored = *Lease::from_json(lease.to_json());
  }

  int version_ = 10;
  int uids_ = 0;
};

class FakeLeaseTransport final : public Transport {
 public:
  FakeLeaseTransport(Loop& loop, FakeLeaseStore& store) : loop_(loop), store_(store) {}

  std::vector<std::string> asked;  // methods
  std::optional<Error> fail_before;
  std::optional<Error> fail_after;       // of a write, which was done all the same
  bool hang = false;                     // likewise
  bool cut = false;                      // from now on nothing arrives, nor does any answer
  bool dead = false;                     // from now on nothing can be sent
  std::chrono::milliseconds latency{0};  // of the answer

  Task<Result<Response>> send(Request request, Stop stop) override {
    const std::string method = request.method;
    asked.push_back(method);
    if (stop.requested()) co_return fail(stop.error("send"));
    if (dead) co_return fail(ErrorCode::kRefused, "connection refused");
    if (cut) co_return co_await never(stop);
    if (fail_before) co_return fail(*std::exchange(fail_before, std::nullopt));
    Result<Response> answer = store_.serve(request);
    if (std::exchange(hang, false)) co_return co_await never(stop);
    HOLMES_CO_CHECK(co_await sleep_for(loop_, latency, stop));
    if (fail_after && method != "GET") co_return fail(*std::exchange(fail_after, std::nullopt));
    co_return answer;
  }
  Task<Result<std::unique_ptr<HttpStream>>> open(Request, Stop) override {
    co_return fail(ErrorCode::kInternal, "not used");
  }

 private:
  Task<Result<Response>> never(Stop stop) {
    static_cast<void>(co_await sleep_for(loop_, std::chrono::hours(1), stop));
    co_return fail(stop.error("send"));
  }

  Loop& loop_;
  FakeLeaseStore& store_;
};

}  // namespace holmes::kube
