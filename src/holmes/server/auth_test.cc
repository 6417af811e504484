#include "holmes/server/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

TEST(Auth, TakesTheKeyFromEitherHeader) {
  const struct {
    HttpHeaders headers;
    bool authorized;
  } cases[] = {
      {{{"X-API-Key", "secret"}}, true},
      {{{"x-api-key", "secret"}}, true},
      {{{"Authorization", "Bearer secret"}}, true},
      {{{"Authorization", "bearer  secret"}}, true},
      {{{"X-API-Key", "wrong"}, {"Authorization", "Bearer secret"}}, true},
      {{}, false},
      {{{"X-API-Key", ""}}, false},
      {{{"X-API-Key", "secre"}}, false},
      {{{"X-API-Key", "secretx"}}, false},
      {{{"X-API-Key", "SECRET"}}, false},
      {{{"Authorization", "Basic secret"}}, false},
      {{{"Authorization", "Bearer"}}, false},
      {{{"Authorization", "Bearersecret"}}, false},
      {{{"Authorization", "secret"}}, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(is_authorized(c.headers, "secret"), c.authorized)
        << (c.headers.all().empty() ? "no header" : c.headers.all().front().second);
  }
}

TEST(Auth, WithoutAKeyEverybodyMayCall) {
  EXPECT_TRUE(is_authorized({}, ""));
}

TEST(Auth, ServerWithoutAKeyStaysOnLoopback) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "localhost"}) {
    EXPECT_TRUE(check_exposure(host, "", false)) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1"}) {
    const Status refused = check_exposure(host, "", false);
    ASSERT_FALSE(refused) << host;
    EXPECT_THAT(refused.error().message, testing::HasSubstr("HOLMES_API_KEY"));
    EXPECT_THAT(refused.error().message, testing::HasSubstr(host));
    EXPECT_TRUE(check_exposure(host, "key", false)) << host;
    EXPECT_TRUE(check_exposure(host, "", true)) << host;
  }
}

}  // namespace
}  // namespace holmes
