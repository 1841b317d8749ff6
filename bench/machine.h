// What a core of this machine can do at most, under the target that the loops run with (kernels/target.h): what their rates are measured
// against.
#pragma once

#include <cstdint>
#include <span>

namespace midillama::bench {

// Multiplies and adds in registers only; → a number that depends on all of it. kOperations floating-point operations a round.
float fused_multiply_adds(std::int64_t rounds);
std::int64_t operations_a_round();

// The sum of all values.
float read_all(std::span<const float> values);

// GFLOP/s and GB/s (of this many bytes) of the best of several tries.
double peak_gflops();
double read_bandwidth(std::int64_t bytes);

}  // namespace midillama::bench
