#include "sim/api_wire.h"

#include <algorithm>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "kube/core/object.h"
#include "kube/core/status.h"

namespace holmes::sim {
namespace {

constexpr std::chrono::seconds kEventLate{10};

Error status(int code, std::optional<std::chrono::seconds> retry_after, std::string_view reason) {
  const json::object body{{"kind", "Status"},    {"apiVersion", "v1"},
                          {"status", "Failure"}, {"message", fmt::format("simulated {}", code)},
                          {"reason", reason},    {"code", code}};
  return kube::status_error(code, to_text(body), retry_after);
}

std::string_view reason_of(int code) {
  switch (code) {
    case 409:
      return "Conflict";
    case 410:
      return "Expired";
    case 429:
      return "TooManyRequests";
    case 503:
      return "ServiceUnavailable";
    case 504:
      return "Timeout";
    default:
      return "InternalError";
  }
}

// "PUT healthchecks/a/status": without what all paths begin with.
std::string summary(const kube::Request& request) {
  std::string path = request.path;
  if (const size_t at = path.find("/namespaces/"); at != std::string::npos) {
    const size_t name = path.find('/', at + 12);
    path = name == std::string::npos ? path : path.substr(name + 1);
  }
  return request.method + " " + path + (request.verb == kube::Verb::kWatch ? " watch" : "");
}

// Whether it is the question of a comparison of the cache with the API server: the judge's, not the
// operator's. Nothing goes wrong with it and it takes no time, so that worlds are as without it.
bool compares(const kube::Request& request) {
  const std::pair<std::string, std::string> exact("resourceVersionMatch", "Exact");
  return std::ranges::find(request.query, exact) != request.query.end();
}

// An API server whose cache stands still answers as of then, to all but those who want the newest
// or one certain version.
Status answer_from(int64_t version, kube::Request& request) {
  if (request.verb != kube::Verb::kList && request.verb != kube::Verb::kGet) return {};
  const auto asked = std::ranges::find(request.query, "resourceVersion",
                                       [](const auto& parameter) { return parameter.first; });
  if (asked == request.query.end() || asked->second.empty()) return {};
  if (compares(request)) return {};
  const std::string frozen = std::to_string(version);
  if (kube::compare_resource_versions(asked->second, frozen) == std::strong_ordering::greater) {
    return fail(Error(ErrorCode::kGone, "Too large resource version"));
  }
  asked->second = frozen;
  std::erase_if(request.query, [](const auto& p) { return p.first == "resourceVersionMatch"; });
  request.query.emplace_back("resourceVersionMatch", "Exact");
  return {};
}

bool streams_from_cache(const kube::Request& request) {
  const auto value = [&](std::string_view name) {
    const auto found =
        std::ranges::find(request.query, name, [](const auto& p) { return p.first; });
    return found == request.query.end() ? "" : found->second;
  };
  return value("sendInitialEvents") == "true" && !value("resourceVersion").empty();
}

// What a stream has told and its reader has not read yet.
struct Channel final : Waiter {
  explicit Channel(ProcessLoop& loop, const Stop& server_gone)
      : arrived(loop), on_server_gone(server_gone, [this](StopReason) {
          give_up();
          reading.request_stop();
        }) {}
  void give_up() override { end(fail(connection_lost())); }
  void tell(std::string line) {
    if (ended) return;
    lines.push_back(std::move(line));
    arrived.set();
  }
  void end(Result<std::optional<std::string>> how) {
    if (!ended) ended = std::move(how);
    arrived.set();
  }

