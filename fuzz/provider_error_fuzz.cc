// Error answers of model providers.
#include "fuzz/input.h"
#include "fuzz/model_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  holmes::fuzz::check_error(holmes::fuzz::text(data, size));
  return 0;
}
