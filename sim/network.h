// What lies between processes and servers: the time that a message takes, and what goes wrong with
// it. A request that has left its process lives on without it, as on a real network: it may be
// carried out although nobody waits for the answer any more.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task_scope.h"
#include "async/wait.h"
#include "base/time.h"
#include "kube/core/request.h"
#include "sim/faults.h"
#include "sim/process_loop.h"

namespace holmes::sim {

class Waiter {  // whoever in a process waits for the network
 public:
  virtual ~Waiter() = default;
  virtual void give_up() = 0;
};

// Where one process meets the network. Shared with its messages, which may outlive it.
struct Port {
  Port(std::string process, ProcessLoop& process_loop)
      : name(std::move(process)), loop(&process_loop) {}

  std::string name;
  ProcessLoop* loop;           // of a process that is not dead
  bool dead = false;           // it can reach nobody any more, and nobody it
  bool requests_lost = false;  // one-way partitions: what it sends is lost,
  bool answers_lost = false;   // or what it should receive
  // It is connected to an API server whose watches have stopped at this version, and which answers
  // those who do not insist on the newest from there.
  std::optional<int64_t> frozen_at;
  bool blind = false;  // lists and watches are refused
  std::vector<std::weak_ptr<Waiter>> waiters;

  // Nothing reaches it any more: all that it waits for fails.
  void die();
  void add(const std::shared_ptr<Waiter>& waiter);
};

class Network {
 public:
  // What happens to a process as a whole.
  struct Hooks {
    std::function<void(const std::string& process)> crash;
    std::function<void(const std::string& process)> pause;
    std::function<void(const std::string& process)> ended;  // by itself
    // Its view of the API server goes wrong.
    std::function<void(const std::string& process, Planned how)> mislead;
    // Sends this to the API server.
    std::function<void(const std::string& process, const kube::Request& request)> sends;
  };

  Network(Loop& world, uint64_t seed, Hooks hooks);

  Loop& world;
  Faults faults;
  SeededRandom dice;
  Hooks hooks;
  TaskScope scope;  // messages under way
  // Told of everything that happens, when set.
  std::function<void(const std::string& line)> trace;

  // How long a message takes one way.
  std::chrono::nanoseconds leg();
  // Counts the point and tells what goes wrong there; tells the trace.
  std::optional<Planned> at(const Point& point);
  void tell(const std::string& line) const;
};

Error connection_lost();
// The process dies in a moment.
Task<> crash_soon(Network& net, std::string process);

// How one kind of request is answered.
template <class T>
struct Service {
  std::function<Task<Result<T>>()> carry_out;
  // An answer of this status, with a Retry-After where seconds are given.
  std::function<Result<T>(int status, std::optional<std::chrono::seconds> retry_after)> refuse;
  // The server dies, with all that it knows.
  std::function<void()> die{};
};

template <class T>
class Call final : public Waiter {
 public:
  explicit Call(Loop& loop) : answer(loop) {}
  void give_up() override { answer.set(fail(connection_lost())); }

  OneShot<Result<T>> answer;
};

// Both legs of a request, at the world's side.
template <class T>
Task<> deliver(Network& net, std::shared_ptr<Port> port, std::optional<Fault> fault,
               Service<T> service, std::shared_ptr<Call<T>> call);

// One request of a process and its answer.
template <class T>
Task<Result<T>> ask(Network& net, std::shared_ptr<Port> port, Point point, Service<T> service,
                    Stop stop) {
  if (port->dead) co_return fail(connection_lost());
  auto call = std::make_shared<Call<T>>(*port->loop);
  port->add(call);
  const std::optional<Planned> planned = net.at(point);
  const std::optional<Fault> fault = planned ? std::optional(planned->fault) : std::nullopt;
  net.scope.spawn(deliver(net, port, fault, std::move(service), call));
  Result<Result<T>> answer = co_await call->answer.get(std::move(stop));
  if (!answer) co_return fail(answer.error());
  co_return *std::move(answer);
}

// The answer that the fault gives in the server's place; nullopt: the request is carried out.
template <class T>
std::optional<Result<T>> instead(Fault fault, const Service<T>& service) {
  constexpr std::chrono::seconds kHint{1};
  switch (fault) {
    case Fault::kNoConnection:
      return fail(ErrorCode::kRefused, "connection refused");
    case Fault::kCutBefore:
      return fail(connection_lost());
    case Fault::kConflict:
      return service.refuse(409, std::nullopt);
    case Fault::kGone:
      return service.refuse(410, std::nullopt);
    case Fault::kTooMany:
      return service.refuse(429, kHint);
    case Fault::kTooManyBare:
      return service.refuse(429, std::nullopt);
    case Fault::kInternalError:
      return service.refuse(500, std::nullopt);
    case Fault::kUnavailable:
      return service.refuse(503, std::nullopt);
    case Fault::kUnavailableFor:
      return service.refuse(503, kHint);
    default:
      return std::nullopt;
  }
}

template <class T>
Task<> deliver(Network& net, std::shared_ptr<Port> port, std::optional<Fault> fault,
               Service<T> service, std::shared_ptr<Call<T>> call) {
  constexpr std::chrono::seconds kLate{12};
  if (fault == Fault::kCrashBefore) {
    net.hooks.crash(port->name);
    co_return;
  }
  if (port->requests_lost) co_return;
  (void)co_await sleep_for(net.world, net.leg(), net.scope.stop());
  if (fault) {
    if (auto answer = instead(*fault, service)) {
      call->answer.set(*std::move(answer));
      co_return;
    }
  }
  if (fault == Fault::kLate) (void)co_await sleep_for(net.world, kLate, net.scope.stop());
  if (net.scope.stop().requested()) co_return;
  if (fault == Fault::kServerDies) {
    // While it works on this: with the request in, and before the answer.
    (void)co_await sleep_for(net.world, net.leg(), net.scope.stop());
    net.scope.spawn(deliver(net, port, Fault::kLost, service, call));
    (void)co_await sleep_for(net.world, std::chrono::milliseconds(300), net.scope.stop());
    service.die();
    call->answer.set(fail(connection_lost()));
    co_return;
  }
  if (fault == Fault::kCrashDuring) net.scope.spawn(crash_soon(net, port->name));
  Result<T> answer = co_await service.carry_out();
  if (port->answers_lost || fault == Fault::kLost || fault == Fault::kLate) co_return;
  if (fault == Fault::kCrashAfter) {
    net.hooks.crash(port->name);
    co_return;
  }
  if (fault == Fault::kPause) net.hooks.pause(port->name);
  (void)co_await sleep_for(net.world, net.leg(), net.scope.stop());
  if (fault == Fault::kCutAfter) answer = fail(connection_lost());
  if (fault == Fault::kTimeoutAfter) answer = service.refuse(504, std::nullopt);
  call->answer.set(std::move(answer));
}

}  // namespace holmes::sim
