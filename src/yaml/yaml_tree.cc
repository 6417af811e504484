#include "yaml/yaml_tree.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/strings.h"
#include "yaml/yaml_scalar.h"

namespace holmes {
namespace {

constexpr std::string_view kMergeKey = "<<";
constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

Position position(const YAML::Mark& mark) {
  return mark.is_null() ? Position{} : Position{mark.line + 1, mark.column + 1};
}

size_t node_count(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += node_count(item);
  for (const YamlMember& member : node.members) count += node_count(member.value);
  return count;
}

YamlNode scalar_node(Position at, const std::string& tag, const std::string& text) {
  YamlNode node;
  node.at = at;
  node.text = text;
  // "?" is what the parser calls a scalar without quotes, "!" one with them.
  const bool plain = tag == "?" || (tag.starts_with(kStandardTags) && tag != kStringTag);
  node.scalar = plain ? read_plain_scalar(text) : json::value(json::string(text));
  return node;
}

// Builds the tree from the parser's events. It cannot stop the parser: after a limit was passed
// every further event is ignored.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Report& report, size_t nodes_max) : report_(report), nodes_max_(nodes_max) {}

  std::vector<YamlNode> take() { return std::move(documents_); }
  // A limit was passed, and reported.
  [[nodiscard]] bool refused() const { return refused_; }
  // Where the last document began, and the last scalar in quotes or of a block.
  [[nodiscard]] Position document() const { return document_; }
  [[nodiscard]] Position last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    document_ = position(mark);
    stack_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!take_nodes(1, position(mark))) return;
    finish(scalar_node(position(mark), "?", ""), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag == "!") last_quoted_ = position(mark);
    if (!take_nodes(1, position(mark))) return;
    finish(scalar_node(position(mark), tag, value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (refused_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      return refuse(position(mark), "an alias must not stand inside what it names");
    if (!take_nodes(found->second.count, position(mark))) return;
    YamlNode copy = found->second.node;
    copy.at = position(mark);
    finish(std::move(copy), 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlMember> key;     // of a map, whose value has not come yet
    std::map<std::string, int> lines;  // by key of a map
    std::vector<YamlNode> merged;
  };
  struct Anchored {
    YamlNode node;
    size_t count = 0;
  };

  void refuse(Position at, std::string message) {
    refused_ = true;
    report_.error(at, path(), std::move(message));
  }

  bool take_nodes(size_t count, Position at) {
    if (refused_) return false;
    nodes_ += count;
    if (nodes_ <= nodes_max_) return true;
    refuse(at, fmt::format("a file must have at most {} values, aliases counted at each use; "
                           "split it",
                           nodes_max_));
    return false;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (!take_nodes(1, position(mark))) return;
    if (stack_.size() >= kMaxYamlDepth) {
      return refuse(position(mark),
                    fmt::format("must not be nested deeper than {} levels", kMaxYamlDepth));
    }
    Open opened;
    opened.node.kind = kind;
    opened.node.at = position(mark);
    opened.anchor = anchor;
    stack_.push_back(std::move(opened));
  }

  void close() {
    if (refused_) return;
    Open closed = std::move(stack_.back());
    stack_.pop_back();
    for (YamlNode& merged : closed.merged) {
      for (YamlMember& member : merged.members) {
        if (!closed.lines.emplace(member.key, member.at.line).second) continue;
        closed.node.members.push_back(std::move(member));
      }
    }
    finish(std::move(closed.node), closed.anchor);
  }

  // The node is complete: it goes where it belongs.
  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      const size_t count = node_count(node);
      if (!take_nodes(count, node.at)) return;  // it is kept a second time
      anchors_[anchor] = {node, count};
    }
    if (stack_.empty()) {
      if (!node.is_null()) documents_.push_back(std::move(node));
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      take_key(parent, std::move(node));
    } else {
      take_value(parent, std::move(node));
    }
  }

  void take_key(Open& map, YamlNode node) {
    if (node.kind != YamlNode::Kind::kScalar) {
      report_.error(node.at, path(), "a key must be a word");
    }
    map.key = YamlMember{std::move(node.text), node.at, {}};
  }

  void take_value(Open& map, YamlNode node) {
    YamlMember member = std::move(*map.key);
    map.key.reset();
    if (member.key == kMergeKey) {
      if (node.kind != YamlNode::Kind::kList) node.items.push_back(node);
      for (YamlNode& item : node.items) map.merged.push_back(std::move(item));
      return;
    }
    const auto [first, is_new] = map.lines.emplace(member.key, member.at.line);
    if (!is_new) {
      report_.error(
          member.at, path(),
          fmt::format("{} stands twice, first in line {}", quoted(member.key), first->second));
      return;
    }
    if (node.is_null() && node.text.empty()) node.at = member.at;
    member.value = std::move(node);
    map.node.members.push_back(std::move(member));
  }

  // Of what is open.
  [[nodiscard]] std::string path() const {
    std::string path;
    for (const Open& open : stack_) {
      if (open.node.kind == YamlNode::Kind::kList) {
        path += fmt::format("[{}]", open.node.items.size());
      } else if (open.key) {
        path += (path.empty() ? "" : ".") + cut(open.key->key, 100);
      }
    }
    return path;
  }

  Report& report_;
  const size_t nodes_max_;
  std::vector<YamlNode> documents_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t nodes_ = 0;
  bool refused_ = false;
  Position document_{0, 0};
  Position last_quoted_{0, 0};
};

std::string_view text_from(std::string_view text, Position at) {
  for (int line = 1; line < at.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) return text;
  }
  return text.substr(std::min(static_cast<size_t>(at.column - 1), text.size()));
}

