// The first look: describes the objects that a question names, else lists the kinds that it names.
#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/task_scope.h"
#include "holmes/tools/kubernetes_tool.h"
#include "holmes/tools/question_words.h"

namespace holmes {
namespace {

// It is a help, not worth a long wait; all requests together.
constexpr std::chrono::seconds kTimeMax{5};
// Of each kind: in a larger cluster a name may be missed, and the model looks on its own.
constexpr int64_t kMaxNames = 500;
constexpr size_t kMaxNamespaces = 2;
constexpr std::string_view kAllNamespaces = "*";
// What people name without its kind.
constexpr auto kWorkloads =
    std::to_array<std::string_view>({"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"});
// Words with which names of pods begin, each looked for among the workloads: "pods of web".
constexpr size_t kMaxStems = 2;
// Words that mean something else as often as the kind.
constexpr auto kNeverListed = std::to_array<std::string_view>({"Service", "ConfigMap"});

struct Named {
  std::string ns;  // empty: of the cluster
  std::string name;
};

// A kind, and what of it the question names.
struct Found {
  std::string kind;
  bool readable = false;
  bool namespaced = false;
  std::vector<Named> named{};
  std::vector<std::string> stems{};  // words of the question with which names of pods begin
};

bool has(const auto& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool is_about_pods(std::string_view kind) {
  return kind == "Pod" || kind == "ReplicaSet";
}

// Kinds among which names are looked for: workloads where none is named that has names of its own.
std::vector<std::string> kinds_to_search(const QuestionWords& words) {
  std::vector<std::string> kinds = words.kinds;
  if (kinds.size() > kMaxFirstCalls) kinds.resize(kMaxFirstCalls);
  const bool workloads = std::ranges::all_of(
      kinds, [](const std::string& kind) { return kind == "Event" || has(kNeverListed, kind); });
  if (workloads) kinds.insert(kinds.end(), kWorkloads.begin(), kWorkloads.end());
  return kinds;
}

void add_stems(const QuestionWords& words, std::string_view pod, std::vector<std::string>& stems) {
  for (size_t dash = pod.find('-'); dash != pod.npos; dash = pod.find('-', dash + 1)) {
    const std::string_view stem = pod.substr(0, dash);
    if (stems.size() == kMaxStems || !words.words.contains(stem) || has(stems, stem)) continue;
    stems.emplace_back(stem);
  }
}

FirstLook::Call describe(const std::string& kind, const Named& object) {
  json::object arguments{{"kind", kind}, {"name", object.name}};
  if (!object.ns.empty()) arguments["namespace"] = object.ns;
  return {"kubernetes_describe", std::move(arguments)};
}

FirstLook::Call list(const Found& kind, const std::string& ns, const std::string& labels) {
  json::object arguments{{"kind", kind.kind}};
  if (kind.namespaced) arguments["namespace"] = ns;
  if (!labels.empty() && kind.kind != "Event") arguments["label_selector"] = labels;
  return {"kubernetes_list", std::move(arguments)};
}

// What is worth a look: the objects that are named, those that ought to be there, and the kinds of
// which none is named. A workload's description has its pods.
std::vector<FirstLook::Call> choose(const QuestionWords& words, const std::vector<Found>& found,
                                    const std::string& ns) {
  std::vector<FirstLook::Call> calls;
  bool has_workload = false;
  for (const Found& kind : found) {
    for (const Named& object : kind.named) calls.push_back(describe(kind.kind, object));
    if (!kind.named.empty() && has(kWorkloads, kind.kind)) has_workload = true;
  }
  for (const Found& kind : found) {
    if (!kind.readable || !kind.named.empty() || !has(words.kinds, kind.kind)) continue;
    const auto quoted = std::ranges::find(words.quoted, kind.kind, &QuestionWords::Quoted::kind);
    if (quoted != words.quoted.end() && ns != kAllNamespaces) {
      calls.push_back(describe(kind.kind, {kind.namespaced ? ns : "", quoted->name}));
    } else if (!has(kNeverListed, kind.kind) && !(is_about_pods(kind.kind) && has_workload)) {
      calls.push_back(list(kind, ns, words.label_selector));
    }
  }
  if (calls.size() > kMaxFirstCalls) calls.resize(kMaxFirstCalls);
  return calls;
}

class KubernetesFirstLook final : public FirstLook {
 public:
  explicit KubernetesFirstLook(std::shared_ptr<KubernetesView> view) : view_(std::move(view)) {}

  Task<std::vector<Call>> calls(std::string question, ToolContext context, Stop stop) override {
    const StopSource limited(stop, view_->loop(), view_->loop().mono_now() + kTimeMax);
    const QuestionWords words = read_question(question);
    const std::string ns = co_await namespace_of(words, std::move(context), limited.stop());
    std::vector<Task<Found>> searches;
    for (std::string& kind : kinds_to_search(words)) {
      searches.push_back(search(std::move(kind), ns, words, limited.stop()));
    }
    std::vector<Found> found = co_await when_all(view_->loop(), std::move(searches));
    searches = workloads_of(found, ns, limited.stop());
    std::ranges::move(co_await when_all(view_->loop(), std::move(searches)),
                      std::back_inserter(found));
    if (limited.stop().requested()) co_return std::vector<Call>{};
    co_return choose(words, found, ns);
  }

 private:
  // The namespace that the question names, if there is one; else the check's own.
  Task<std::string> namespace_of(const QuestionWords& words, ToolContext context, Stop stop) {
    if (words.all_namespaces) co_return std::string(kAllNamespaces);
    const size_t count = std::min(words.namespaces.size(), kMaxNamespaces);
    for (size_t i = 0; i < count; ++i) {
      const std::string& name = words.namespaces[i];
      if (name == context.ns) break;
      if (co_await view_->find("Namespace", {"", name}, stop)) co_return name;
    }
    co_return std::move(context.ns);
  }

  // The words outlive it.
  Task<Found> search(std::string kind, std::string ns, const QuestionWords& words, Stop stop) {
    Found found{std::move(kind)};
    const Result<kube::ResourceType> type = co_await view_->resolve(found.kind, stop);
    if (!type) co_return found;
    found.namespaced = type->namespaced;
    kube::ListOptions options;
    options.limit = found.kind == "Event" ? 1 : kMaxNames;  // nobody names an event
    if (type->namespaced && ns != kAllNamespaces) options.ns = std::move(ns);
    const RowObjects rows_have = options.ns.empty() ? RowObjects::kMetadata : RowObjects::kNone;
    const Result<json::object> table = co_await view_->table(*type, options, rows_have, stop);
    const json::array* rows = table ? json_array(*table, {"rows"}) : nullptr;
    if (rows == nullptr) co_return found;
    found.readable = true;
    for (const json::value& row : *rows) {
      const json::array* cells = json_array(row, {"cells"});
      if (cells == nullptr || cells->empty() || !cells->front().is_string()) continue;
      std::string name(cells->front().get_string());  // the first column of every kind
      if (is_about_pods(found.kind)) add_stems(words, name, found.stems);
      if (!words.words.contains(name)) continue;
      std::string where = json_string_or(row, {"object", "metadata", "namespace"});
      found.named.push_back({type->namespaced && where.empty() ? options.ns : where, name});
    }
    co_return found;
  }

  // Reads workloads that pods are named after.
  std::vector<Task<Found>> workloads_of(const std::vector<Found>& found, const std::string& ns,
                                        const Stop& stop) {
    std::vector<Task<Found>> reads;
    if (ns == kAllNamespaces) return reads;
    const auto searched = [&](std::string_view kind) {
      return std::ranges::find(found, kind, &Found::kind) != found.end();
    };
    for (const Found& pods : found) {
      for (const std::string& stem : pods.stems) {
        for (const std::string_view kind : kWorkloads) {
          if (!searched(kind)) reads.push_back(read(std::string(kind), {ns, stem}, stop));
        }
      }
    }
    return reads;
  }

  Task<Found> read(std::string kind, Named object, Stop stop) {
    Found found{std::move(kind)};
    found.readable = found.namespaced = true;
    if (co_await view_->find(found.kind, {object.ns, object.name}, std::move(stop))) {
      found.named.push_back(std::move(object));
    }
    co_return found;
  }

  std::shared_ptr<KubernetesView> view_;
};

}  // namespace

std::unique_ptr<FirstLook> make_kubernetes_first_look(std::shared_ptr<KubernetesView> view) {
  return std::make_unique<KubernetesFirstLook>(std::move(view));
}

}  // namespace holmes