  StopSource reading;  // until the reader is gone
  std::deque<std::string> lines;
  std::optional<Result<std::optional<std::string>>> ended;
  Event arrived;
  StopCallback on_server_gone;
};

class WireStream final : public HttpStream {
 public:
  explicit WireStream(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~WireStream() override { channel_->reading.request_stop(); }
  WireStream(const WireStream&) = delete;
  WireStream& operator=(const WireStream&) = delete;

  [[nodiscard]] int status() const override { return 200; }
  [[nodiscard]] const HttpHeaders& headers() const override { return headers_; }
  Task<Result<std::optional<std::string>>> read(Stop stop) override {
    Channel& channel = *channel_;
    while (channel.lines.empty() && !channel.ended) {
      channel.arrived.reset();
      HOLMES_CO_CHECK(co_await channel.arrived.wait(stop));
    }
    if (channel.lines.empty()) co_return *channel.ended;
    std::string line = std::move(channel.lines.front());
    channel.lines.pop_front();
    co_return line;
  }

 private:
  std::shared_ptr<Channel> channel_;
  HttpHeaders headers_;
};

std::string error_event(const Error& error, int code) {
  const json::object status{{"kind", "Status"},          {"apiVersion", "v1"},
                            {"status", "Failure"},       {"message", error.message},
                            {"reason", reason_of(code)}, {"code", code}};
  return to_text(json::object{{"type", "ERROR"}, {"object", status}}) + "\n";
}

// Carries what the API server tells on a stream to the process, event by event.
class Pump {
 public:
  Pump(Network& net, std::shared_ptr<Port> port, std::shared_ptr<Channel> channel, std::string what)
      : net_(net), port_(std::move(port)), channel_(std::move(channel)), what_(std::move(what)) {}

  static Task<> run(Pump pump, std::unique_ptr<HttpStream> stream) {
    const Stop stop = pump.channel_->reading.stop();
    while (true) {
      Result<std::optional<std::string>> piece = co_await stream->read(stop);
      if (!piece || !*piece) {
        pump.channel_->end(std::move(piece));
        co_return;
      }
      std::string_view text = **piece;
      while (!text.empty()) {
        const size_t line_end = text.find('\n');
        std::string line(text.substr(0, line_end + 1));
        text.remove_prefix(line_end + 1);
        if (!co_await pump.carry(std::move(line), stop)) co_return;
      }
    }
  }

 private:
  // False when the stream is at its end.
  Task<bool> carry(std::string line, Stop stop) {
    const Point point = point_of(line);
    while (port_->frozen_at || port_->answers_lost) {  // it does not come through
      if (!co_await sleep_for(net_.world, std::chrono::milliseconds(250), stop)) co_return false;
    }
    if (!co_await sleep_for(net_.world, net_.leg(), stop)) co_return false;
    const std::optional<Planned> planned = net_.at(point);
    if (!planned) {
      tell(std::move(line));
      co_return true;
    }
    if (planned->fault >= Fault::kBlind) {
      net_.hooks.mislead(port_->name, *planned);
      if (planned->fault == Fault::kStale) co_return co_await carry(std::move(line), stop);
      channel_->end(fail(connection_lost()));
      co_return false;
    }
    co_return co_await carry_badly(std::move(line), planned->fault, stop);
  }

  Task<bool> carry_badly(std::string line, Fault fault, Stop stop) {
    switch (fault) {
      case Fault::kEventCut:
        channel_->end(fail(connection_lost()));
        co_return false;
      case Fault::kEventEnds:
        channel_->end(std::nullopt);
        co_return false;
      case Fault::kEventGone:
        channel_->tell(error_event(Error(ErrorCode::kGone, "too old resource version"), 410));
        channel_->end(std::nullopt);
        co_return false;
      case Fault::kEventError:
        channel_->tell(error_event(Error(ErrorCode::kUnavailable, "etcd is away"), 500));
        channel_->end(std::nullopt);
        co_return false;
      case Fault::kCrashBefore:
        net_.hooks.crash(port_->name);
        co_return false;
      case Fault::kEventLate:
        if (!co_await sleep_for(net_.world, kEventLate, stop)) co_return false;
        break;
      case Fault::kEventAgain:
        for (const std::string& old : told_) channel_->tell(old);
        break;
      case Fault::kPause:
        net_.hooks.pause(port_->name);
        break;
      default:
        break;
    }
    tell(std::move(line));
    if (fault == Fault::kCrashAfter) {
      // It has a moment to act on what it saw.
      (void)co_await sleep_for(net_.world, std::chrono::microseconds(100), stop);
      net_.hooks.crash(port_->name);
      co_return false;
    }
    co_return true;
  }

