#include "rotary.h"

#include <numbers>

namespace midillama::model {
namespace {

// Long wavelengths are divided by the factor, short ones kept, those between interpolated.
torch::Tensor stretch(const torch::Tensor& frequencies, const Llama3RopeScaling& scaling) {
  const auto context = static_cast<double>(scaling.original_max_position_embeddings);
  const double longest_kept = context / scaling.high_freq_factor;
  const double shortest_stretched = context / scaling.low_freq_factor;
  const torch::Tensor wavelength = 2 * std::numbers::pi / frequencies;
  const torch::Tensor stretched = at::where(wavelength > shortest_stretched, frequencies / scaling.factor, frequencies);
  const torch::Tensor smooth = (context / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  const torch::Tensor smoothed = (1 - smooth) * stretched / scaling.factor + smooth * stretched;
  const torch::Tensor between = (wavelength >= longest_kept).logical_and(wavelength <= shortest_stretched);
  return at::where(between, smoothed, stretched);
}

}  // namespace

torch::Tensor rotary_frequencies(const LlamaConfig& config) {
  const torch::Tensor exponents = at::arange(0, config.head_dim, 2, torch::kFloat32) / static_cast<double>(config.head_dim);
  const torch::Tensor frequencies = 1.0 / at::pow(config.rope_theta, exponents);
  return config.rope_scaling ? stretch(frequencies, *config.rope_scaling) : frequencies;
}

RotaryTable rotary_table(const torch::Tensor& positions, const torch::Tensor& frequencies, torch::ScalarType dtype) {
  const torch::Tensor angles = positions.to(torch::kFloat32).unsqueeze(-1) * frequencies;
  return {angles.cos().to(dtype).unsqueeze(2), angles.sin().to(dtype).unsqueeze(2)};
}

torch::Tensor rotate(const torch::Tensor& x, const RotaryTable& table) {
  const std::vector<torch::Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0] * table.cos - halves[1] * table.sin, halves[1] * table.cos + halves[0] * table.sin}, -1);
}

}  // namespace midillama::model
