#include "kube/store/api_request.h"

#include <charconv>

#include "base/strings.h"

namespace holmes::kube {

std::string_view ApiRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool ApiRequest::has(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return true;
  }
  return false;
}

bool ApiRequest::flag(std::string_view name) const {
  return has(name) && parameter(name) != "0" && !equals_ignoring_case(parameter(name), "false");
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0) {
    return std::nullopt;
  }
  return number;
}

}  // namespace holmes::kube
