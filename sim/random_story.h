// Random worlds: a random user, and trouble of all kinds at random times.
#pragma once

#include <cstdint>

#include "sim/world.h"

namespace holmes::sim {

// Both follow from the seed alone.
WorldOptions random_options(uint64_t seed);
void play_random(World& world, uint64_t seed);

}  // namespace holmes::sim
