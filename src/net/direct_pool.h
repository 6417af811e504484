// The connections of a DirectClient: new ones, and those kept for the next request. Private to net.
//
// Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/wait.h"
#include "net/client_request.h"
#include "net/direct_client.h"
#include "net/tcp_connection.h"

namespace holmes {

struct PooledConnection {
  std::string peer;  // of which requests: see ClientOrigin::peers
  MonoTime opened{};
  MonoTime idle_since{};
  std::unique_ptr<TcpConnection> connection;
};

class DirectPool {
 public:
  DirectPool(AsioLoop& loop, DirectClientOptions options, std::unique_ptr<Resolver> resolver);
  DirectPool(const DirectPool&) = delete;
  DirectPool& operator=(const DirectPool&) = delete;

  // One is needed for each connection that is in use; given out in the order of the calls.
  Semaphore& permits() { return permits_; }

  // check_request, which is cheaper for an origin that was the last one's too.
  Result<ClientTarget> check(const HttpRequest& request);
  // The kept connection of this peer that was used last, if there is one that still works.
  std::optional<PooledConnection> take(const std::string& peer);
  // A new one. Fails with kRefused, kInvalid (TLS material) or the stop's code.
  Task<Result<PooledConnection>> connect(std::shared_ptr<const ClientOrigin> origin, Stop stop);
  // For another request. The caller gives its permit back itself.
  void keep(PooledConnection used);

  AsioLoop& loop() { return loop_; }
  [[nodiscard]] const DirectClientOptions& options() const { return options_; }

 private:
  [[nodiscard]] bool is_fresh(const PooledConnection& kept, MonoTime now) const;
  Task<Result<std::unique_ptr<TcpConnection>>> connect_to_one_of(const ClientOrigin& origin,
                                                                 std::vector<std::string> addresses,
                                                                 MonoTime deadline, Stop stop);
  void sweep_later();

  AsioLoop& loop_;
  const DirectClientOptions options_;
  const std::unique_ptr<Resolver> resolver_;
  std::shared_ptr<const ClientOrigin> last_origin_;  // null before the first request
  std::optional<TlsContext> tls_;                    // made when first needed
  Semaphore permits_;
  std::vector<PooledConnection> kept_;  // the last used last
  std::optional<Timer> sweep_;          // while there are kept ones
};

}  // namespace holmes
