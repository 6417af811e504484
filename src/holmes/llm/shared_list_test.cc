#include "holmes/llm/shared_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SharedList, CopiesAreOneUntilOneIsChanged) {
  SharedList<int> first{1, 2};
  SharedList<int> second = first;
  EXPECT_EQ(&first.all(), &second.all());
  second.push_back(3);
  EXPECT_THAT(first, ElementsAre(1, 2));
  EXPECT_THAT(second, ElementsAre(1, 2, 3));
  const std::vector<int>* const alone = &second.all();
  second.change().front() = 7;
  EXPECT_EQ(&second.all(), alone) << "nobody shares it, so it is not copied";
  EXPECT_THAT(second, ElementsAre(7, 2, 3));
}

TEST(SharedList, IsEmptyWithoutItems) {
  SharedList<int> list;
  EXPECT_THAT(list, IsEmpty());
  EXPECT_EQ(list, SharedList<int>(std::vector<int>()));
  const SharedList<int> moved = std::move(list);
  list.push_back(1);  // NOLINT(bugprone-use-after-move)
  EXPECT_THAT(list, ElementsAre(1));
  EXPECT_THAT(moved, IsEmpty());
}

}  // namespace
}  // namespace holmes
