// What looks like a credential: the rules behind redact() of tool.h. Pure.
#pragma once

#include <string_view>

#include "base/json.h"

namespace holmes {

inline constexpr std::string_view kRedacted = "[redacted]";

// Whether a setting of this name usually holds a credential: "DB_PASSWORD", "apiKey",
// "X-Auth-Token", but not "secretName", "token_url", "max_tokens". Harmless endings are whole
// words: behind a separator or a change of case.
bool is_credential_name(std::string_view name);

// redact() on every string, and what only structure tells: members with the name of a credential,
// {"name": ..., "value": ...} pairs (environment, headers), the argument after "--password". Under
// the name of a credential numbers and the items of lists are hidden as well. Before anything is
// cut: what is cut has no longer the shape by which it is recognised.
void redact_json(json::value& value);
void redact_json(json::object& object);

}  // namespace holmes
