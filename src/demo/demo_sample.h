// What stands in the sample cluster at first: namespaces, a node, workloads, services. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace holmes {

inline constexpr std::string_view kDemoNamespace = "shop";
inline constexpr std::string_view kDemoNode = "demo-node";

struct DemoSampleObject {
  std::string resource;  // as the store names it
  json::object object;
  bool has_status = false;  // which is written after it
};

// In the order in which they can be made.
std::vector<DemoSampleObject> demo_sample(WallTime now);

// `search` gets its second replica at the very end, so that people see it become ready.
inline constexpr std::string_view kDemoLateDeployment = "search";
inline constexpr int kDemoLateReplicas = 2;

}  // namespace holmes
