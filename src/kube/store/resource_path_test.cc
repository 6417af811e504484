#include "kube/store/resource_path.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace holmes::kube {
namespace {

std::optional<ResourcePath> parse(std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string_view part : split(path, '/')) segments.emplace_back(part);
  return parse_resource_path(segments);
}

TEST(ResourcePath, NamesGroupNamespaceObjectAndSubresource) {
  struct Row {
    std::string_view path;
    ResourcePath expected;
  };
  const std::vector<Row> rows{
      {"api/v1/pods", {"", "v1", "", "pods", "", ""}},
      {"api/v1/namespaces/a/pods", {"", "v1", "a", "pods", "", ""}},
      {"api/v1/namespaces/a/pods/b/log", {"", "v1", "a", "pods", "b", "log"}},
      {"apis/g.test/v1/namespaces/a/toys/b", {"g.test", "v1", "a", "toys", "b", ""}},
      {"apis/g.test/v1/toys", {"g.test", "v1", "", "toys", "", ""}},
      // A namespace is an object, too.
      {"api/v1/namespaces", {"", "v1", "", "namespaces", "", ""}},
      {"api/v1/namespaces/a", {"", "v1", "", "namespaces", "a", ""}},
      {"api/v1/namespaces/a/status", {"", "v1", "", "namespaces", "a", "status"}},
      {"api/v1/namespaces/a/finalize", {"", "v1", "", "namespaces", "a", "finalize"}},
  };
  for (const Row& row : rows) {
    const auto path = parse(row.path);
    ASSERT_TRUE(path) << row.path;
    EXPECT_EQ(*path, row.expected) << row.path;
  }
}

TEST(ResourcePath, IsNoneForDiscoveryAndForWhatIsTooLongOrHasHoles) {
  for (const std::string_view path :
       {"", "api", "api/v1", "apis", "apis/g.test", "apis/g.test/v1", "version",
        "api/v1/pods/a/b/c", "api/v1//a", "api/v1/namespaces/a/pods/",
        "apis/g.test/v1/namespaces//toys"}) {
    EXPECT_FALSE(parse(path)) << path;
  }
}

}  // namespace
}  // namespace holmes::kube
