#include "config/suggest.h"

#include <gtest/gtest.h>

namespace holmes {
namespace {

const std::vector<std::string> kCommands{"server", "operator", "crd", "version"};

TEST(Suggest, NamesWhatIsASlipAway) {
  EXPECT_EQ(near_names("sevrer", kCommands), std::vector<std::string>{"server"});
  EXPECT_EQ(near_names("Operater", kCommands), std::vector<std::string>{"operator"});
  EXPECT_EQ(did_you_mean("crds", kCommands, "--"), " (did you mean --crd?)");
}

TEST(Suggest, SaysNothingWhenNothingIsNear) {
  EXPECT_TRUE(near_names("detect", kCommands).empty());
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), kCommands), "");
  EXPECT_EQ(did_you_mean("", kCommands), "");
}

TEST(Suggest, NearestFirstAndAtMostThree) {
  EXPECT_EQ(near_names("aaa1", {"aaa2", "aaa1", "aaa3", "aaa4", "zzzz"}),
            (std::vector<std::string>{"aaa1", "aaa2", "aaa3"}));
}

}  // namespace
}  // namespace holmes
