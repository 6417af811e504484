// Client of the API server's check endpoints (contract, section 2), as the run protocol needs them.
//
// Every call is one attempt of one execution; the idempotency key is the attempt's id. execute() is
// called at most once per id: whoever does not know its answer asks recover().
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "api/check.h"
#include "async/loop.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/log.h"
#include "net/http.h"
#include "net/resolver.h"
#include "net/url.h"

namespace holmes {

// The server's verdict; also for an answer of 200 that cannot be read (status error, Unparsable).
struct Answered {
  CheckResponse response;
};
// Nothing ran: no connection, 429, 503 with Retry-After, or no such route.
struct Refused {
  std::string why;
  std::chrono::milliseconds retry_after{0};
};
// The server will never take this request.
struct Rejected {
  enum class Reason { kInvalidRequest, kUnauthorized };
  Reason reason = Reason::kInvalidRequest;
  std::string why;
};
// It may have run, may run still, or not: nobody has told.
struct Unknown {
  std::string why;
};
// Nothing was sent: this process may not execute (any more).
struct Withheld {};
// No server knows the execution, and servers of this kind would: it was lost.
struct Lost {
  std::string why;
};

using ExecuteOutcome = std::variant<Answered, Refused, Rejected, Unknown, Withheld>;
using RecoverOutcome = std::variant<Answered, Lost, Unknown>;

class CheckClient {
 public:
  struct Options {
    Url base;                                  // of the API server, HOLMES_API_URL
    std::string api_key;                       // empty: none is sent
    std::chrono::seconds poll_wait{20};        // how long the server may hold a recovery request
    std::chrono::seconds recover_interval{5};  // between two rounds over all addresses
    // Asked in the turn of each POST of an execution, right before it. Empty: always true.
    std::function<bool()> may_execute{};
  };

  // All references outlive the client and its calls.
  CheckClient(Loop& loop, HttpClient& http, Resolver& resolver, Logger log, Options options);

  // Waits until the server answers or the stop comes (kTimeout and kCancelled become Unknown).
  Task<ExecuteOutcome> execute(CheckRequest request, std::string id, Stop stop);

  // Asks every address behind the server's name for the execution's answer, again and again, until
  // one has it, all say that they do not know it (Lost), or the stop comes (Unknown).
  Task<RecoverOutcome> recover(std::string id, Stop stop);

  // Whether servers can be asked for answers. False once only the original's route was there.
  [[nodiscard]] bool can_be_asked() const { return !use_today_route_; }

  // Asks every address to cancel the execution, and a second later once more when none knows it:
  // its request may be on its way. Best effort: errors are logged, not returned.
  Task<> cancel(std::string id, Stop stop);

 private:
  enum class Poll { kRunning, kNotFound, kNoAnswer };
  using PollResult = std::variant<Answered, Poll>;

  HttpRequest request_to(std::string method, std::string path, std::string address) const;
  Task<std::vector<std::string>> addresses(Stop stop);
  [[nodiscard]] bool may_execute() const { return !options_.may_execute || options_.may_execute(); }
  Task<Result<HttpResponse>> post(CheckRequest request, std::string id, bool today_route,
                                  Stop stop);
  // Whether this address knew the execution.
  Task<bool> cancel_at(std::string id, std::string address, Stop stop);
  Task<PollResult> poll(std::string id, std::string address, Stop stop);
  // One round over all addresses.
  Task<PollResult> poll_all(std::string id, Stop stop);
  Task<bool> announces_executions(Stop stop);

  Loop& loop_;
  HttpClient& http_;
  Resolver& resolver_;
  Logger log_;
  Options options_;
  bool use_today_route_ = false;  // the document's route answered 404 where today's did not
};

}  // namespace holmes
