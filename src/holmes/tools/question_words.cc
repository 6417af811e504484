#include "holmes/tools/question_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <re2/re2.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxQuestionBytes = 4000;
constexpr size_t kMaxWordsOfKind = 3;
constexpr std::string_view kQuotes = "'\"`";

struct KindName {
  std::string_view word;  // singular, without spaces
  std::string_view kind;
};
constexpr auto kKindNames = std::to_array<KindName>({
    {"configmap", "ConfigMap"},
    {"cronjob", "CronJob"},
    {"daemonset", "DaemonSet"},
    {"deployment", "Deployment"},
    {"event", "Event"},
    {"horizontalpodautoscaler", "HorizontalPodAutoscaler"},
    {"hpa", "HorizontalPodAutoscaler"},
    {"ingress", "Ingress"},
    {"ingresse", "Ingress"},  // ingresses
    {"job", "Job"},
    {"node", "Node"},
    {"persistentvolume", "PersistentVolume"},
    {"persistentvolumeclaim", "PersistentVolumeClaim"},
    {"pod", "Pod"},
    {"pv", "PersistentVolume"},
    {"pvc", "PersistentVolumeClaim"},
    {"replicaset", "ReplicaSet"},
    {"service", "Service"},
    {"statefulset", "StatefulSet"},
    {"volumeclaim", "PersistentVolumeClaim"},
});

struct Word {
  std::string text;
  bool quoted = false;
};

// Beside "namespace" these are no names; without them each would cost a request.
constexpr auto kNoNames = std::to_array<std::string_view>(
    {"a",   "all", "and", "any", "are",  "be",   "each", "every", "for", "has", "have", "in",  "is",
     "its", "of",  "or",  "own", "same", "that", "the",  "this",  "to",  "was", "we",   "with"});

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_word_byte(char c) {
  return is_alphanumeric(c) || std::string_view("-._/=").contains(c);
}

bool has(const auto& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

std::vector<Word> split_words(std::string_view question) {
  std::vector<Word> words;
  for (size_t at = 0; at < question.size();) {
    if (!is_word_byte(question[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < question.size() && is_word_byte(question[at])) ++at;
    std::string text(question.substr(begin, at - begin));
    while (!text.empty() && !is_alphanumeric(text.back())) text.pop_back();
    if (text.empty()) continue;
    const bool quoted = begin > 0 && at < question.size() &&
                        kQuotes.contains(question[begin - 1]) && kQuotes.contains(question[at]);
    words.push_back({std::move(text), quoted});
  }
  return words;
}

std::optional<std::string> kind_named(std::string_view word) {
  const auto find = [](std::string_view singular) {
    return std::ranges::find(kKindNames, singular, &KindName::word);
  };
  auto found = find(word);
  if (found == kKindNames.end() && word.ends_with('s'))
    found = find(word.substr(0, word.size() - 1));
  if (found == kKindNames.end()) return std::nullopt;
  return std::string(found->kind);
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (!has(list, text)) list.push_back(std::move(text));
}

// A kind of several words is one: "persistent volume claims".
struct Kind {
  std::string name;
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Kind> find_kinds(const std::vector<Word>& words) {
  std::vector<Kind> kinds;
  for (size_t at = 0; at < words.size(); ++at) {
    for (size_t count = std::min(kMaxWordsOfKind, words.size() - at); count > 0; --count) {
      std::string joined;
      for (size_t i = at; i < at + count; ++i) joined += to_lower(words[i].text);
      const auto kind = kind_named(joined);
      if (!kind) continue;
      kinds.push_back({*kind, at, at + count});
      at += count - 1;
      break;
    }
  }
  return kinds;
}

bool is_name(const std::string& word) {
  static const RE2 name(R"([a-z0-9][-a-z0-9.]*)");
  return RE2::FullMatch(word, name);
}

bool is_label(const std::string& word) {
  static const RE2 label(R"([A-Za-z0-9][-A-Za-z0-9_./]*=[A-Za-z0-9][-A-Za-z0-9_.]*)");
  static const RE2 field(R"((?:spec|status|metadata)\..*)");
  return RE2::FullMatch(word, label) && !RE2::FullMatch(word, field);
}

}  // namespace

QuestionWords read_question(std::string_view question) {
  question = question.substr(0, kMaxQuestionBytes);
  const std::vector<Word> words = split_words(question);
  QuestionWords read;
  for (const Kind& kind : find_kinds(words)) {
    add_once(read.kinds, kind.name);
    const auto quote = [&](size_t beside) {
      if (beside < words.size() && words[beside].quoted && is_name(words[beside].text)) {
        read.quoted.push_back({kind.name, words[beside].text});
      }
    };
    quote(kind.begin - 1);  // past the end when there is none
    quote(kind.end);
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = to_lower(words[i].text);
    read.words.insert(word);
    if (read.label_selector.empty() && is_label(words[i].text)) {
      read.label_selector = words[i].text;
    }
    if (word != "namespace") continue;
    for (const size_t beside : {i + 1, i - 1}) {
      if (beside >= words.size() || has(kNoNames, to_lower(words[beside].text))) continue;
      add_once(read.namespaces, to_lower(words[beside].text));
    }
  }
  static const RE2 everywhere(
      R"((?i)\b(?:all|any|every|each|across|other) (?:the )?namespaces?\b|\bcluster[- ]wide\b|\b(?:in|of|across) the (?:whole |entire )?cluster\b)");
  read.all_namespaces = RE2::PartialMatch({question.data(), question.size()}, everywhere);
  return read;
}

}  // namespace holmes
