// kubernetes_get: one object, projected.
#include <array>
#include <utility>

#include "holmes/tools/health.h"
#include "holmes/tools/kubernetes_tool.h"
#include "holmes/tools/projection.h"
#include "holmes/tools/redact.h"

namespace holmes {
namespace {

constexpr std::array kParameters{kKindParameter, kNameParameter, kNamespaceParameter};

class KubernetesGet final : public KubernetesTool {
 public:
  explicit KubernetesGet(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(std::move(view), "kubernetes_get",
                       "Reads all of one object: spec and status.", kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) override {
    const kube::ObjectKey key{arguments.text("namespace", context.ns), arguments.text("name")};
    HOLMES_CO_TRY(json::object object,
                  co_await view().get(arguments.text("kind"), key, std::move(stop)));
    redact_json(object);
    co_return fitting_text(output_bytes_max(), [&](const ProjectionLimits& limits) {
      return with_health(object, project_object(object, limits));
    });
  }
};

}  // namespace

std::unique_ptr<Tool> make_kubernetes_get(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesGet>(std::move(view));
}

}  // namespace holmes
