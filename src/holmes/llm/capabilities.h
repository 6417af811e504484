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
  bool reasoning_effort = true;       // and thinking
  bool schema = true;                 // else it is a tool to call, and told in words
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

// The same request without what cannot be sent at all. A schema is then told in words, and offered
// as the arguments of a tool where there are tools: the model may answer either way.
ModelRequest within(const Capabilities& can, ModelRequest request);

// The reply as `request` wanted it: the call of that tool is the text of the schema.
ModelReply as_asked(const ModelRequest& request, ModelReply reply);

}  // namespace holmes
