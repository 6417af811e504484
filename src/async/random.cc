#include "async/random.h"

#include <fmt/format.h>

namespace holmes {

std::string Random::uuid4() {
  const uint64_t high = (next() & ~0xF000ULL) | 0x4000ULL;
  const uint64_t low = (next() & ~(0x3ULL << 62U)) | (0x2ULL << 62U);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFFU, low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

uint64_t SystemRandom::next() {
  return (static_cast<uint64_t>(device_()) << 32U) | device_();
}

}  // namespace holmes
