// Whether the library that joins ranks works here, before there are any.
#pragma once

#include <torch/types.h>

#include <string>

namespace midillama::parallel {

// Sums a tensor over a group of one rank with the library that more ranks would use: NCCL on a GPU, Gloo on the CPU. Returns its name;
// Error where this build lacks it, it cannot start, or the sum is wrong.
std::string test_all_reduce(torch::Device device);

}  // namespace midillama::parallel
