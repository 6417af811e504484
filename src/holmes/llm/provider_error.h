// What a provider's error answer means. One reader and one table for all providers: gateways pass
// on each other's errors. Pure.
//
// Sources: the providers' lists of errors (platform.openai.com/docs/guides/error-codes,
// platform.claude.com/docs/en/api/errors, ai.google.dev/gemini-api/docs/troubleshooting, Bedrock's
// Converse reference) and answers that were seen; testdata/errors.jsonl holds one of each.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "holmes/llm/model_error.h"
#include "net/http.h"

namespace holmes {

// Of an answer other than 200. The provider's sentence is quoted, but not when it is about the key,
// which it may quote; then `key_name` is what to check. retry_after comes from "retry-after-ms",
// "Retry-After" (seconds or date), or Google's RetryInfo.
ModelError provider_error(const HttpResponse& response, std::string_view key_name, WallTime now);

// The error object that some gateways put inside a 200; nullopt when there is none.
std::optional<ModelError> error_inside(const json::object& root, std::string_view body);

}  // namespace holmes
