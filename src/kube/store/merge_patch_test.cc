#include <gtest/gtest.h>

#include "kube/store/patch.h"

namespace holmes::kube {
namespace {

// RFC 7386, appendix A: the examples where original and patch are objects, which is all that the
// API has, and the example of section 3.
TEST(MergePatch, DoesTheExamplesOfTheRfc) {
  const struct {
    std::string_view object;
    std::string_view patch;
    std::string_view result;
  } cases[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {R"({"a":"foo"})", R"({"a":{"b":"c","n":null}})", R"({"a":{"b":"c"}})"},
      {R"({"a":1})", R"({"l":[null,{"x":null}]})", R"({"a":1,"l":[null,{"x":null}]})"},
      {R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},)"
       R"("tags":["example","sample"],"content":"This will be unchanged"})",
       R"({"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},)"
       R"("tags":["example"]})",
       R"({"title":"Hello!","author":{"givenName":"John"},"tags":["example"],)"
       R"("content":"This will be unchanged","phoneNumber":"+01-123-456-7890"})"},
  };
  for (const auto& [object, patch, result] : cases) {
    EXPECT_EQ(parse_json(to_text(
                  apply_merge_patch(*parse_json_object(object), *parse_json_object(patch)))),
              parse_json(result))
        << patch;
  }
}

}  // namespace
}  // namespace holmes::kube
