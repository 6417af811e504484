#include "yaml/yaml_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holmes {
namespace {

using ::testing::HasSubstr;

struct Parsed {
  std::vector<YamlNode> documents;
  std::vector<Problem> problems;
};

Parsed parse(std::string_view text) {
  Report report;
  auto documents = parse_yaml(text, report);
  return {std::move(documents), report.take()};
}

std::string as_json(std::string_view text) {
  const Parsed parsed = parse(text);
  if (!parsed.problems.empty()) return to_text(parsed.problems[0], "f");
  return parsed.documents.size() == 1 ? to_text(to_json(parsed.documents[0]))
                                      : "(not one document)";
}

// As `kubectl create --dry-run=client -o json` shows them.
TEST(YamlTree, ReadsScalarsAsKubectlDoes) {
  const struct {
    std::string_view yaml;
    std::string_view json;
  } rows[] = {
      {"y", "true"},
      {"yes", "true"},
      {"On", "true"},
      {"NO", "false"},
      {"off", "false"},
      {"yEs", R"("yEs")"},
      {"'yes'", R"("yes")"},
      {R"("5")", R"("5")"},
      {"!!str 5", R"("5")"},
      {"!!int '5'", "5"},
      {"~", "null"},
      {"null", "null"},
      {"'null'", R"("null")"},
      {"", "null"},
      {"30", "30"},
      {"+5", "5"},
      {"-5", "-5"},
      {"--5", R"("--5")"},
      {"+-5", R"("+-5")"},
      {"010", "8"},
      {"0o17", "15"},
      {"0x10", "16"},
      {"0b11", "3"},
      {"0x", R"("0x")"},
      {"1_000", "1000"},
      {"30.0", "3E1"},
      {"1e2", "1E2"},
      {".5", "5E-1"},
      {"08", "8E0"},
      {"1:30", R"("1:30")"},
      {"2001-01-01", R"("2001-01-01")"},
      {"* * * * *", ""},  // an alias
      {"0 9 * * 1-5", R"("0 9 * * 1-5")"},
      {"99999999999999999999", "1E20"},
      {"|\n    two\n    lines", R"("two\nlines")"},
      {R"("\u00fc")", "\"\u00fc\""},
  };
  for (const auto& row : rows) {
    const std::string json = as_json("a: " + std::string(row.yaml));
    if (row.json.empty()) {
      EXPECT_THAT(json, HasSubstr("error")) << row.yaml;
    } else {
      EXPECT_EQ(json, R"({"a":)" + std::string(row.json) + "}") << row.yaml;
    }
  }
}

TEST(YamlTree, KnowsWhereEachPartStands) {
  const Parsed parsed = parse("# a comment\n---\na:\n  - b: x\n    c:\n---\nd: 'y'\n");
  ASSERT_EQ(parsed.documents.size(), 2U);
  const YamlMember& a = parsed.documents[0].members.at(0);
  EXPECT_EQ(a.at, (Position{3, 1}));
  const YamlNode& item = a.value.items.at(0);
  EXPECT_EQ(item.at, (Position{4, 5}));
  EXPECT_EQ(item.find("b")->value.at, (Position{4, 8}));
  EXPECT_EQ(item.find("c")->value.at, (Position{5, 5})) << "of the key, when the value is absent";
  EXPECT_EQ(parsed.documents[1].find("d")->value.at, (Position{7, 4}));
}

TEST(YamlTree, ReadsJsonWithTabs) {
  EXPECT_EQ(as_json("{\n\t\"a\": [1, true, null, \"x\\ty\"],\n\t\"b\": {}\n}\n"),
            R"({"a":[1,true,null,"x\ty"],"b":{}})");
}

TEST(YamlTree, ResolvesAliasesAndMergesKeys) {
  EXPECT_EQ(as_json("a: &x {b: 1, c: 2}\nd: *x\n"), R"({"a":{"b":1,"c":2},"d":{"b":1,"c":2}})");
  EXPECT_EQ(as_json("a: &x {b: 1, c: 2}\nd: {c: 3, <<: *x}\n"),
            R"({"a":{"b":1,"c":2},"d":{"c":3,"b":1}})");
  EXPECT_EQ(as_json("<<: [{a: 1}, {a: 2, b: 3}]\n"), R"({"a":1,"b":3})");
}

TEST(YamlTree, LeavesEmptyDocumentsOut) {
  for (const std::string_view text :
       {"", "\n\n", "---\n---\n", "# only a comment\n", "---\n...\n"}) {
    const Parsed parsed = parse(text);
    EXPECT_TRUE(parsed.documents.empty() && parsed.problems.empty()) << text;
  }
}

std::string nested(size_t levels, std::string_view open, std::string_view close) {
  std::string text;
  for (size_t i = 0; i < levels; ++i) text += open;
  for (size_t i = 0; i < levels; ++i) text += close;
  return text;
}

std::string alias_bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    text +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  return text;
}

