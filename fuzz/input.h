// What the fuzz targets have in common. Each one asserts properties that hold for every input; a
// crash, a sanitizer's report or a failed assertion is a bug.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace holmes::fuzz {

inline std::string_view text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes the first byte off, as a choice; 0 when there is none.
inline uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

// Calls `piece` with the input cut into pieces whose sizes follow from `seed`, as a network would.
template <class Piece>
void in_pieces(std::string_view input, uint8_t seed, Piece piece) {
  uint32_t state = seed;
  while (!input.empty()) {
    state = state * 1664525U + 1013904223U;
    const size_t size = std::min<size_t>(input.size(), 1 + (state >> 16U) % (1U + seed));
    piece(input.substr(0, size));
    input.remove_prefix(size);
  }
}

}  // namespace holmes::fuzz
