#include "holmes/checks/verdict.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "holmes/checks/json_text.h"
#include "holmes/tools/tool.h"

namespace holmes {
ResponseSchema verdict_schema() {
  return {
      "verdict",
      {{"type", "object"},
       {"properties",
        {{"rationale",
          {{"type", "string"},
           {"description", "What was observed and what follows from it, in 1 to 3 sentences."}}},
         {"verdict", {{"type", "string"}, {"enum", {"pass", "fail", "unknown"}}}}}},
       {"required", {"rationale", "verdict"}},
       {"additionalProperties", false}}};
}

Result<VerdictText> parse_verdict(std::string_view text) {
  Result<json::object> root = parse_json_object(without_fence(text));
  if (!root) {
    if (const std::string_view object = first_object(text); !object.empty()) {
      root = parse_json_object(object);
    }
  }
  if (!root) return fail(ErrorCode::kProtocol, root.error().message);
  const auto rationale = json_string(*root, {"rationale"});
  if (!rationale) return fail(ErrorCode::kProtocol, "'rationale' is missing or no string");
  const auto verdict = json_string(*root, {"verdict"});
  if (!verdict) return fail(ErrorCode::kProtocol, "'verdict' is missing or no string");

  VerdictText parsed{std::string(trim(*rationale)), Verdict::kUnknown};
  if (*verdict == "pass") {
    parsed.verdict = Verdict::kPass;
  } else if (*verdict == "fail") {
    parsed.verdict = Verdict::kFail;
  } else if (*verdict != "unknown") {
    return fail(
        ErrorCode::kProtocol,
        fmt::format("'verdict' is '{}', must be pass, fail or unknown", cut(redact(*verdict), 50)));
  }
  return parsed;
}

}  // namespace holmes
