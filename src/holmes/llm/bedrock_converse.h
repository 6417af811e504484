// Amazon Bedrock's Converse: one request, one reply, no streaming.
//
// Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "holmes/llm/capabilities.h"
#include "holmes/llm/model.h"
#include "holmes/llm/wire.h"
#include "net/aws_signature.h"

namespace holmes {

struct BedrockOptions {
  std::string id;  // of a model or an inference profile, or an ARN
  std::string base_url;
  std::string region;
  AwsCredentials credentials{};
  std::string bearer_token{};  // sent instead of a signature
};

// What a model of this id can do there: only Anthropic's take marks for the cache in all places,
// and each family has a way of its own to be told how much to think.
Capabilities bedrock_capabilities(std::string_view id);

// The request's body; the model is part of the address. Pure.
json::object encode_bedrock(std::string_view id, const ModelRequest& request,
                            const Capabilities& can);

// Reads the body of a 200; reasoning is kept, with its signature, as opaque. Pure.
ModelResult decode_bedrock(std::string_view body, size_t turn);

std::unique_ptr<Wire> make_bedrock(BedrockOptions options);
std::string bedrock_base_url(std::string_view region);

}  // namespace holmes
