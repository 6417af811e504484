// Lru: a map of bounded size that forgets what was used the longest time ago. Pure.
#pragma once

#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/assert.h"

namespace holmes::kube {

template <class Value>
class Lru {
 public:
  explicit Lru(size_t limit) : limit_(limit) { HOLMES_ASSERT(limit > 0); }

  // nullptr when there is none. Valid until the next call that is not const.
  Value* use(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().second;
  }
  // Precondition: the key is not there, and full() is false.
  Value& add(std::string key, Value value) {
    HOLMES_ASSERT(!full());
    entries_.emplace_front(key, std::move(value));
    const bool added = places_.emplace(std::move(key), entries_.begin()).second;
    HOLMES_ASSERT(added);
    return entries_.front().second;
  }
  // What was used the longest time ago. Precondition: there is something.
  [[nodiscard]] const Value& oldest() const { return entries_.back().second; }
  Value take_oldest() {
    Value value = std::move(entries_.back().second);
    places_.erase(entries_.back().first);
    entries_.pop_back();
    return value;
  }
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [key, value] : entries_) visit(value);
  }
  [[nodiscard]] bool full() const { return entries_.size() >= limit_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;

  size_t limit_;
  Entries entries_;  // the last used one first
  std::unordered_map<std::string, typename Entries::iterator> places_;
};

}  // namespace holmes::kube
