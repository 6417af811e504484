// How the API server says no: whatever stands in the body, the error can be shown to people.
#include "base/strings.h"
#include "fuzz/input.h"
#include "kube/core/status.h"

namespace {

void check(const holmes::Error& error) {
  HOLMES_ASSERT(!error.message.empty());
  HOLMES_ASSERT(error.message.size() <= 4096);
  HOLMES_ASSERT(holmes::to_valid_utf8(error.message) == error.message);
  if (error.retry_after) {
    HOLMES_ASSERT(*error.retry_after >= std::chrono::milliseconds(0));
    HOLMES_ASSERT(*error.retry_after <= std::chrono::hours(24));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holmes;
  std::string_view body = fuzz::text(data, size);
  const int status = 300 + fuzz::take_byte(body) * 2 + fuzz::take_byte(body) % 2;
  check(kube::status_error(status, body, std::nullopt));
  if (const auto object = parse_json_object(body)) check(kube::status_error(*object));
  return 0;
}
