#include "holmes/llm/demo_question.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include "base/strings.h"

namespace holmes {
namespace {

constexpr size_t kMaxNames = 8;  // of one question
constexpr size_t kMaxQuestionBytes = 8192;
constexpr int64_t kDefaultRestartsMax = 3;

// Which kinds can be judged by their state, and which can only be there or not.
enum class Knows { kHealth, kExistence };

struct KindRow {
  std::string_view word;  // singular, lower case; the plural is this and "s"
  std::string_view kind;
  Knows knows;
};

// The first kind of this table that a question mentions is the one it is about: pods last, because
// many a question about a deployment speaks of its pods.
constexpr auto kKinds = std::to_array<KindRow>({
    {"event", "Event", Knows::kHealth},
    {"deployment", "Deployment", Knows::kHealth},
    {"statefulset", "StatefulSet", Knows::kHealth},
    {"daemonset", "DaemonSet", Knows::kHealth},
    {"replicaset", "ReplicaSet", Knows::kHealth},
    {"cronjob", "CronJob", Knows::kExistence},
    {"job", "Job", Knows::kHealth},
    {"node", "Node", Knows::kHealth},
    {"persistentvolumeclaim", "PersistentVolumeClaim", Knows::kHealth},
    {"service", "Service", Knows::kExistence},
    {"configmap", "ConfigMap", Knows::kExistence},
    {"ingress", "Ingress", Knows::kExistence},
    {"namespace", "Namespace", Knows::kExistence},
    {"pod", "Pod", Knows::kHealth},
});

// Words of questions about a state that objects show.
constexpr std::string_view kStateWords =
    R"((?i)\b(?:healthy|health|ready|running|available|up|ok|okay|fine|well|fail(?:s|ed|ing)?|crash\w*|restart\w*|pending|stuck|unschedulable|problems?|wrong|broken|warnings?|complete[ds]?|succeed(?:s|ed)?|bound)\b)";
// Words of questions that no object's status answers.
constexpr std::string_view kForeignWords =
    R"((?i)(?:\b(?:memory|cpu|disk|latency|throughput|cost|certificates?|tls|dns|logs?|traffic|requests?|errors?|rate|version|image|vulnerabilit\w+|secrets?|backups?|why|how)\b|%))";
// What stands behind a kind without being a name.
constexpr auto kNoNames = std::to_array<std::string_view>(
    {"is",   "are",   "in",     "of",   "on",     "has",   "have",  "had",
     "with", "and",   "or",     "that", "which",  "was",   "were",  "be",
     "been", "exist", "exists", "not",  "object", "named", "called"});
constexpr std::string_view kName = R"([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)";
constexpr std::string_view kQuote = "['\"`]";

bool matches(std::string_view text, std::string_view pattern) {
  return RE2::PartialMatch(text, RE2(pattern));
}

std::optional<int64_t> number_in(std::string_view text, std::string_view pattern) {
  int64_t number = 0;
  if (!RE2::PartialMatch(text, RE2(pattern), &number)) return std::nullopt;
  return number;
}

std::string kind_pattern(std::string_view word) {
  return fmt::format(R"((?i)\b{}(?:e?s)?\b)", word);
}

// Quoted names behind the kind ("deployments 'a', 'b' and 'c'") or before it ("the 'a' pod"), or
// one word behind its singular ("deployment a").
std::vector<std::string> names_of(std::string_view question, std::string_view word) {
  const std::string one = fmt::format("{}({}){}", kQuote, kName, kQuote);
  const std::string list = fmt::format(
      R"((?i)\b{}(?:e?s)?\s+(?:named\s+|called\s+)?({}{}{}(?:(?:\s*,\s*|\s+and\s+|\s*,\s*and\s+){}{}{})*))",
      word, kQuote, kName, kQuote, kQuote, kName, kQuote);
  std::vector<std::string> names;
  std::string quoted;
  std::string name;
  if (RE2::PartialMatch(question, RE2(list), &quoted)) {
    const RE2 each(one);
    re2::StringPiece left = quoted;
    while (names.size() < kMaxNames && RE2::FindAndConsume(&left, each, &name)) {
      names.push_back(name);
    }
  } else if (RE2::PartialMatch(question, RE2(fmt::format(R"({}\s+(?i:{})\b)", one, word)), &name)) {
    names.push_back(name);
  } else if (RE2::PartialMatch(
                 question,
                 RE2(fmt::format(R"(\b(?i:is|does|has|did|of|in)\s+(?i:the\s+)?(?i:{})\s+({})\b)",
                                 word, kName)),
                 &name) &&
             !matches(name, kStateWords) && std::ranges::find(kNoNames, name) == kNoNames.end()) {
    names.push_back(name);
  }
  return names;
}

void read_place(std::string& question, DemoQuestion& read) {
  const RE2 place(fmt::format(R"((?i)\b(?:in|of|from)\s+(?:the\s+)?namespace\s+{}?({}){}?)", kQuote,
                              kName, kQuote));
  const RE2 everywhere(
      R"((?i)\b(?:in\s+|of\s+|across\s+)?(?:all|any|every)\s+namespaces?\b|\b(?:in\s+)?the\s+(?:whole\s+)?cluster\b|\bcluster-wide\b)");
  const RE2 here(R"((?i)\b(?:in\s+)?(?:this|the|its)\s+namespace\b)");
  if (RE2::PartialMatch(question, place, &read.ns)) {
    RE2::GlobalReplace(&question, place, "");
  } else if (RE2::PartialMatch(question, everywhere)) {
    read.all_namespaces = true;
    RE2::GlobalReplace(&question, everywhere, "");
  }
  RE2::GlobalReplace(&question, here, "");  // or it would be a question about a namespace
}

const KindRow* kind_of(std::string_view question) {
  // One that is named counts before one that is only mentioned.
  for (const KindRow& row : kKinds) {
    if (!names_of(question, row.word).empty()) return &row;
  }
  for (const KindRow& row : kKinds) {
    if (matches(question, kind_pattern(row.word))) return &row;
  }
  const bool workloads = matches(
      question, R"((?i)\b(?:anything|everything|something|workloads?|containers?|crash\w*)\b)");
  return workloads ? &kKinds.back() : nullptr;
}

}  // namespace

std::optional<DemoQuestion> read_demo_question(std::string_view question) {
  std::string text(trim(question.substr(0, kMaxQuestionBytes)));
  DemoQuestion read;
  read_place(text, read);
  const KindRow* row = kind_of(text);
  if (row == nullptr || matches(text, kForeignWords)) return std::nullopt;
  read.kind = row->kind;
  read.names = names_of(text, row->word);
  read.existence = matches(text, R"((?i)\bexists?\b|\bthere\b)");
  const bool state = matches(text, kStateWords);
  if (row->knows == Knows::kExistence) {
    if (read.names.empty() || !read.existence) return std::nullopt;
  } else if (!state && !(read.existence && !read.names.empty()) && read.kind != "Event") {
    return std::nullopt;
  }
  if (state) read.existence = false;
  read.ready_min =
      number_in(text, R"((?i)at least (\d{1,6})\s+(?:\w+\s+)?(?:ready|replicas|pods))");
  if (read.kind == "Pod" && matches(text, R"((?i)\brestart)")) {
    read.restarts_max =
        number_in(text, R"((?i)more (?:often )?than (\d{1,6}))").value_or(kDefaultRestartsMax);
  }
  return read;
}

std::string demo_questions() {
  std::vector<std::string> health;
  std::vector<std::string> existence;
  for (const KindRow& row : kKinds) {
    if (row.kind == "Event") continue;
    (row.knows == Knows::kHealth ? health : existence).push_back(fmt::format("{}s", row.word));
  }
  std::ranges::reverse(health);
  return fmt::format(
      "whether {} are healthy, whether there are warning events, and whether an object with a "
      "quoted name exists",
      fmt::join(health, ", "));
}

}  // namespace holmes
