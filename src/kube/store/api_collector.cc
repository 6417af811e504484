#include "kube/store/api_collector.h"

#include <utility>

namespace holmes::kube {
namespace {

std::string word_for(Propagation propagation) {
  if (propagation == Propagation::kForeground) return "Foreground";
  return propagation == Propagation::kOrphan ? "Orphan" : "Background";
}

}  // namespace

std::optional<CollectorApi::OwnerKind> ApiCollector::find_kind(std::string_view api_version,
                                                               std::string_view kind) const {
  const KindPtr found = server_.kinds().find_kind(api_version, kind);
  if (found == nullptr) return std::nullopt;
  return OwnerKind{stored_name(found->type), found->type.namespaced};
}

void ApiCollector::remove(const Stored& live, Propagation propagation) {
  const KindPtr kind = server_.kinds().find_stored(live->resource);
  if (kind == nullptr) return server_.writer().erase(live);  // left from a kind that is gone
  RemoveOptions options;
  options.propagation = word_for(propagation);
  // Refused for namespaces that every cluster has: then it stays.
  static_cast<void>(server_.remover().remove({kind, live->key}, options));
}

void ApiCollector::overwrite(const Stored& live, json::object next) {
  static_cast<void>(server_.writer().overwrite(live, std::move(next)));
}

}  // namespace holmes::kube