  void tell(std::string line) {
    constexpr size_t kKept = 5;
    told_.push_back(line);
    if (told_.size() > kKept) told_.pop_front();
    channel_->tell(std::move(line));
  }

  [[nodiscard]] Point point_of(const std::string& line) const {
    Point point{Place::kWatchEvent, false, port_->name, what_};
    if (!net_.trace && !net_.faults.keep_points) return point;
    const auto event = parse_json_object(line);
    if (!event) return point;
    point.object = json_string_or(*event, {"object", "metadata", "name"});
    const std::string version =
        json_string_or(*event, {"object", "metadata", "resourceVersion"}, "0");
    point.version = std::strtoll(version.c_str(), nullptr, 10);
    point.what += fmt::format(" {} {}@{}", json_string_or(*event, {"type"}), point.object, version);
    return point;
  }

  Network& net_;
  std::shared_ptr<Port> port_;
  std::shared_ptr<Channel> channel_;
  std::string what_;
  std::deque<std::string> told_;
};

Task<Result<kube::Response>> carry_out(Cluster& cluster, std::shared_ptr<Port> port,
                                       kube::Request request) {
  if (port->blind && request.method == "GET") {
    co_return fail(status(503, std::nullopt, reason_of(503)));
  }
  if (port->frozen_at) {
    HOLMES_CO_CHECK(answer_from(*port->frozen_at, request));
  }
  co_return co_await cluster.send(std::move(request));
}

struct Opened {
  std::unique_ptr<HttpStream> stream;
  Stop server_gone;  // of the server that opened it, which may not be there any more
};

Task<Result<Opened>> open_stream(Cluster& cluster, std::shared_ptr<Port> port,
                                 kube::Request request) {
  if (port->blind) co_return fail(status(503, std::nullopt, reason_of(503)));
  // From its cache that stands still it makes no stream, only lists.
  if (port->frozen_at && streams_from_cache(request)) {
    co_return fail(status(422, std::nullopt, "Invalid"));
  }
  Stop server_gone = cluster.stop();
  HOLMES_CO_TRY(std::unique_ptr<HttpStream> stream, co_await cluster.open(std::move(request)));
  co_return Opened{std::move(stream), std::move(server_gone)};
}

}  // namespace

Task<Result<kube::Response>> ApiWire::send(kube::Request request, Stop stop) {
  if (compares(request)) co_return co_await carry_out(cluster_, port_, std::move(request));
  if (!port_->dead) net_.hooks.sends(port_->name, request);
  const Point point{place_, request.method != "GET", port_->name, summary(request)};
  Service<kube::Response> service;
  service.refuse = [](int code, std::optional<std::chrono::seconds> after) {
    return Result<kube::Response>(fail(status(code, after, reason_of(code))));
  };
  service.carry_out = [&cluster = cluster_, port = port_, request = std::move(request)] {
    return carry_out(cluster, port, request);
  };
  co_return co_await ask(net_, port_, point, std::move(service), std::move(stop));
}

Task<Result<std::unique_ptr<HttpStream>>> ApiWire::open(kube::Request request, Stop stop) {
  if (!port_->dead) net_.hooks.sends(port_->name, request);
  const std::string what = summary(request);
  const Point point{Place::kWatchOpen, false, port_->name, what};
  Service<Opened> service;
  service.refuse = [](int code, std::optional<std::chrono::seconds> after) {
    return Result<Opened>(fail(status(code, after, reason_of(code))));
  };
  service.carry_out = [&cluster = cluster_, port = port_, request = std::move(request)] {
    return open_stream(cluster, port, request);
  };
  HOLMES_CO_TRY(Opened opened,
                co_await ask(net_, port_, point, std::move(service), std::move(stop)));
  auto channel = std::make_shared<Channel>(*port_->loop, opened.server_gone);
  port_->add(channel);
  net_.scope.spawn(Pump::run(Pump(net_, port_, channel, what), std::move(opened.stream)));
  co_return std::make_unique<WireStream>(std::move(channel));
}

}  // namespace holmes::sim
