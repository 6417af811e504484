// What one model at one address can do, as far as requests depend on it. Pure.
#pragma once

#include <span>
#include <string_view>

#include "holmes/llm/model.h"

namespace holmes {

// Each begins as what the wire format promises, and turns false when the provider refuses it.
struct Capabilities {
  bool tools = true;  // else nothing can be investigated with it
  bool temperature = true;
  bool reasoning_effort = true;  // and thinking
  // How a schema is asked for. The first of these that is left is used, beside telling the schema
  // in words; when none is left, words alone must do.
  bool schema = true;       // the provider holds the answer to it
  bool forced_tool = true;  // a call of the one tool that takes the answer can be demanded
  bool json_mode = true;    // some JSON object can be demanded

  bool strict_tools = true;           // arguments are held to the tools' schemas by the provider
  bool parallel_calls = true;         // may be asked for, where they are not the default
  bool cache_hints = true;            // marks of what is worth caching
  bool max_completion_tokens = true;  // the limit's name; else it is max_tokens

  bool operator==(const Capabilities&) const = default;
};

// A word by which a provider names what it refuses, and what to do without. A capability may have
// several words.
struct RefusalWord {
  std::string_view word;
  bool Capabilities::* capability;
};

// Those of `can` that this request makes use of.
Capabilities used_by(const ModelRequest& request, const Capabilities& can);

// Gives up the first capability that was used and whose word stands in a provider's sentence about
// an invalid request. False: there is none, the request is wrong otherwise.
bool give_up(std::string_view sentence, std::span<const RefusalWord> words,
             const Capabilities& used, Capabilities& known);

// The same request without what cannot be sent at all, its schema on the rung that is left.
ModelRequest within(const Capabilities& can, ModelRequest request);

// The reply as `request` wanted it: the call of that tool is the text of the schema, and what the
// model says in words instead is left as it is.
ModelReply as_asked(const ModelRequest& request, ModelReply reply);

}  // namespace holmes
