#include "base/error.h"

#include <gtest/gtest.h>

#include "base/result.h"

namespace holmes {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::kInvalid, "n must be even");
  return n / 2;
}

Result<int> quarter(int n) {
  HOLMES_TRY(const int h, half(n));
  HOLMES_TRY(const int q, half(h));
  return q;
}

TEST(Result, TryHandsTheFirstErrorUpwards) {
  EXPECT_EQ(quarter(8).value(), 2);
  ASSERT_FALSE(quarter(6).has_value());
  EXPECT_EQ(quarter(6).error().code, ErrorCode::kInvalid);
}

TEST(Error, WithinKeepsCodeAndRetryAndAddsWhatWasAttempted) {
  const Error inner(ErrorCode::kUnavailable, "connection reset", std::chrono::seconds(2));
  const Error outer = inner.within("list pods");
  EXPECT_EQ(outer.message, "list pods: connection reset");
  EXPECT_EQ(outer.code, ErrorCode::kUnavailable);
  EXPECT_EQ(outer.retry_after, std::chrono::seconds(2));
}

}  // namespace
}  // namespace holmes
