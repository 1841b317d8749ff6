#include "rotary.h"

#include "row_passes.h"

#include <torch/csrc/autograd/custom_function.h>

#include <numbers>

namespace midillama::model {
namespace {

// Long wavelengths are divided by the factor, short ones kept, those between interpolated.
torch::Tensor stretch(const torch::Tensor& frequencies, const shapes::Llama3RopeScaling& scaling) {
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

// The gradient is turned back.
struct Rotation : torch::autograd::Function<Rotation> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& heads, std::int64_t count,
                               const torch::Tensor& cos, const torch::Tensor& sin) {
    context->save_for_backward({cos, sin});
    context->saved_data["count"] = count;
    return turn(heads, count, cos, sin, false);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    return {turn(grads[0], context->saved_data["count"].toInt(), saved[0], saved[1], true), {}, {}, {}};
  }
};

}  // namespace

torch::Tensor rotary_frequencies(const shapes::LlamaConfig& config) {
  const torch::Tensor exponents = at::arange(0, config.head_dim, 2, torch::kFloat32) / static_cast<double>(config.head_dim);
  const torch::Tensor frequencies = 1.0 / at::pow(config.rope_theta, exponents);
  return config.rope_scaling ? stretch(frequencies, *config.rope_scaling) : frequencies;
}

RotaryTable rotary_table(const torch::Tensor& positions, const torch::Tensor& frequencies, torch::ScalarType dtype) {
  const torch::Tensor angles = positions.to(torch::kFloat32).unsqueeze(-1) * frequencies;
  return {angles.cos().to(dtype).unsqueeze(2), angles.sin().to(dtype).unsqueeze(2)};
}

torch::Tensor rotate(const torch::Tensor& projected, const HeadLayout& layout, const RotaryTable& table) {
  const torch::Tensor heads = projected.unflatten(-1, {-1, layout.size});
  const std::int64_t count = layout.queries + layout.keys;
  const bool alone = !at::GradMode::is_enabled();  // a step of decoding would pay more for the record than for the turn
  return (alone ? turn(heads, count, table.cos, table.sin, false) : Rotation::apply(heads, count, table.cos, table.sin)).flatten(2);
}

}  // namespace midillama::model
