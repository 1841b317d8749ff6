#include "decoder_step.h"

#include "cpu_tasks.h"
#include "midillama/kernels/decoder_step.h"
#include "midillama/kernels/few_rows.h"
#include "row_passes.h"

#include <initializer_list>

namespace midillama::model {
namespace {

// The layers as one, where their weights are after each other in memory and plain.
std::optional<kernels::Linears> together(std::initializer_list<const LoraLinearImpl*> layers) {
  kernels::Linears all{(*layers.begin())->weight.const_data_ptr<float>(), (*layers.begin())->weight.size(1), 0, {}};
  for (const LoraLinearImpl* layer : layers) {
    if (!is_plain(layer->weight) || layer->weight.const_data_ptr<float>() != all.weight + all.outputs * all.inputs) return std::nullopt;
    if (layer->has_adapter()) {
      if (!all_plain({layer->lora_A, layer->lora_B})) return std::nullopt;
      all.adapters.push_back(low_rank(layer->lora_A, layer->lora_B, layer->scaling, all.outputs));
    }
    all.outputs += layer->weight.size(0);
  }
  return all;
}

std::optional<kernels::DecoderLayer> layer_of(const LlamaLayerImpl& layer, const KeyValueCache& cache) {
  const auto& attention = *layer.self_attn;
  const auto& mlp = *layer.mlp;
  const torch::Tensor &attention_norm = layer.input_layernorm->weight, &mlp_norm = layer.post_attention_layernorm->weight;
  if (!all_plain({attention_norm, mlp_norm, attention.q_proj->weight})) return std::nullopt;
  const auto query_key_value = together({attention.q_proj.get(), attention.k_proj.get(), attention.v_proj.get()});
  const auto output = together({attention.o_proj.get()});
  const auto gate_up = together({mlp.gate_proj.get(), mlp.up_proj.get()});
  const auto down = together({mlp.down_proj.get()});
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
  const std::int64_t rows = embeddings.size(0), group = llama.config.num_attention_heads / llama.config.num_key_value_heads;
  return !at::GradMode::is_enabled() && !llama.is_training() && embeddings.size(1) == 1 && is_plain(embeddings) &&
         rows <= kernels::kFewRows && group <= kernels::kFewRows && context.cache != nullptr && !context.cache->has_fixed_shapes() &&
         context.cache->length() < context.cache->capacity() && is_plain(llama.model->norm->weight);
}

}  // namespace

std::optional<torch::Tensor> decoder_step(const LlamaImpl& llama, const torch::Tensor& embeddings, const AttentionContext& context,
                                          const RotaryTable& rotary) {
  if (!is_step(llama, embeddings, context)) return std::nullopt;
  const std::int64_t rows = embeddings.size(0), keys = context.cache->length() + 1;
  const torch::Tensor hidden_states = embeddings.clone();
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
                            .last_norm = llama.model->norm->weight.const_data_ptr<float>(),
                            .cos = cos.const_data_ptr<float>(),
                            .sin = sin.const_data_ptr<float>(),
                            .cached = context.cache->length(),
                            .capacity = context.cache->capacity(),
                            .allowed = mask.defined() ? mask.const_data_ptr<bool>() : nullptr,
                            .allowed_stride = keys,
                            .x = hidden_states.mutable_data_ptr<float>()};
  for (const LlamaLayer& layer : llama.model->layers) {
    const auto added = layer_of(*layer, *context.cache);
    if (!added) return std::nullopt;
    step.layers.push_back(*added);
  }
  kernels::run(step, TeamScope::team());
  return hidden_states;
}

}  // namespace midillama::model
