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

// Whole ones are read: an image list of 30 kB is usual.
constexpr int64_t kMaxNodes = 100;
constexpr size_t kUnfilteredBytes = size_t{4} << 10U;  // shown when a filter matches nothing
constexpr std::string_view kAllNamespaces = "*";

constexpr std::array kParameters{
    kKindParameter,
    Parameter{"namespace", ParameterType::kString, false, "null: the check's own; *: all."},
    Parameter{"label_selector", ParameterType::kString, false, "null: no filter."},
    Parameter{"field_selector", ParameterType::kString, false, "null: no filter."}};

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

bool is_node(const kube::ResourceType& type) {
  return type.kind == "Node" && type.group.empty();
}

// "frontend" of "tier=web,app=frontend": what is named so is what was meant.
std::string last_value(const std::string& label_selector) {
  const size_t equals = label_selector.rfind('=');
  return equals == std::string::npos ? "" : label_selector.substr(equals + 1);
}

bool is_empty(const TableText& table) {
  return table.rows == 0 && table.left_out == 0;
}

Task<Result<TableText>> read_table(KubernetesView& view, kube::ResourceType type,
                                   kube::ListOptions options, size_t bytes_max, std::string like,
                                   Stop stop) {
  const bool nodes = is_node(type);
  options.limit = nodes ? kMaxNodes : kMaxRows;
  const TableTextOptions text{type.namespaced && options.ns.empty(), nodes, bytes_max};
  HOLMES_CO_TRY(
      const json::object list,
      co_await view.table(std::move(type), std::move(options),
                          nodes ? RowObjects::kWhole : RowObjects::kMetadata, std::move(stop)));
  const auto rows = like.empty() ? std::nullopt : rows_like(list, like);
  co_return render_table(rows ? *rows : list, text);
}

class KubernetesList final : public KubernetesTool {
 public:
  explicit KubernetesList(std::shared_ptr<KubernetesView> view)
      : KubernetesTool(std::move(view), "kubernetes_list",
                       "Lists objects of a kind, as kubectl get does. For one object or one "
                       "workload and its pods: kubernetes_describe.",
                       kParameters) {}

 protected:
  Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) override {
    kube::ListOptions options;
    options.ns = arguments.text("namespace", context.ns);
    if (options.ns == kAllNamespaces) options.ns = "";
    options.label_selector = arguments.text("label_selector");
    options.field_selector = arguments.text("field_selector");
    co_return co_await list_as_text(view(), arguments.text("kind"), std::move(options),
                                    std::move(stop));
  }
};

}  // namespace

Task<Result<std::string>> list_as_text(KubernetesView& view, std::string kind,
                                       kube::ListOptions options, Stop stop) {
  HOLMES_CO_TRY(const kube::ResourceType type, co_await view.resolve(std::move(kind), stop));
  if (!type.namespaced) options.ns = "";
  HOLMES_CO_CHECK(check_name("namespace", options.ns));
  const bool filtered = !options.label_selector.empty() || !options.field_selector.empty();
  const size_t bytes_max = view.options().output_bytes_max - kReservedForNote;
  const Result<TableText> table = co_await read_table(view, type, options, bytes_max, "", stop);
  if (table && !is_empty(*table)) co_return table->text + note(*table);
  if (table && !filtered) co_return empty_text(type, options);
  if (!table && (!filtered || table.error().code != ErrorCode::kInvalid)) {
    co_return fail(table.error());
  }

  // A filter that is mistaken must not look as if there were nothing.
  kube::ListOptions unfiltered = options;
  unfiltered.label_selector = unfiltered.field_selector = "";
  const std::string like = last_value(options.label_selector);
  HOLMES_CO_TRY(const TableText all,
                co_await read_table(view, type, unfiltered, kUnfilteredBytes, like, stop));
  if (is_empty(all)) co_return empty_text(type, unfiltered);
  const std::string why = table ? empty_text(type, options)
                                : fmt::format("the filter is refused: {}", table.error().message);
  co_return fmt::format("[{}; without it there are:]\n{}{}", why, all.text, note(all));
}

std::unique_ptr<Tool> make_kubernetes_list(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesList>(std::move(view));
}

}  // namespace holmes
