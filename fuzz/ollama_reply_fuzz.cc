// Answers of Ollama's /api/chat.
#include "fuzz/input.h"
#include "fuzz/model_reply.h"
#include "holmes/llm/ollama_chat.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto wire = holmes::make_ollama({.id = "m"});
  holmes::fuzz::check_reply(*wire, holmes::fuzz::text(data, size));
  return 0;
}
