// What a real API server was recorded to say (testdata/record.py), for tests to compare with.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"
#include "kube/store/refusal.h"

namespace holmes::kube {

inline json::value recorded(const std::string& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto value = parse_json(text);
  EXPECT_TRUE(value) << file << ": " << (value ? "" : value.error().message);
  return value ? json::value(*value) : json::value();
}

// One line for each cause, sorted: Go's maps have no order.
inline std::vector<std::string> lines(const Causes& causes) {
  std::vector<std::string> lines;
  for (const Cause& cause : causes) {
    lines.push_back(cause.field + " | " + cause.reason + " | " + cause.message);
  }
  std::ranges::sort(lines);
  return lines;
}

inline Causes recorded_causes(const json::object& row) {
  Causes causes;
  const json::array* array = json_array(row, {"causes"});
  if (array == nullptr) return causes;
  for (const json::value& cause : *array) {
    causes.push_back({json_string_or(cause, {"field"}), json_string_or(cause, {"reason"}),
                      json_string_or(cause, {"message"})});
  }
  return causes;
}

}  // namespace holmes::kube
