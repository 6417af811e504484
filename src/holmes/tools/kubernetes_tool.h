// What the Kubernetes tools have in common.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "holmes/tools/arguments.h"
#include "holmes/tools/kubernetes_tools.h"
#include "holmes/tools/tool.h"
#include "kube/client/discovery.h"
#include "kube/client/read_only_transport.h"

namespace holmes {

// What the rows of a table have beside their cells.
enum class RowObjects { kNone, kMetadata, kWhole };

// The cluster as the tools may see it. One for all of them, on the loop's thread. Everything fails
// as the transport does; the error's message is the API server's sentence. A kind that the cluster
// does not serve is kInvalid: it says nothing about what the check asks for.
class KubernetesView {
 public:
  KubernetesView(Loop& loop, kube::Transport& transport, KubernetesToolOptions options);

  // kForbidden for Secrets, by any of their names, before anything is sent.
  Task<Result<kube::ResourceType>> resolve(std::string kind, Stop stop);
  // Resolves and gets. The key's namespace does not matter for a cluster-scoped kind.
  Task<Result<json::object>> find(std::string kind, kube::ObjectKey key, Stop stop);
  // Likewise; "not found" tells what there is.
  Task<Result<json::object>> get(std::string kind, kube::ObjectKey key, Stop stop);
  Task<Result<json::object>> list(kube::ResourceType type, kube::ListOptions options, Stop stop);
  // The server's table.
  Task<Result<json::object>> table(kube::ResourceType type, kube::ListOptions options,
                                   RowObjects rows_have, Stop stop);
  Task<Result<std::string>> send(kube::Request request, Stop stop);

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] const KubernetesToolOptions& options() const { return options_; }

 private:
  Task<std::string> what_exists(kube::ResourceType type, kube::ObjectKey key, Stop stop);
  Task<Result<json::object>> read_list(kube::Request request, Stop stop);

  Loop& loop_;
  KubernetesToolOptions options_;
  kube::ReadOnlyTransport transport_;
  kube::Discovery discovery_;
};

// Any name under which a Secret could be asked for: "secret", "Secrets", "v1/Secret", "secrets.v1".
bool names_secrets(std::string_view kind);

// kInvalid for what cannot be a name or a namespace but could change a path's meaning.
Status check_name(std::string_view argument, std::string_view name);

// "error: forbidden (403): ...", "error: not found (404): ...", "error: ..." with its outcome.
ToolResult to_tool_result(const Error& error);

// What kubernetes_list answers. The view outlives it.
Task<Result<std::string>> list_as_text(KubernetesView& view, std::string kind,
                                       kube::ListOptions options, Stop stop);

class KubernetesTool : public Tool {
 public:
  KubernetesTool(std::shared_ptr<KubernetesView> view, std::string_view name,
                 std::string_view description, std::span<const Parameter> parameters);

  [[nodiscard]] const ToolInfo& info() const final { return info_; }
  // Checks the arguments, limits the time, and turns the answer into a redacted text.
  Task<ToolResult> run(json::object arguments, ToolContext context, Stop stop) final;

 protected:
  virtual Task<Result<std::string>> answer(Arguments arguments, ToolContext context, Stop stop) = 0;
  [[nodiscard]] KubernetesView& view() { return *view_; }
  [[nodiscard]] size_t output_bytes_max() const { return view_->options().output_bytes_max; }

 private:
  std::shared_ptr<KubernetesView> view_;
  ToolInfo info_;
  std::span<const Parameter> parameters_;
};

// Parameters that several tools have.
// Every model call of every check reads these, so each word counts.
inline constexpr Parameter kKindParameter{"kind", ParameterType::kString, true,
                                          "Kind, plural, short name or plural.group."};
inline constexpr Parameter kNameParameter{"name", ParameterType::kString, true, "Of the object."};
inline constexpr Parameter kNamespaceParameter{"namespace", ParameterType::kString, false,
                                               "null: the check's own."};

std::unique_ptr<Tool> make_kubernetes_get(std::shared_ptr<KubernetesView> view);
std::unique_ptr<Tool> make_kubernetes_list(std::shared_ptr<KubernetesView> view);
std::unique_ptr<Tool> make_kubernetes_describe(std::shared_ptr<KubernetesView> view);
std::unique_ptr<Tool> make_kubernetes_logs(std::shared_ptr<KubernetesView> view);
std::unique_ptr<FirstLook> make_kubernetes_first_look(std::shared_ptr<KubernetesView> view);

}  // namespace holmes
