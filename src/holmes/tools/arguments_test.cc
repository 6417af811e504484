#include "holmes/tools/arguments.h"

#include <array>

#include <gtest/gtest.h>

namespace holmes {
namespace {

constexpr std::array kParameters{Parameter{"kind", ParameterType::kString, true, "Kind."},
                                 Parameter{"previous", ParameterType::kBoolean, false, "Before."},
                                 Parameter{"tail_lines", ParameterType::kInteger, false, "Lines."}};

TEST(Arguments, SchemaIsStrict) {
  EXPECT_EQ(to_text(to_schema(kParameters)),
            R"({"type":"object","properties":{"kind":{"type":"string","description":"Kind."},)"
            R"("previous":{"type":["boolean","null"],"description":"Before."},)"
            R"("tail_lines":{"type":["integer","null"],"description":"Lines."}},)"
            R"("required":["kind","previous","tail_lines"],"additionalProperties":false})");
}

TEST(Arguments, SayWhatWouldBeRight) {
  struct Case {
    std::string_view arguments;
    std::string_view error;
  };
  const Case cases[] = {
      {R"({"kind":"a","ns":"b"})",
       "there is no argument 'ns'; the arguments are: kind, previous, tail_lines"},
      {R"({})", "argument 'kind' is missing"},
      {R"({"kind":null})", "argument 'kind' is missing"},
      {R"({"kind":"  "})", "argument 'kind' must not be empty"},
      {R"({"kind":1})", "argument 'kind' must be of type string, is a number"},
      {R"({"kind":"a","previous":"yes"})",
       "argument 'previous' must be of type boolean or null, is a string"},
      {R"({"kind":"a","tail_lines":1.5})",
       "argument 'tail_lines' must be of type integer or null, is a number"},
  };
  for (const Case& c : cases) {
    const Result<Arguments> read =
        Arguments::read(parse_json_object(c.arguments).value(), kParameters);
    ASSERT_FALSE(read) << c.arguments;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(read.error().message, c.error);
  }
  json::object huge{{"kind", std::string(kMaxArgumentBytes + 1, 'x')}};
  EXPECT_FALSE(Arguments::read(huge, kParameters));
}

TEST(Arguments, NullAndEmptyAreAbsent) {
  const Arguments absent =
      Arguments::read({{"kind", " Pod "}, {"previous", nullptr}, {"tail_lines", nullptr}},
                      kParameters)
          .value();
  EXPECT_EQ(absent.text("kind"), "Pod");
  EXPECT_EQ(absent.text("namespace", "default"), "default");
  EXPECT_FALSE(absent.flag("previous"));
  EXPECT_FALSE(absent.integer("tail_lines"));
  const Arguments given =
      Arguments::read({{"kind", "Pod"}, {"previous", true}, {"tail_lines", 5}}, kParameters)
          .value();
  EXPECT_TRUE(given.flag("previous"));
  EXPECT_EQ(given.integer("tail_lines"), 5);
}

}  // namespace
}  // namespace holmes
