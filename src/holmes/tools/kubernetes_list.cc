// kubernetes_list: objects of one kind as the API server's table.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "holmes/tools/kubernetes_tool.h"
#include "holmes/tools/table_text.h"

namespace holmes {
namespace {

constexpr int64_t kMaxRows = 200;
constexpr size_t kReservedForNote = 200;  // of the output limit

constexpr std::array kParameters{
    kKindParameter,
    kNamespaceParameter,
    Parameter{"all_namespaces", ParameterType::kBoolean, false, "true: in all."},
    Parameter{"label_selector", ParameterType::kString, false, "app=frontend,tier!=db"},
    Parameter{"field_selector", ParameterType::kString, false, "status.phase!=Running"},
    kApiVersionParameter};

std::string empty_text(const kube::ResourceType& type, const kube::ListOptions& options) {
  std::string text = fmt::format("no {} found", type.plural);
  if (type.namespaced) {
    text += options.ns.empty() ? " in any namespace" : fmt::format(" in namespace {}", options.ns);
  }
  if (!options.label_selector.empty()) {
    text += fmt::format(" with labels {}", options.label_selector);
  }
  if (!options.field_selector.empty()) {
    text += fmt::format(" with fields {}", options.field_selector);
  }
  return text;
}

std::string note(const TableText& table) {
  if (table.left_out == 0 && !table.more_exist) return "";
  const std::string count = table.more_exist ? fmt::format("at least {}", table.left_out + 1)
                                             : fmt::format("{}", table.left_out);
  return fmt::format("[{} more; narrow with label_selector or namespace]\n", count);
}

class KubernetesList final : public KubernetesTool {
 public:
  explicit KubernetesList(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(std::move(view), "kubernetes_list",
                       "Lists objects of a kind, as kubectl get does.", kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) override {
    HOLMES_CO_TRY(
        const kube::ResourceType type,
        co_await view().resolve(arguments.text("kind"), arguments.text("api_version"), stop));
    const bool all = type.namespaced && arguments.flag("all_namespaces");
    kube::ListOptions options;
    if (type.namespaced && !all) options.ns = arguments.text("namespace", context.ns);
    HOLMES_CO_CHECK(check_name("namespace", options.ns));
    options.label_selector = arguments.text("label_selector");
    options.field_selector = arguments.text("field_selector");
    options.limit = kMaxRows;
    options.as_table = true;

    HOLMES_CO_TRY(const json::object list, co_await view().list(type, options, std::move(stop)));
    HOLMES_CO_TRY(TableText table,
                  render_table(list, {all, output_bytes_max() - kReservedForNote}));
    if (table.rows == 0 && table.left_out == 0) co_return empty_text(type, options);
    co_return table.text + note(table);
  }
};

}  // namespace

std::unique_ptr<Tool> make_kubernetes_list(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesList>(std::move(view));
}

}  // namespace holmes
