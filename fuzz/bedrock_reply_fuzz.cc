// Answers of Bedrock's Converse.
#include "fuzz/input.h"
#include "fuzz/model_reply.h"
#include "holmes/llm/bedrock_converse.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto wire =
      holmes::make_bedrock({.id = "m", .base_url = "https://b", .region = "r"});
  holmes::fuzz::check_reply(*wire, holmes::fuzz::text(data, size));
  return 0;
}
