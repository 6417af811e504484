#include "net/resolver.h"

#include <algorithm>
#include <map>

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

// Outlives the waits for it when their stops end them: the system's resolver cannot be interrupted.
struct Lookup {
  explicit Lookup(AsioLoop& loop) : resolver(loop.context()), done(loop) {}
  tcp::resolver resolver;
  Event done;
  error_code error;
  std::vector<std::string> addresses;
};

class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(AsioLoop& loop) : loop_(loop) {}

  Task<Result<std::vector<std::string>>> resolve(std::string host, uint16_t port,
                                                 Stop stop) override {
    error_code not_an_address;
    const auto address = boost::asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector{to_text(tcp::endpoint(address, port))};
    const std::string name = fmt::format("{}:{}", host, port);
    std::shared_ptr<Lookup>& joined = (*under_way_)[name];
    if (joined == nullptr) joined = begin(host, port, name);
    const std::shared_ptr<Lookup> lookup = joined;
    if (!co_await lookup->done.wait(stop)) co_return fail(stop.error("resolve " + host));
    if (lookup->error || lookup->addresses.empty()) {
      co_return fail(ErrorCode::kRefused,
                     fmt::format("resolve {}: {}", host,
                                 lookup->error ? lookup->error.message() : "no address"));
    }
    co_return lookup->addresses;
  }

 private:
  using Lookups = std::map<std::string, std::shared_ptr<Lookup>>;

  std::shared_ptr<Lookup> begin(const std::string& host, uint16_t port, const std::string& name) {
    const auto lookup = std::make_shared<Lookup>(loop_);
    lookup->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [lookup, name, under_way = under_way_](const error_code& error,
                                               const tcp::resolver::results_type& found) {
          lookup->error = error;
          for (const auto& entry : found) {
            std::string text = to_text(entry.endpoint());
            if (std::ranges::count(lookup->addresses, text) == 0) {
              lookup->addresses.push_back(std::move(text));
            }
          }
          under_way->erase(name);
          lookup->done.set();
        });
    return lookup;
  }

  AsioLoop& loop_;
  // The system's resolver answers one question after the other: a thousand requests to one name
  // that begin at once wait for one answer. The lookups may outlive this.
  const std::shared_ptr<Lookups> under_way_ = std::make_shared<Lookups>();
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(AsioLoop& loop) {
  return std::make_unique<SystemResolver>(loop);
}

}  // namespace holmes
