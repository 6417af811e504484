#include "holmes/tools/table_text.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace holmes {
namespace {

json::object pods(std::string_view metadata = "{}") {
  json::object table = parse_json_object(R"json({"kind":"Table","apiVersion":"meta.k8s.io/v1",
    "columnDefinitions":[{"name":"Name","type":"string","priority":0},{"name":"Ready","priority":0},
      {"name":"Status","priority":0},{"name":"Restarts","priority":0},{"name":"IP","priority":1}],
    "rows":[
      {"cells":["web-7d9f","1/1","Running","0","10.0.0.1"],
       "object":{"kind":"PartialObjectMetadata","metadata":{"name":"web-7d9f","namespace":"shop"}}},
      {"cells":["web-crash","0/1","CrashLoopBackOff","5 (3m  ago)","10.0.0.2"],
       "object":{"metadata":{"name":"web-crash","namespace":"b"}}},
      {"cells":["odd\nname","",null,7],"object":{}}]})json")
                           .value();
  table["metadata"] = parse_json(metadata).value();
  return table;
}

TEST(TableText, LooksLikeKubectlGet) {
  const TableText table = render_table(pods()).value();
  EXPECT_EQ(table.text,
            "[3 rows; STATUS: 1 <none>, 1 CrashLoopBackOff, 1 Running; not all ready: "
            "web-crash 0/1; most restarts: odd name 7]\n"
            "NAME       READY   STATUS            RESTARTS\n"
            "web-7d9f   1/1     Running           0\n"
            "web-crash  0/1     CrashLoopBackOff  5 (3m ago)\n"
            "odd name   <none>  <none>            7\n");
  EXPECT_EQ(table.rows, 3U);
  EXPECT_EQ(table.left_out, 0U);
  EXPECT_FALSE(table.more_exist);
}

TEST(TableText, ShowsNamespacesWhenAsked) {
  const TableText table = render_table(pods(), {.with_namespace = true}).value();
  EXPECT_NE(table.text.find("]\nNAMESPACE  NAME       READY"), std::string::npos);
  EXPECT_NE(table.text.find("\nshop       web-7d9f   1/1"), std::string::npos);
}

TEST(TableText, CountsWhatItLeavesOut) {
  const TableText paged = render_table(pods(R"({"continue":"x","remainingItemCount":40})")).value();
  EXPECT_EQ(paged.left_out, 40U);
  EXPECT_FALSE(paged.more_exist);
  EXPECT_TRUE(render_table(pods(R"({"continue":"x"})")).value().more_exist);
  const TableText small = render_table(pods(), {.bytes_max = 200}).value();
  EXPECT_EQ(small.rows, 1U);
  EXPECT_EQ(small.left_out, 2U);
  EXPECT_LE(small.text.size(), 200U);
}

TEST(TableText, CountsRowsByTheirState) {
  const auto count_line = [](std::string_view columns, std::string_view rows) {
    json::array definitions;
    for (const std::string_view column : split(columns, ' ')) {
      definitions.push_back(json::object{{"name", column}});
    }
    json::array items;
    for (const std::string_view row : split(rows, '|')) {
      json::array cells;
      for (const std::string_view cell : split(row, ' ')) cells.push_back(json::value(cell));
      items.push_back(json::object{{"cells", std::move(cells)}});
    }
    const json::object body{{"kind", "Table"},
                            {"columnDefinitions", std::move(definitions)},
                            {"rows", std::move(items)}};
    const std::string text = render_table(body).value().text;
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(count_line("Name Ready Status", "a 1/1 Running|b 0/1 Completed|c 1/2 Running"),
            "[3 rows; STATUS: 2 Running, 1 Completed; not all ready: c 1/2]");
  EXPECT_EQ(count_line("Name Type Reason", "a Warning BackOff|b Normal Pulled|c Normal Pulled"),
            "[3 rows; TYPE: 2 Normal, 1 Warning]");
  EXPECT_EQ(count_line("Name Desired Ready", "a 3 3|b 1 0"), "[2 rows]");
  EXPECT_EQ(count_line("Name Status", "a Ready"), "NAME  STATUS");  // one row is seen at a glance
}

TEST(TableText, AnEmptyTableHasNoText) {
  const json::object body =
      parse_json_object(R"({"kind":"Table","columnDefinitions":[{"name":"Name"}],"rows":[]})")
          .value();
  const TableText table = render_table(body).value();
  EXPECT_EQ(table.text, "");
  EXPECT_EQ(table.rows, 0U);
}

TEST(TableText, RendersAPlainListToo) {
  const json::object body = parse_json_object(R"({"kind":"WidgetList","items":[
        {"metadata":{"name":"a","namespace":"n","creationTimestamp":"2024-01-01T00:00:00Z"}}, 3]})")
                                .value();
  EXPECT_EQ(render_table(body).value().text,
            "[2 rows]\n"
            "NAME    CREATED\n"
            "a       2024-01-01T00:00:00Z\n"
            "<none>  <none>\n");
}

TEST(TableText, RefusesWhatIsNoList) {
  for (const std::string_view text : {R"({})", R"({"kind":"Pod"})", R"({"kind":7,"items":{}})"}) {
    EXPECT_EQ(render_table(parse_json_object(text).value()).error().code, ErrorCode::kProtocol);
  }
  // A broken table is a table without rows, not a crash.
  EXPECT_EQ(
      render_table(parse_json_object(R"({"kind":"Table","rows":[1,{}]})").value()).value().rows,
      2U);
}

TEST(TableText, RedactsACellBeforeItIsCut) {
  const std::string secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  json::object body =
      parse_json_object(R"({"kind":"Table","columnDefinitions":[{"name":"Name"}]})").value();
  body["rows"] = json::array{json::object{{"cells", {std::string(185, 'x') + " " + secret}}}};
  const std::string text = render_table(body).value().text;
  EXPECT_EQ(text.find("ghp_"), std::string::npos) << text;
}

}  // namespace
}  // namespace holmes