// Whether the quote at the beginning of the text is never closed; the parser lets that pass at the
// end of a file.
bool is_unclosed(std::string_view text) {
  if (text.empty() || (text[0] != '\'' && text[0] != '"')) return false;
  const char quote = text[0];
  for (size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return false;
      ++i;
    }
  }
  return true;
}

// A tab where YAML wants spaces is the one mistake that the parser's words do not tell.
bool indented_by_tab(std::string_view text, int line) {
  const auto lines = split(text, '\n');
  for (int i = line; i >= std::max(1, line - 1); --i) {
    if (static_cast<size_t>(i) > lines.size()) continue;
    const std::string_view content = lines[static_cast<size_t>(i - 1)];
    const std::string_view indent = content.substr(0, content.find_first_not_of(" \t"));
    if (indent.find('\t') != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

const YamlMember* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &YamlMember::key);
  return found == members.end() ? nullptr : &*found;
}

std::string_view YamlNode::string_at(std::string_view key) const {
  const YamlMember* member = find(key);
  if (member == nullptr || !member->value.scalar.is_string()) return "";
  return member->value.scalar.get_string();
}

json::value to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return node.scalar;
    case YamlNode::Kind::kList: {
      json::array array;
      for (const YamlNode& item : node.items) array.push_back(to_json(item));
      return array;
    }
    case YamlNode::Kind::kMap: {
      json::object object;
      for (const YamlMember& member : node.members) object[member.key] = to_json(member.value);
      return object;
    }
  }
  return nullptr;
}

std::vector<YamlNode> parse_yaml(std::string_view text, Report& report, size_t nodes_max) {
  TreeBuilder builder(report, nodes_max);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    Position begun = builder.document();
    while (parser.HandleNextDocument(builder)) {
      // Before a misplaced mark such as a comma the parser sees empty documents without end.
      if (builder.document() == begun) {
        report.error(begun, "", "this is not YAML: no value can begin here");
        break;
      }
      begun = builder.document();
    }
    const Position quote = builder.last_quoted();
    if (quote.line > 0 && is_unclosed(text_from(text, quote))) {
      report.error(quote, "", "this quote is never closed");
    }
  } catch (const YAML::Exception& error) {
    if (builder.refused()) return builder.take();
    const Position at = position(error.mark);
    report.error(at, "",
                 indented_by_tab(text, at.line)
                     ? std::string("a tab cannot indent YAML; use spaces")
                     : fmt::format("this is not YAML: {}", error.msg));
  }
  return builder.take();
}

}  // namespace holmes
