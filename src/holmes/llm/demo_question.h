// What the demo model understands of a question: a kind, names, a namespace, a few numbers. By
// words and patterns, not by meaning. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holmes {

struct DemoQuestion {
  std::string kind{};                // "Pod", "Deployment", ... as the tools name it
  std::vector<std::string> names{};  // empty: all of that kind
  std::string ns{};                  // "": the check's own
  bool all_namespaces = false;
  bool existence = false;                 // asked whether it is there, not how it is
  std::optional<int64_t> ready_min{};     // "at least 2 ready"
  std::optional<int64_t> restarts_max{};  // "restarted more than 3 times"

  bool operator==(const DemoQuestion&) const = default;
};

// nullopt for a question that it does not understand: of no kind it knows, or about what these
// objects do not tell (CPU, latency, certificates, ...).
std::optional<DemoQuestion> read_demo_question(std::string_view question);

// "the health of pods, deployments, ...": for people whose question was not understood.
std::string demo_questions();

}  // namespace holmes
