// Dropout (Srivastava et al. 2014) at the price of 16 random bits an element: on the CPU the draws are what dropout costs.
#pragma once

#include <torch/types.h>

namespace midillama::model {

// Zeroes each element with `probability` (rounded to 1/65536) and scales the others by 1 / (1 - probability). x itself where it is 0 or not
// `training`.
torch::Tensor dropout(const torch::Tensor& x, double probability, bool training);

// Its draws: bool of x's shape, false for what is zeroed.
torch::Tensor draw_kept(const torch::Tensor& x, double probability);

}  // namespace midillama::model
