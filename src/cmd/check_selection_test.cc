#include "cmd/check_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

FileCheck check(std::string name, std::vector<std::string> tags = {}, std::string ns = "") {
  FileCheck check;
  check.name = std::move(name);
  check.ns = std::move(ns);
  check.tags = std::move(tags);
  check.request.query = "q";
  return check;
}

std::vector<FileCheck> some() {
  return {check("a", {"web", "prod"}), check("b", {"prod"}), check("c", {}, "shop"),
          check("a", {"team=web"}, "shop")};
}

std::vector<std::string> picked(const CheckSelection& selection) {
  const auto checks = select_checks(some(), selection);
  if (!checks) return {checks.error().message};
  std::vector<std::string> names;
  for (const FileCheck& check : *checks) names.push_back(display_name(check));
  return names;
}

TEST(CheckSelection, PicksByNameAndByTagInTheOrderOfTheChecks) {
  EXPECT_THAT(picked({}), ElementsAre("a", "b", "shop/c", "shop/a"));
  EXPECT_THAT(picked({{"c", "b"}, {}}), ElementsAre("b", "shop/c"));
  EXPECT_THAT(picked({{"a"}, {}}), ElementsAre("a", "shop/a"));
  EXPECT_THAT(picked({{"shop/a"}, {}}), ElementsAre("shop/a"));
  EXPECT_THAT(picked({{}, {"web", "team=web"}}), ElementsAre("a", "shop/a"));
  EXPECT_THAT(picked({{"a"}, {"prod"}}), ElementsAre("a"));
}

TEST(CheckSelection, SaysWhatThereIsWhenNothingIsPicked) {
  EXPECT_THAT(picked({{"shop/d"}, {}}),
              ElementsAre("--name: there is no check 'shop/d' (did you mean shop/a or shop/c?); "
                          "there are: a, b, shop/c, shop/a"));
  EXPECT_THAT(picked({{}, {"dev"}}),
              ElementsAre("--tags: no check has the tag dev; there are: prod, team=web, web"));
  const auto untagged = select_checks({check("a")}, {{}, {"x", "y"}});
  EXPECT_EQ(untagged.error().message, "--tags: no check has the tag x, y; they have none");
}

TEST(CheckSelection, TellsOnlySomeOfManyNames) {
  std::vector<FileCheck> checks;
  for (int i = 0; i < 30; ++i) checks.push_back(check("check-" + std::to_string(i)));
  EXPECT_THAT(select_checks(checks, {{"zzz"}, {}}).error().message,
              HasSubstr("check-19 and 10 more"));
}

TEST(CheckSelection, ARunHasALimit) {
  const std::vector<FileCheck> many(kMaxChecksOfRun + 1, check("a"));
  EXPECT_THAT(select_checks(many, {}).error().message, HasSubstr("--name or --tags"));
}

TEST(CheckOverrides, GoBeforeTheFileWhereTheySayAnything) {
  std::vector<FileCheck> checks = some();
  checks[0].request.mode = CheckMode::kAlert;
  checks[0].request.model = "own";
  checks[0].request.timeout = std::chrono::seconds(7);
  apply_overrides({}, checks);
  EXPECT_EQ(checks[0].request.mode, CheckMode::kAlert);
  EXPECT_EQ(checks[0].request.model, "own");
  EXPECT_EQ(checks[0].request.timeout, std::chrono::seconds(7));
  EXPECT_EQ(checks[0].request.name, "a");
  EXPECT_EQ(checks[2].request.name, "shop/c");
  apply_overrides({CheckMode::kMonitor, std::chrono::seconds(9), "m", "here", {}}, checks);
  EXPECT_EQ(checks[0].request.mode, CheckMode::kMonitor);
  EXPECT_EQ(checks[0].request.model, "m");
  EXPECT_EQ(checks[0].request.timeout, std::chrono::seconds(9));
  EXPECT_EQ(checks[0].request.name, "here/a");
  EXPECT_EQ(checks[2].request.name, "shop/c");
}

TEST(CheckOverrides, ADestinationIsForChecksThatAlertAndNameNoDestination) {
  std::vector<FileCheck> checks{check("a"), check("b"), check("c")};
  checks[0].request.mode = CheckMode::kAlert;
  checks[1].request.mode = CheckMode::kAlert;
  checks[1].request.destinations = {{"pagerduty", "", {}}};
  const Destination ops{"slack", "", {{"channel", "#ops"}}};
  apply_overrides({{}, {}, "", "", ops}, checks);
  EXPECT_THAT(checks[0].request.destinations, ElementsAre(ops));
  EXPECT_THAT(checks[1].request.destinations, SizeIs(1));
  EXPECT_THAT(checks[2].request.destinations, IsEmpty());
}

TEST(CheckOverrides, NamesOnTheWireArePrintableAndHaveNoFalseNamespace) {
  std::vector<FileCheck> checks{check("are we/ok?\n\xC3\xA4"), check(std::string(300, 'x'))};
  apply_overrides({}, checks);
  EXPECT_EQ(checks[0].request.name, "are we_ok?___");
  EXPECT_EQ(checks[1].request.name.size(), kMaxNameLength);
}

TEST(InlineChecks, HaveNamesOfTheirOwn) {
  const auto checks = inline_checks({"q", "r"});
  ASSERT_THAT(checks, SizeIs(2));
  EXPECT_EQ(checks[0].name, "Inline Check");
  EXPECT_EQ(checks[1].name, "Inline Check 2");
  EXPECT_EQ(checks[1].request.query, "r");
}

}  // namespace
}  // namespace holmes
