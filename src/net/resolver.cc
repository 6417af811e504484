#include "net/resolver.h"

#include <algorithm>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "async/wait.h"

namespace holmes {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return fmt::format("{}:{}", endpoint.address().is_v6() ? "[" + address + "]" : address,
                     endpoint.port());
}

// Outlives the wait when the stop ends it: the system's resolver cannot be interrupted.
struct Lookup {
  using Answer = std::pair<error_code, std::vector<std::string>>;

  explicit Lookup(AsioLoop& loop) : resolver(loop.context()), answer(loop) {}
  tcp::resolver resolver;
  OneShot<Answer> answer;
};

class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(AsioLoop& loop) : loop_(loop) {}

  Task<Result<std::vector<std::string>>> resolve(std::string host, uint16_t port,
                                                 Stop stop) override {
    error_code not_an_address;
    const auto address = boost::asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector{to_text(tcp::endpoint(address, port))};
    const auto lookup = std::make_shared<Lookup>(loop_);
    lookup->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [lookup](const error_code& error, const tcp::resolver::results_type& found) {
          Lookup::Answer answer{error, {}};
          for (const auto& entry : found) {
            std::string text = to_text(entry.endpoint());
            if (std::ranges::count(answer.second, text) == 0) {
              answer.second.push_back(std::move(text));
            }
          }
          lookup->answer.set(std::move(answer));
        });
    auto answer = co_await lookup->answer.get(stop);
    if (!answer) co_return fail(stop.error("resolve " + host));
    if (answer->first || answer->second.empty()) {
      co_return fail(ErrorCode::kRefused,
                     fmt::format("resolve {}: {}", host,
                                 answer->first ? answer->first.message() : "no address"));
    }
    co_return std::move(answer->second);
  }

 private:
  AsioLoop& loop_;
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(AsioLoop& loop) {
  return std::make_unique<SystemResolver>(loop);
}

}  // namespace holmes
