// Which mutant of our own code is switched on in this program. Only `simulate_mutants` has any: its
// copies of a few files of src/ ask here, place by place, whether they are to be right or wrong.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace holmes::sim {

// A mutant's name, as a number that is computed while compiling.
class MutantId {
 public:
  consteval MutantId(const char* name) : value_(hash(name)) {}

  static constexpr uint64_t hash(std::string_view name) {
    uint64_t value = 0xcbf29ce484222325;  // FNV-1a
    for (const char c : name) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    return value;
  }
  [[nodiscard]] uint64_t value() const { return value_; }

 private:
  uint64_t value_;
};

inline uint64_t mutant_chosen = 0;  // none

inline bool mutant_on(MutantId mutant) {
  return mutant.value() == mutant_chosen;
}

// Of this program: all of the table, or none in `simulate`.
std::span<const std::string_view> mutant_names();

// False when there is none of that name.
inline bool choose_mutant(std::string_view name) {
  for (const std::string_view known : mutant_names()) {
    if (known != name) continue;
    mutant_chosen = MutantId::hash(name);
    return true;
  }
  return false;
}

}  // namespace holmes::sim
