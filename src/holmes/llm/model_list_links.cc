#include "holmes/llm/model_list_links.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "config/suggest.h"

namespace holmes {
namespace {

struct Link {
  std::string to;
  Position at;
};
using Links = std::map<std::string, std::vector<Link>, std::less<>>;

constexpr std::string_view kKeys[] = {"fallbacks", "fallback"};

std::vector<Link> links_of(const YamlNode& entry) {
  std::vector<Link> links;
  for (const std::string_view key : kKeys) {
    const YamlMember* member = entry.find(key);
    if (member == nullptr || member->value.is_null()) continue;
    if (member->value.kind == YamlNode::Kind::kScalar) {
      links.push_back({member->value.text, member->value.at});
    }
    for (const YamlNode& item : member->value.items) links.push_back({item.text, item.at});
  }
  return links;
}

class Linker {
 public:
  Linker(const Links& links, std::vector<ModelEntry>& entries, Report& report)
      : links_(links), entries_(entries), report_(report) {}

  // Whether all these names can stand in.
  bool check(const std::string& name, const std::vector<Link>& links) {
    bool good = true;
    for (const Link& link : links) {
      const auto entry = std::ranges::find(entries_, link.to, &ModelEntry::name);
      if (entry == entries_.end()) {
        std::vector<std::string> known;
        for (const ModelEntry& other : entries_) known.push_back(other.name);
        good = wrong(name, link,
                     fmt::format("{} is no model of this list{}", quoted(link.to),
                                 did_you_mean(link.to, known)));
      } else if (!entry->recording.empty()) {
        good = wrong(
            name, link,
            fmt::format("{} is a recording, which cannot stand in for a model", quoted(link.to)));
      }
    }
    return good;
  }

  // All that stand in for this one, each once; a circle is reported where it closes.
  bool follow(const std::string& name, std::vector<std::string>& way,
              std::vector<std::string>& found) {
    const auto links = links_.find(name);
    if (links == links_.end()) return true;
    way.push_back(name);
    for (const Link& link : links->second) {
      if (std::ranges::find(way, link.to) != way.end()) {
        return wrong(name, link,
                     fmt::format("a circle: {} stands in for itself in the end", quoted(link.to)));
      }
      if (std::ranges::find(found, link.to) != found.end()) continue;
      found.push_back(link.to);
      if (found.size() > kMaxFallbacks) {
        return wrong(name, link,
                     fmt::format("at most {} models may stand in for one", kMaxFallbacks));
      }
      if (!follow(link.to, way, found)) return false;
    }
    way.pop_back();
    return true;
  }

 private:
  bool wrong(const std::string& name, const Link& link, std::string message) {
    report_.error(link.at, name + ".fallbacks", std::move(message));
    return false;
  }

  const Links& links_;
  std::vector<ModelEntry>& entries_;
  Report& report_;
};

}  // namespace

void link_fallbacks(const YamlNode& root, std::vector<ModelEntry>& entries, Report& report) {
  Links links;
  for (const YamlMember& member : root.members) {
    std::vector<Link> own = links_of(member.value);
    if (!own.empty()) links.emplace(member.key, std::move(own));
  }
  Linker linker(links, entries, report);
  bool good = true;
  for (const auto& [name, own] : links) good = linker.check(name, own) && good;
  for (ModelEntry& entry : entries) {
    std::vector<std::string> way;
    std::vector<std::string> found;
    if (!good || !linker.follow(entry.name, way, found)) return;
    entry.fallbacks = std::move(found);
  }
}

}  // namespace holmes
