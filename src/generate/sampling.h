// From logits to the next token of every row.
#pragma once

#include <torch/types.h>

namespace midillama::generate {

// logits: [rows, vocab] -> [rows] int64, the first of equally likely tokens.
torch::Tensor greedy(const torch::Tensor& logits);

// Draws from softmax(logits / temperature), cut to the smallest set of likeliest tokens whose probability reaches top_p (Holtzman et al.
// 2020). logits: [rows, vocab]; uniforms: [rows] float64 in [0, 1), one draw a row, on the logits' device -> [rows] int64.
torch::Tensor sample(const torch::Tensor& logits, double temperature, double top_p, const torch::Tensor& uniforms);
// The same with temperatures and top_ps [rows] float64, each row's own.
torch::Tensor sample(const torch::Tensor& logits, const torch::Tensor& temperatures, const torch::Tensor& top_ps,
                     const torch::Tensor& uniforms);

}  // namespace midillama::generate
