// A small, faithful Kubernetes API over an ObjectStore: routes, verbs and documents.
//
// In process it is asked through a Transport (store_transport.h), from outside through a listener
// (store_listener.h). Whoever asks may do everything: authentication is the listener's business.
// One loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/random.h"
#include "async/stop.h"
#include "kube/store/api_request.h"
#include "kube/store/kind_table.h"
#include "kube/store/object_reader.h"
#include "kube/store/object_remover.h"
#include "kube/store/object_store.h"
#include "kube/store/object_writer.h"
#include "kube/store/reviews.h"

namespace holmes::kube {

inline constexpr size_t kMaxObjectBytes = size_t{3} << 20U;  // as the API server's

struct PodLogQuery {
  ObjectKey pod;
  std::string container{};  // "": the only one
  bool previous = false;
  std::optional<int64_t> tail_lines{};
};

struct ApiServerOptions {
  LocalUser user{};
  // The log of a pod that exists; nullopt when there is none. Empty: no pod has any.
  std::function<std::optional<std::string>(const PodLogQuery&)> pod_log{};
};

class ApiServer {
 public:
  // The store was loaded. Serves the kinds that its CustomResourceDefinitions define, and makes the
  // namespaces that every cluster has.
  ApiServer(Loop& loop, Random& random, ObjectStore& store, ApiServerOptions options = {});

  // Never fails: what is wrong is a Status object. Streams go before the server.
  Task<ApiAnswer> answer(ApiRequest request, Stop stop);

  // For garbage collection and for whoever loads objects.
  ObjectWriter& writer() { return writer_; }
  ObjectRemover& remover() { return remover_; }
  [[nodiscard]] const KindTable& kinds() const { return kinds_; }

 private:
  Task<Answer<ApiAnswer>> route(ApiRequest request, Stop stop);
  Task<Answer<ApiAnswer>> resource(ObjectTarget target, ApiRequest request, Stop stop);
  Task<Answer<ApiAnswer>> write(ObjectTarget target, ApiRequest request, Stop stop);
  Answer<Written> carry_out(const ObjectTarget& target, const ApiRequest& request);
  Answer<Written> carry_out_scale(const ObjectTarget& target, const ApiRequest& request,
                                  const WriteOptions& options);
  static Answer<void> check_verb(const ObjectTarget& target, const std::string& method);
  Answer<ApiAnswer> document(const ApiRequest& request) const;
  Answer<ApiAnswer> page(const ApiRequest& request) const;
  Answer<ApiAnswer> review(const std::vector<std::string>& segments,
                           const ApiRequest& request) const;
  Answer<ApiAnswer> pod_log(const ObjectTarget& target, const ApiRequest& request) const;
  [[nodiscard]] std::optional<json::object> raw_schema(const Kind& kind) const;
  void make_namespaces();
  void serve_definitions();

  Loop& loop_;
  ObjectStore& store_;
  const ApiServerOptions options_;
  KindTable kinds_;
  ObjectWriter writer_;
  ObjectReader reader_;
  ObjectRemover remover_;
};

}  // namespace holmes::kube
