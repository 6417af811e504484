// A list whose copies are one until one of them is changed: a request is held by each layer
// that it goes through while its model thinks, and by a thousand checks at once.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace holmes {

// One thread at a time, as all of its copies.
template <class T>
class SharedList {
 public:
  using value_type = T;
  using const_iterator = std::vector<T>::const_iterator;

  SharedList() = default;
  SharedList(std::initializer_list<T> items) : items_(std::make_shared<std::vector<T>>(items)) {}
  SharedList(std::vector<T> items)  // NOLINT(google-explicit-constructor)
      : items_(std::make_shared<std::vector<T>>(std::move(items))) {}

  [[nodiscard]] const std::vector<T>& all() const {
    static const std::vector<T> none;
    return items_ == nullptr ? none : *items_;
  }
  operator const std::vector<T>&() const { return all(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] const_iterator begin() const { return all().begin(); }
  [[nodiscard]] const_iterator end() const { return all().end(); }
  [[nodiscard]] size_t size() const { return all().size(); }
  [[nodiscard]] bool empty() const { return all().empty(); }
  const T& operator[](size_t index) const { return all()[index]; }
  [[nodiscard]] const T& front() const { return all().front(); }
  [[nodiscard]] const T& back() const { return all().back(); }

  // This list alone, to be changed before it is copied again.
  std::vector<T>& change() {
    if (items_ == nullptr || items_.use_count() != 1) {
      items_ = std::make_shared<std::vector<T>>(all());
    }
    return *items_;
  }
  void push_back(T item) { change().push_back(std::move(item)); }

  friend bool operator==(const SharedList& a, const SharedList& b)
    requires std::equality_comparable<T>
  {
    return a.all() == b.all();
  }

 private:
  std::shared_ptr<std::vector<T>> items_;
};

}  // namespace holmes
