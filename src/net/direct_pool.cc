#include "net/direct_pool.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"

namespace holmes {
namespace {

constexpr size_t kMaxAddresses = 16;  // of a name that are tried

std::string timed_out(std::chrono::milliseconds limit) {
  return fmt::format("no connection in time ({} ms)", limit.count());
}

}  // namespace

DirectPool::DirectPool(AsioLoop& loop, DirectClientOptions options,
                       std::unique_ptr<Resolver> resolver)
    : loop_(loop),
      options_(std::move(options)),
      resolver_(resolver != nullptr ? std::move(resolver) : make_resolver(loop)),
      permits_(loop, options_.connections_max) {
  HOLMES_ASSERT(options_.connections_max > 0);
}

Result<ClientTarget> DirectPool::check(const HttpRequest& request) {
  Result<ClientTarget> target = check_request(request, last_origin_);
  if (target) last_origin_ = target->origin;
  return target;
}

std::optional<PooledConnection> DirectPool::take(const std::string& peer) {
  const MonoTime now = loop_.mono_now();
  for (size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].peer != peer) continue;
    PooledConnection found = std::move(kept_[i]);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_fresh(found, now) && found.connection->is_quiet()) return found;
  }
  return std::nullopt;
}

void DirectPool::keep(PooledConnection used) {
  used.idle_since = loop_.mono_now();
  if (!is_fresh(used, used.idle_since)) return;
  kept_.push_back(std::move(used));
  if (!sweep_) sweep_later();
}

bool DirectPool::is_fresh(const PooledConnection& kept, MonoTime now) const {
  const bool too_old =
      options_.connection_age_max.count() > 0 && now - kept.opened >= options_.connection_age_max;
  return !too_old && now - kept.idle_since < options_.connection_idle_max;
}

// The first is idle for the longest time.
void DirectPool::sweep_later() {
  sweep_.emplace(loop_, kept_.front().idle_since + options_.connection_idle_max, [this] {
    sweep_.reset();
    const MonoTime now = loop_.mono_now();
    const auto fresh = std::ranges::find_if(kept_, [&](const PooledConnection& kept) {
      return now - kept.idle_since < options_.connection_idle_max;
    });
    kept_.erase(kept_.begin(), fresh);
    if (!kept_.empty()) sweep_later();
  });
}

Task<Result<PooledConnection>> DirectPool::connect(std::shared_ptr<const ClientOrigin> origin,
                                                   Stop stop) {
  if (origin->url.scheme == "https" && !tls_) {
    HOLMES_CO_TRY(tls_, TlsContext::make(options_.tls));
  }
  // Those in use and the kept ones together stay below the limit.
  const size_t used = options_.connections_max - permits_.available();
  if (used + kept_.size() > options_.connections_max) kept_.erase(kept_.begin());
  const MonoTime deadline = loop_.mono_now() + options_.connect_timeout;
  const StopSource limit(stop, loop_, deadline);
  auto addresses = co_await resolver_->resolve(origin->peer.host, origin->peer.port, limit.stop());
  Result<std::unique_ptr<TcpConnection>> made = nullptr;
  if (addresses) {
    made = co_await connect_to_one_of(*origin, std::move(*addresses), deadline, limit.stop());
  } else {
    made = fail(std::move(addresses).error());
  }
  if (made) co_return PooledConnection{origin->peers, loop_.mono_now(), {}, std::move(*made)};
  if (stop.requested()) co_return fail(stop.error("connect"));
  if (made.error().code != ErrorCode::kTimeout) co_return fail(std::move(made).error());
  co_return fail(ErrorCode::kRefused, timed_out(options_.connect_timeout));
}

Task<Result<std::unique_ptr<TcpConnection>>> DirectPool::connect_to_one_of(
    const ClientOrigin& origin, std::vector<std::string> addresses, MonoTime deadline, Stop stop) {
  addresses.resize(std::min(addresses.size(), kMaxAddresses));
  std::string failure = "the name has no address";
  for (size_t i = 0; i < addresses.size(); ++i) {
    const MonoTime now = loop_.mono_now();
    // One that is silent leaves time for the others.
    const auto share = (deadline - now) / static_cast<int64_t>(addresses.size() - i);
    const StopSource limit(stop, loop_, now + share);
    auto tls = origin.url.scheme == "https" ? std::make_unique<TlsSession>(*tls_, origin.url.host)
                                            : nullptr;
    auto connection = std::make_unique<TcpConnection>(loop_, std::move(tls));
    const bool connected = co_await connection->connect(addresses[i], limit.stop());
    if (stop.requested()) co_return fail(stop.error("connect"));
    if (connected && !limit.stop().requested()) co_return connection;
    failure = fmt::format(
        "connect to {}: {}", addresses[i],
        limit.stop().requested() ? timed_out(options_.connect_timeout) : connection->failure());
  }
  co_return fail(ErrorCode::kRefused, std::move(failure));
}

}  // namespace holmes