std::string many(size_t count, std::string_view line) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += fmt::format(fmt::runtime(line), i);
  return text;
}

TEST(YamlTree, TellsWhereTheTextIsWrong) {
  const struct {
    std::string text;
    Position at;
    std::string_view message;
  } rows[] = {
      {"a: 1\nb: [1,\n", {3, 1}, "this is not YAML: "},
      {"a: 'x\n", {1, 4}, "this quote is never closed"},
      {"a:\n- b: \"x\\\"\n  c: d\n", {2, 6}, "this quote is never closed"},
      {"a: 'it''s\n", {1, 4}, "this quote is never closed"},
      {",a\n", {1, 1}, "this is not YAML: no value can begin here"},
      {"a: b: c\n", {1, 5}, "this is not YAML: "},
      {"a: *b\n", {1, 4}, "this is not YAML: "},
      {"a:\n\tb: 1\n", {2, 3}, "a tab cannot indent YAML; use spaces"},
      {"a: 1\nb: 2\na: 3\n", {3, 1}, "'a' stands twice, first in line 1"},
      {"{\"a\": {\"b\": 1, \"b\": 2}}\n", {1, 16}, "'b' stands twice, first in line 1"},
      {"[1, 2]: x\n", {1, 1}, "a key must be a word"},
      {"a: &x [*x]\n", {1, 8}, "an alias must not stand inside what it names"},
      {nested(65, "[", "]"), {1, 65}, "must not be nested deeper than 64 levels"},
      {nested(100000, "[", "]"), {1, 65}, "must not be nested deeper than 64 levels"},
      {nested(100000, "{a: ", "}"), {1, 257}, "must not be nested deeper than 64 levels"},
      {nested(2000, "- ", ""), {1, 129}, "must not be nested deeper than 64 levels"},
      {alias_bomb(), {6, 15}, "a file must have at most 100000 values"},
      {many(60000, "k{}: 1\n"), {50000, 9}, "a file must have at most 100000 values"},
      {nested(60, "&a [", "") + many(9000, "1, ") + nested(60, "]", ""),
       {1, 1},
       "a file must have"},
  };
  for (const auto& row : rows) {
    const Parsed parsed = parse(row.text);
    ASSERT_FALSE(parsed.problems.empty()) << row.text.substr(0, 100);
    EXPECT_THAT(parsed.problems[0].message, HasSubstr(row.message)) << row.text.substr(0, 100);
    if (row.at == Position{1, 1}) continue;
    EXPECT_EQ(parsed.problems[0].at.line, row.at.line) << row.text.substr(0, 100);
    EXPECT_EQ(parsed.problems[0].at.column, row.at.column) << row.text.substr(0, 100);
  }
}

TEST(YamlTree, TheDocumentsBeforeAMistakeAreKept) {
  const Parsed parsed = parse("a: 1\n---\nb: [\n");
  ASSERT_EQ(parsed.documents.size(), 1U);
  EXPECT_EQ(to_text(to_json(parsed.documents[0])), R"({"a":1})");
  EXPECT_EQ(parsed.problems.size(), 1U);
}

TEST(YamlTree, AnyBytesAreAnErrorOrATreeButNeverACrash) {
  std::string bytes;
  uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525U + 1013904223U;
    constexpr std::string_view kAlphabet = "a1 \n\t:-[]{}&*!|>'\"%@`,?#<~\\\x00\xff\xef\xbb\xbf.";
    bytes += kAlphabet[(state >> 16U) % kAlphabet.size()];
    if (i % 37 == 0) {
      Report report;
      for (const YamlNode& node : parse_yaml(bytes, report)) to_json(node);
      bytes.clear();
    }
  }
}

}  // namespace
}  // namespace holmes
