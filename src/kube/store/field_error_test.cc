#include "kube/store/field_error.h"

#include <gtest/gtest.h>

namespace holmes::kube::field {
namespace {

TEST(FieldError, QuotesAsGoDoes) {
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted("\a\b\f\n\r\t\v"), R"("\a\b\f\n\r\t\v")");
  EXPECT_EQ(quoted(std::string_view("\0\x1b\x7f", 3)), R"("\x00\x1b\x7f")");
  EXPECT_EQ(quoted("äß😀"), R"("äß😀")");
  EXPECT_EQ(quoted("\u00a0\u2003\u200b\ufeff\ue000"), R"("\u00a0\u2003\u200b\ufeff\ue000")");
  EXPECT_EQ(quoted("\xff\xc3"), R"("\xff\xc3")");
}

TEST(FieldError, ShowsNumbersAsGoDoes) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.5), "0.5");
  EXPECT_EQ(number_text(123456.5), "123456.5");
  EXPECT_EQ(number_text(1e6), "1e+06");
  EXPECT_EQ(number_text(2500000.5), "2.5000005e+06");
  EXPECT_EQ(number_text(0.00001), "1e-05");
}

TEST(FieldError, EncodesValuesAsGoDoes) {
  const json::value value = {{"b", {1, 5.0, 0.5, nullptr, true}}, {"a", "<&>\n\x01"}};
  EXPECT_EQ(encoded(value), R"({"a":"\u003c\u0026\u003e\n\u0001","b":[1,5,0.5,null,true]})");
  EXPECT_EQ(encoded(json::value(1e6)), "1000000");
  EXPECT_EQ(encoded(json::object()), "{}");
}

TEST(FieldError, CountsInWords) {
  EXPECT_EQ(too_long("a", 1).message, "Too long: may not be more than 1 byte");
  EXPECT_EQ(too_long("a", 2).message, "Too long: may not be more than 2 bytes");
  EXPECT_EQ(too_many("a", 3, 1).message, "Too many: 3: must have at most 1 item");
  EXPECT_EQ(required("a").message, "Required value");
  EXPECT_EQ(forbidden("a", "b").message, "Forbidden: b");
  EXPECT_EQ(not_supported("a", json::value(5), {"b", "c"}).message,
            R"(Unsupported value: 5: supported values: "b", "c")");
}

}  // namespace
}  // namespace holmes::kube::field
