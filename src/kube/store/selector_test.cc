#include "kube/store/selector.h"

#include <gtest/gtest.h>

namespace holmes::kube {
namespace {

struct Refused {
  std::string_view selector;
  std::string_view message;
};

// Said by kube-apiserver 1.35. The long rules are named in angle brackets.
constexpr std::string_view kGood[] = {"a=b",          "a==b",
                                      "a!=b",         "a in (b,c)",
                                      "a in (b, c,)", "a in ()",
                                      "a notin (b)",  "a",
                                      "!a",           "! a",
                                      "a>1",          "a<1",
                                      "a=",           "a==",
                                      "a!=",          "a in (,b)",
                                      "a in(b)",      "in",
                                      "in in (in)",   "notin",
                                      "a>1,a<3",      "a=b,a=c",
                                      "a in (b,b)",   "  ",
                                      "a = b",        "a in ( b , c )",
                                      "a > 1",        "a notin ()",
                                      "a in (in)",    "a=in",
                                      "a=notin",      "a!=in,b",
                                      "a in (b,,c)",  "\ta\n=\rb",
                                      "a_b-c.d",      "a>01",
                                      "x in (a),y",   "a = , b",
                                      "a!=,b",        "a in (b,,)",
                                      "a in (,)",     "!in"};
constexpr Refused kRefused[] = {
    {"a>x",
     "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the "
     "value must be an integer"},
    {"a,", "found '', expected: identifier after ','"},
    {"a,,b", "found ',', expected: identifier after ','"},
    {",a", "found ',', expected: !, identifier, or 'end of string'"},
    {"a=b c", "found 'c', expected: ',' or 'end of string'"},
    {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
    {"a in b", "unable to parse requirement: found 'b' expected: '('"},
    {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
    {"=b", "found '=', expected: !, identifier, or 'end of string'"},
    {"a==b==c", "found '==', expected: ',' or 'end of string'"},
    {"A.b/c=d",
     "unable to parse requirement: <nil>: Invalid value: \"A.b/c\": prefix part <prefix>"},
    {"-a", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part <name>"},
    {"a/b/c",
     "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key <name> with "
     "an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"},
    {"a=-b", "unable to parse requirement: values[0][a]: Invalid value: \"-b\": <value>"},
    {"a in (x y)", "unable to parse requirement: found 'y', expected: ',' or ')'"},
    {"a=>b", "unable to parse requirement: found '>', expected: identifier"},
    {"a=<b", "unable to parse requirement: found '<', expected: identifier"},
    {"a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"},
    {"(a)", "found '(', expected: !, identifier, or 'end of string'"},
    {"a)", "unable to parse requirement: found ')', expected: in, notin, =, ==, !=, gt, lt"},
    {"a in ((b))", "unable to parse requirement: found '(', expected: ',', ')' or identifier"},
    {"a>",
     "unable to parse requirement: values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the "
     "value must be an integer"},
    {"a<,b",
     "unable to parse requirement: values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the "
     "value must be an integer"},
    {"a=0123456789012345678901234567890123456789012345678901234567890123",
     "unable to parse requirement: values[0][a]: Invalid value: "
     "\"0123456789012345678901234567890123456789012345678901234567890123\": must be no more than "
     "63 bytes"},
    {"0123456789012345678901234567890123456789012345678901234567890123=a",
     "unable to parse requirement: <nil>: Invalid value: "
     "\"0123456789012345678901234567890123456789012345678901234567890123\": name part must be no "
     "more than 63 bytes"},
    {"a/=b",
     "unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty; name "
     "part <name>"},
    {"/a=b",
     "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty"},
    {"UP/a=b", "unable to parse requirement: <nil>: Invalid value: \"UP/a\": prefix part <prefix>"},
    {"a=é", "unable to parse requirement: values[0][a]: Invalid value: \"é\": <value>"},
    {"a=\"b\"", "unable to parse requirement: values[0][a]: Invalid value: \"\\\"b\\\"\": <value>"},
    {"a='b'", "unable to parse requirement: values[0][a]: Invalid value: \"'b'\": <value>"},
    {"a\\=b", "unable to parse requirement: <nil>: Invalid value: \"a\\\\\": name part <name>"},
    {"!a=b", "found '=', expected: ',' or 'end of string'"},
    {"!", "unable to parse requirement: found '', expected: identifier"},
    {"!!a", "unable to parse requirement: found '!', expected: identifier"},
    {"a notin", "unable to parse requirement: found '' expected: '('"},
    {"a in", "unable to parse requirement: found '' expected: '('"},
    {"a>-1", "unable to parse requirement: values[0][a]: Invalid value: \"-1\": <value>"},
    {"a>+1", "unable to parse requirement: values[0][a]: Invalid value: \"+1\": <value>"},
    {"a>1.5",
     "unable to parse requirement: values[0]: Invalid value: \"1.5\": for 'Gt', 'Lt' operators, "
     "the value must be an integer"},
    {"a>99999999999999999999",
     "unable to parse requirement: values[0]: Invalid value: \"99999999999999999999\": for 'Gt', "
     "'Lt' operators, the value must be an integer"},
    {"a exists",
     "unable to parse requirement: found 'exists', expected: in, notin, =, ==, !=, gt, lt"},
    {"a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"},
    {"a=b,", "found '', expected: identifier after ','"},
    {"a==!b", "unable to parse requirement: found '!', expected: identifier"},
    {"a in (!b)", "unable to parse requirement: found '!', expected: ',', ')' or identifier"},
    {"a%20", "unable to parse requirement: <nil>: Invalid value: \"a%20\": name part <name>"},
    {"a.=b", "unable to parse requirement: <nil>: Invalid value: \"a.\": name part <name>"},
    {"x in (a) y", "found 'y', expected: ',' or 'end of string'"},
    {"a in (b,c", "unable to parse requirement: found '', expected: ',' or ')'"},
    {"a>-x",
     "unable to parse requirement: [values[0]: Invalid value: \"-x\": for 'Gt', 'Lt' operators, "
     "the value must be an integer, values[0][a]: Invalid value: \"-x\": <value>]"},
    {"a in (-b,-c)",
     "unable to parse requirement: [values[0][a]: Invalid value: \"-b\": <value>, values[1][a]: "
     "Invalid value: \"-c\": <value>]"},
};
constexpr Refused kRefusedFields[] = {
    {"metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"},
    {"metadata.name=a\\b", "invalid field selector: invalid escape sequence: \\b"},
    {"metadata.name=a\\", "invalid field selector: invalid escape sequence: \\"},
    {"metadata.name=a=b", "invalid field selector: unescaped character in value: 61"},
    {"foo", "invalid selector: 'foo'; can't understand 'foo'"},
    {"foo>1", "invalid selector: 'foo>1'; can't understand 'foo>1'"},
    {"metadata.name in (a)",
     "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'"},
    {"metadata.name!a", "invalid selector: 'metadata.name!a'; can't understand 'metadata.name!a'"},
    {"metadata.name=a!=b", "invalid field selector: unescaped character in value: 61"},
    {"metadata.name=a==b", "invalid field selector: unescaped character in value: 61"},
};

std::string full(std::string_view message) {
  std::string out(message);
  const auto put = [&out](std::string_view name, std::string_view rule) {
    for (size_t at = out.find(name); at != std::string::npos; at = out.find(name)) {
      out.replace(at, name.size(), rule);
    }
  };
  put("<name>",
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
      "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
  put("<prefix>",
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
      "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
      "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
  put("<value>",
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
      "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
      "'my_value',  or '12345', regex used for validation is "
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  return out;
}

TEST(LabelSelector, ReadsWhatTheApiServerReads) {
  for (const std::string_view text : kGood) {
    const Result<LabelSelector> selector = LabelSelector::parse(text);
    EXPECT_TRUE(selector.has_value()) << text << ": " << selector.error().message;
  }
}

TEST(LabelSelector, RefusesWithTheWordsOfTheApiServer) {
  for (const auto& [text, message] : kRefused) {
    const Result<LabelSelector> selector = LabelSelector::parse(text);
    ASSERT_FALSE(selector.has_value()) << text;
    EXPECT_EQ(selector.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(selector.error().message, full(message)) << text;
  }
}

TEST(LabelSelector, Matches) {
  const StringMap labels{{"app", "web"}, {"n", "5"}, {"word", "x"}, {"empty", ""}};
  const struct {
    std::string_view selector;
    bool matches;
  } cases[] = {
      {"", true},
      {"app=web", true},
      {"app==web", true},
      {"app=db", false},
      {"other=web", false},
      {"app!=web", false},
      {"app!=db", true},
      {"other!=web", true},
      {"app in (db,web)", true},
      {"app in (db)", false},
      {"other in (web)", false},
      {"app notin (db)", true},
      {"app notin (db,web)", false},
      {"other notin (web)", true},
      {"app", true},
      {"other", false},
      {"!other", true},
      {"!app", false},
      {"empty=", true},
      {"empty in ()", true},
      {"app=", false},
      {"other=", false},
      {"empty in (a,)", true},
      {"n>4", true},
      {"n>5", false},
      {"n<6", true},
      {"n<5", false},
      {"n>04", true},
      {"word>1", false},
      {"word<1", false},
      {"other>1", false},
      {"other<1", false},
      {"app=web,n>4,!other", true},
      {"app=web,n>4,other", false},
      {"app=web,app=db", false},
  };
  for (const auto& [text, matches] : cases) {
    const Result<LabelSelector> selector = LabelSelector::parse(text);
    ASSERT_TRUE(selector.has_value()) << text;
    EXPECT_EQ(selector->matches(labels), matches) << text;
    EXPECT_EQ(selector->everything(), text.empty());
  }
}

TEST(FieldSelector, ReadsTermsWithTheirEscapes) {
  const struct {
    std::string_view text;
    std::vector<FieldSelector::Requirement> terms;
  } cases[] = {
      {"", {}},
      {",", {}},
      {"metadata.name=a", {{"metadata.name", "a", true}}},
      {"metadata.name==a", {{"metadata.name", "a", true}}},
      {"metadata.name!=a", {{"metadata.name", "a", false}}},
      {"metadata.name=", {{"metadata.name", "", true}}},
      {"a=1,,b!=2,", {{"a", "1", true}, {"b", "2", false}}},
      {R"(a=x\,y\=z\\)", {{"a", R"(x,y=z\)", true}}},
      {R"(a=x\\,b=y)", {{"a", R"(x\)", true}, {"b", "y", true}}},
      {" a= b ", {{" a", " b ", true}}},
      {"=a", {{"", "a", true}}},
  };
  for (const auto& [text, terms] : cases) {
    const Result<FieldSelector> selector = FieldSelector::parse(text);
    ASSERT_TRUE(selector.has_value()) << text;
    EXPECT_EQ(selector->requirements(), terms) << text;
    EXPECT_EQ(selector->everything(), terms.empty());
  }
}

TEST(FieldSelector, RefusesWithTheWordsOfTheApiServer) {
  for (const auto& [text, message] : kRefusedFields) {
    const Result<FieldSelector> selector = FieldSelector::parse(text);
    ASSERT_FALSE(selector.has_value()) << text;
    EXPECT_EQ(selector.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(selector.error().message, message) << text;
  }
}

}  // namespace
}  // namespace holmes::kube
