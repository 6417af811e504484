// Randomness, as a seam.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace holmes {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;

  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  // RFC 9562 version 4, lower case.
  std::string uuid4();
};

// From the operating system; for identities.
class SystemRandom final : public Random {
 public:
  uint64_t next() override;

 private:
  std::random_device device_;
};

// The same numbers for the same seed; for tests and simulation.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace holmes
