#include "kube/runtime/event_spam_filter.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

ObjectReference object(const std::string& name) {
  return {.api_version = "toys.dev/v1", .kind = "Toy", .ns = "default", .name = name, .uid = "u"};
}

unsigned allowed(EventSpamFilter& filter, const ObjectReference& about, MonoTime now) {
  unsigned count = 0;
  while (count < 1000 && filter.allow(about, now)) ++count;
  return count;
}

TEST(EventSpamFilter, AllowsABurstForEachObjectWhateverItsVersion) {
  EventSpamFilter filter;
  const MonoTime now{seconds(1)};
  EXPECT_EQ(allowed(filter, object("a"), now), kEventBurst);
  ObjectReference newer = object("a");
  newer.resource_version = "8";
  EXPECT_EQ(allowed(filter, newer, now), 0U);
  EXPECT_EQ(allowed(filter, object("b"), now), kEventBurst);
  ObjectReference reborn = object("a");
  reborn.uid = "v";
  EXPECT_EQ(allowed(filter, reborn, now), kEventBurst);
}

TEST(EventSpamFilter, GivesATokenBackAtEachRefillUpToTheBurst) {
  EventSpamFilter filter;
  MonoTime now{seconds(1)};
  EXPECT_EQ(allowed(filter, object("a"), now), kEventBurst);
  now += kEventRefill - seconds(1);
  EXPECT_EQ(allowed(filter, object("a"), now), 0U);
  now += seconds(1);
  EXPECT_EQ(allowed(filter, object("a"), now), 1U);
  now += 3 * kEventRefill;
  EXPECT_EQ(allowed(filter, object("a"), now), 3U);
  now += hours(24);
  EXPECT_EQ(allowed(filter, object("a"), now), kEventBurst);
}

TEST(EventSpamFilter, IsBoundedAndForgetsWhoWasSilentTheLongest) {
  EventSpamFilter filter;
  const MonoTime now{seconds(1)};
  EXPECT_EQ(allowed(filter, object("a"), now), kEventBurst);
  EXPECT_EQ(allowed(filter, object("b"), now), kEventBurst);
  for (size_t i = 1; i < kMaxSpamBuckets; ++i) filter.allow(object("c" + std::to_string(i)), now);
  EXPECT_EQ(allowed(filter, object("b"), now), 0U);
  EXPECT_EQ(allowed(filter, object("a"), now), kEventBurst);
}

}  // namespace
}  // namespace holmes::kube
