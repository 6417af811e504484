// Answers of Anthropic's Messages API.
#include "fuzz/input.h"
#include "fuzz/model_reply.h"
#include "holmes/llm/anthropic_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto wire = holmes::make_anthropic({.id = "m"});
  holmes::fuzz::check_reply(*wire, holmes::fuzz::text(data, size));
  return 0;
}
