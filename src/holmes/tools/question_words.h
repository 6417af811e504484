// What a question names, as far as its words tell: kinds, words that could be names of objects, a
// label selector, namespaces. Whether there is any such object, only the cluster knows. Pure.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace holmes {

struct QuestionWords {
  struct Quoted {
    std::string kind;
    std::string name;
    bool operator==(const Quoted&) const = default;
  };

  std::vector<std::string> kinds;            // "Deployment", in their order, each once
  std::set<std::string, std::less<>> words;  // in lower case
  std::vector<Quoted> quoted;                // names in quotes beside a kind: deployment 'search'
  std::vector<std::string> namespaces;       // words beside "namespace"; most may be none
  std::string label_selector;                // "app=web", or empty
  bool all_namespaces = false;               // "in all namespaces"

  bool operator==(const QuestionWords&) const = default;
};

// Knows the built-in kinds that say how a cluster is, by their names and usual short names; other
// words are no kinds. Looks at the first 4,000 bytes.
QuestionWords read_question(std::string_view question);

}  // namespace holmes
