// The instruction set that the loops of this room run with: the best that the processor has, unless a run is restricted to another, so that
// one machine shows how the others do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace midillama::kernels {

// What this processor has of those that the loops are compiled for, best first: "avx512", "avx2", "sse4", "scalar" on x86-64; "sve2",
// "neon" and the like on 64-bit Arm.
std::vector<std::string> targets();

// The one in use.
std::string target();

// From now on the loops run with this one. UsageError that says what there is, where this processor does not have it or the loops are not
// compiled for it.
void use_target(std::string_view name);

// The same with the environment's MIDILLAMA_TARGET, where it is set.
void use_environments_target();

}  // namespace midillama::kernels
