#include "int8_weights.h"

#include "midillama/kernels/decoder_step.h"
#include "midillama/model/llama.h"
#include "midillama/model/team_scope.h"

namespace midillama::model {
namespace {

torch::Tensor float32(const torch::Tensor& weight) {
  return weight.detach().to(torch::kFloat32);
}

// Outputs of a weight that are in float32 at a time.
constexpr std::int64_t kOutputsAtOnce = 4096;

std::int64_t outputs_of(const std::vector<torch::Tensor>& weights) {
  std::int64_t outputs = 0;
  for (const torch::Tensor& weight : weights) outputs += weight.size(0);
  return outputs;
}

}  // namespace

Int8Matrix::Int8Matrix(const std::vector<torch::Tensor>& weights) : outputs(outputs_of(weights)), inputs(weights.front().size(1)) {
  const std::int64_t fours = (outputs + kernels::kInt8Outputs - 1) / kernels::kInt8Outputs, blocks = kernels::int8_blocks(inputs);
  levels = torch::zeros({fours, blocks, kernels::kInt8Outputs, kernels::kInt8Block}, torch::kInt8);
  scales = torch::zeros({fours, blocks, kernels::kInt8Outputs}, torch::kBFloat16);
  auto* to_levels = levels.mutable_data_ptr<std::int8_t>();
  auto* to_scales = static_cast<std::uint16_t*>(scales.mutable_data_ptr());
  std::int64_t output = 0;
  for (const torch::Tensor& weight : weights) {
    for (const torch::Tensor& part : weight.detach().split(kOutputsAtOnce)) {
      const torch::Tensor floats = float32(part).contiguous();
      const float* from = floats.const_data_ptr<float>();
      kernels::share_range(TeamScope::team(), floats.size(0), {.least = 16}, [&](std::int64_t first, std::int64_t count) {
        for (std::int64_t row = first; row < first + count; ++row) {
          kernels::quantize(from + row * inputs, output + row, inputs, to_levels, to_scales);
        }
      });
      output += floats.size(0);
    }
  }
}

kernels::Int8Weight Int8Matrix::view() const {
  return {levels.const_data_ptr<std::int8_t>(), static_cast<const std::uint16_t*>(scales.const_data_ptr())};
}

Int8Weights::Int8Weights(const LlamaImpl& llama) : last_norm(float32(llama.model->norm->weight)), head({llama.output_weight()}) {
  for (const LlamaLayer& layer : llama.model->layers) {
    const auto& attention = *layer->self_attn;
    const auto& mlp = *layer->mlp;
    layers.push_back({.attention_norm = float32(layer->input_layernorm->weight),
                      .query_key_value = Int8Matrix({attention.q_proj->weight, attention.k_proj->weight, attention.v_proj->weight}),
                      .attention_output = Int8Matrix({attention.o_proj->weight}),
                      .mlp_norm = float32(layer->post_attention_layernorm->weight),
                      .gate_up = Int8Matrix({mlp.gate_proj->weight, mlp.up_proj->weight}),
                      .down = Int8Matrix({mlp.down_proj->weight})});
  }
}

torch::Tensor product(const torch::Tensor& rows, const Int8Matrix& weight) {
  const torch::Tensor x = rows.contiguous();
  const torch::Tensor y = torch::empty({x.size(0), weight.outputs}, x.options());
  const kernels::Linears linears{
      .weight = nullptr, .int8 = weight.view(), .inputs = weight.inputs, .outputs = weight.outputs, .adapters = {}};
  kernels::apply(linears, x.const_data_ptr<float>(), x.size(0), y.mutable_data_ptr<float>(), false, TeamScope::team());
  return y;
}

}  // namespace midillama::model
