#include "decoder_step.h"

#include "cpu_tasks.h"
#include "int8_weights.h"
#include "midillama/kernels/decoder_step.h"
#include "midillama/kernels/few_rows.h"
#include "row_passes.h"

#include <initializer_list>

namespace midillama::model {
namespace {

using LinearList = std::initializer_list<const LoraLinearImpl*>;

// The layers' adapters, where they are plain; each layer's outputs are after those before it.
std::optional<std::vector<kernels::LowRank>> adapters_of(LinearList layers) {
  std::vector<kernels::LowRank> adapters;
  std::int64_t outputs = 0;
  for (const LoraLinearImpl* layer : layers) {
    if (layer->has_adapter()) {
      if (!all_plain({layer->lora_A, layer->lora_B})) return std::nullopt;
      adapters.push_back(low_rank(layer->lora_A, layer->lora_B, layer->scaling, outputs));
    }
    outputs += layer->weight.size(0);
  }
  return adapters;
}

// The layers as one, where their weights are after each other in memory and plain, or in 8 bits where these are given.
std::optional<kernels::Linears> together(LinearList layers, const Int8Matrix* int8) {
  auto adapters = adapters_of(layers);
  if (!adapters) return std::nullopt;
  const torch::Tensor& first = (*layers.begin())->weight;
  kernels::Linears all{.weight = nullptr, .inputs = first.size(1), .outputs = 0, .adapters = std::move(*adapters)};
  for (const LoraLinearImpl* layer : layers) {
    if (int8 == nullptr) {
      if (!is_plain(layer->weight)) return std::nullopt;
      if (all.outputs == 0) all.weight = layer->weight.const_data_ptr<float>();
      if (layer->weight.const_data_ptr<float>() != all.weight + all.outputs * all.inputs) return std::nullopt;
    }
    all.outputs += layer->weight.size(0);
  }
  if (int8 != nullptr) all.int8 = int8->view();
  return all;
}

std::optional<kernels::DecoderLayer> layer_of(const LlamaLayerImpl& layer, const Int8Weights::Layer* int8, const KeyValueCache& cache) {
  const auto& attention = *layer.self_attn;
  const auto& mlp = *layer.mlp;
  const torch::Tensor& attention_norm = int8 ? int8->attention_norm : layer.input_layernorm->weight;
  const torch::Tensor& mlp_norm = int8 ? int8->mlp_norm : layer.post_attention_layernorm->weight;
  if (!all_plain({attention_norm, mlp_norm})) return std::nullopt;
  const auto query_key_value =
      together({attention.q_proj.get(), attention.k_proj.get(), attention.v_proj.get()}, int8 ? &int8->query_key_value : nullptr);
  const auto output = together({attention.o_proj.get()}, int8 ? &int8->attention_output : nullptr);
  const auto gate_up = together({mlp.gate_proj.get(), mlp.up_proj.get()}, int8 ? &int8->gate_up : nullptr);
  const auto down = together({mlp.down_proj.get()}, int8 ? &int8->down : nullptr);
  if (!query_key_value || !output || !gate_up || !down) return std::nullopt;
  const auto [keys, values] = cache.of_layer(attention.layer);
  return kernels::DecoderLayer{.attention_norm = attention_norm.const_data_ptr<float>(),
                               .query_key_value = *query_key_value,
                               .attention_output = *output,
                               .mlp_norm = mlp_norm.const_data_ptr<float>(),
                               .gate_up = *gate_up,
                               .down = *down,
                               .keys = keys.mutable_data_ptr<float>(),
                               .values = values.mutable_data_ptr<float>()};
}

bool is_step(const LlamaImpl& llama, const torch::Tensor& embeddings, const AttentionContext& context) {
  const std::int64_t group = llama.config.num_attention_heads / llama.config.num_key_value_heads;
  return !at::GradMode::is_enabled() && !llama.is_training() && embeddings.size(1) == 1 && embeddings.is_cpu() &&
         embeddings.scalar_type() == torch::kFloat32 && group <= kernels::kFewRows && context.cache != nullptr &&
         !context.cache->has_fixed_shapes() && context.cache->length() < context.cache->capacity();
}

}  // namespace

std::optional<torch::Tensor> decoder_step(const LlamaImpl& llama, const Int8Weights* int8, const torch::Tensor& embeddings,
                                          const AttentionContext& context, const RotaryTable& rotary) {
  const torch::Tensor& last_norm = int8 ? int8->last_norm : llama.model->norm->weight;
  if (!is_step(llama, embeddings, context) || !is_plain(last_norm)) return std::nullopt;
  if (int8 == nullptr && embeddings.size(0) > kernels::kStepRows) return std::nullopt;
  const std::int64_t rows = embeddings.size(0), keys = context.cache->length() + 1;
  const torch::Tensor hidden_states = embeddings.clone(at::MemoryFormat::Contiguous);
  const torch::Tensor mask = context.mask.defined() ? context.mask.expand({rows, 1, 1, keys}).contiguous() : context.mask;
  const auto angles = [&](const torch::Tensor& table) { return table.flatten(1).expand({rows, -1}).contiguous(); };
  const torch::Tensor cos = angles(rotary.cos), sin = angles(rotary.sin);
  kernels::DecoderStep step{.rows = rows,
                            .hidden = llama.config.hidden_size,
                            .heads = llama.config.num_attention_heads,
                            .key_heads = llama.config.num_key_value_heads,
                            .head_size = llama.config.head_dim,
                            .epsilon = static_cast<float>(llama.config.rms_norm_eps),
                            .layers = {},
                            .last_norm = last_norm.const_data_ptr<float>(),
                            .cos = cos.const_data_ptr<float>(),
                            .sin = sin.const_data_ptr<float>(),
                            .cached = context.cache->length(),
                            .capacity = context.cache->capacity(),
                            .allowed = mask.defined() ? mask.const_data_ptr<bool>() : nullptr,
                            .allowed_stride = keys,
                            .x = hidden_states.mutable_data_ptr<float>()};
  for (const LlamaLayer& layer : llama.model->layers) {
    const auto added = layer_of(*layer, int8 ? &int8->layers[step.layers.size()] : nullptr, *context.cache);
    if (!added) return std::nullopt;
    step.layers.push_back(*added);
  }
  kernels::run(step, TeamScope::team());
  return hidden_states;
}

}  // namespace midillama::model
