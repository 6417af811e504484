// What the garbage collector may do, by the API's own rules.
#pragma once

#include "kube/store/api_server.h"
#include "kube/store/garbage_collector.h"

namespace holmes::kube {

// The server outlives it.
class ApiCollector final : public CollectorApi {
 public:
  explicit ApiCollector(ApiServer& server) : server_(server) {}

  [[nodiscard]] std::optional<OwnerKind> find_kind(std::string_view api_version,
                                                   std::string_view kind) const override;
  void remove(const Stored& live, Propagation propagation) override;
  void overwrite(const Stored& live, json::object next) override;

 private:
  ApiServer& server_;
};

}  // namespace holmes::kube
