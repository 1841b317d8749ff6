#include "midillama/model/llama.h"

#include "attention.h"
#include "linears.h"
#include "random_weights.h"
#include "recompute.h"
#include "rotary.h"
#include "row_passes.h"

namespace midillama::model {
namespace {

constexpr double kInitialStandardDeviation = 0.02;

torch::Tensor select(const torch::Tensor& x, const torch::Tensor& positions) {
  return positions.defined() ? x.index_select(1, positions) : x;
}

std::vector<torch::Tensor> trained_parameters(const torch::nn::Module& module) {
  std::vector<torch::Tensor> trained;
  for (const torch::Tensor& parameter : module.parameters()) {
    if (parameter.requires_grad()) trained.push_back(parameter);
  }
  return trained;
}

}  // namespace

LlamaAttentionImpl::LlamaAttentionImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options)
    : head_dim(config.head_dim), layer(layer) {
  const std::int64_t query_size = config.num_attention_heads * head_dim;
  const std::int64_t key_size = config.num_key_value_heads * head_dim;
  q_proj = register_module("q_proj", LoraLinear(config.hidden_size, query_size, options));
  k_proj = register_module("k_proj", LoraLinear(config.hidden_size, key_size, options));
  v_proj = register_module("v_proj", LoraLinear(config.hidden_size, key_size, options));
  o_proj = register_module("o_proj", LoraLinear(query_size, config.hidden_size, options));
}

torch::Tensor LlamaAttentionImpl::forward(const torch::Tensor& x, const RmsNorm& norm, const RotaryTable& rotary,
                                          const AttentionContext& context, const torch::Tensor& outputs) {
  const std::vector<torch::Tensor> projected = linears(LinearInput::rms_normed(x, norm), {q_proj.get(), k_proj.get(), v_proj.get()});
  const auto heads = [&](std::size_t i) { return projected[i].view({x.size(0), x.size(1), -1, head_dim}); };
  const torch::Tensor queries = rotate(heads(0), rotary).transpose(1, 2);
  torch::Tensor keys = rotate(heads(1), rotary).transpose(1, 2);
  torch::Tensor values = heads(2).transpose(1, 2);
  if (context.cache != nullptr) std::tie(keys, values) = context.cache->append(layer, keys, values);
  return o_proj->forward(select(attend(queries, keys, values, context.mask, context.lengths, true), outputs));
}

LlamaMlpImpl::LlamaMlpImpl(const LlamaConfig& config, const torch::TensorOptions& options) {
  gate_proj = register_module("gate_proj", LoraLinear(config.hidden_size, config.intermediate_size, options));
  up_proj = register_module("up_proj", LoraLinear(config.hidden_size, config.intermediate_size, options));
  down_proj = register_module("down_proj", LoraLinear(config.intermediate_size, config.hidden_size, options));
}

torch::Tensor LlamaMlpImpl::forward(const torch::Tensor& x, const RmsNorm& norm) {
  const std::vector<torch::Tensor> gated = linears(LinearInput::rms_normed(x, norm), {gate_proj.get(), up_proj.get()});
  return linears(LinearInput::swiglu(gated[0], gated[1]), {down_proj.get()})[0];
}

LlamaLayerImpl::LlamaLayerImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options) {
  input_layernorm = register_module("input_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps, options));
  self_attn = register_module("self_attn", LlamaAttention(config, layer, options));
  post_attention_layernorm = register_module("post_attention_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps, options));
  mlp = register_module("mlp", LlamaMlp(config, options));
}

torch::Tensor LlamaLayerImpl::forward(const torch::Tensor& x, const RotaryTable& rotary, const AttentionContext& context,
                                      const torch::Tensor& outputs) {
  const torch::Tensor attended = select(x, outputs) + self_attn->forward(x, input_layernorm, rotary, context, outputs);
  return attended + mlp->forward(attended, post_attention_layernorm);
}

LlamaModelImpl::LlamaModelImpl(const LlamaConfig& config, const torch::TensorOptions& options) {
  embed_tokens = register_module("embed_tokens", Embedding(config.vocab_size, config.hidden_size, options));
  const auto list = register_module("layers", std::make_shared<torch::nn::Module>());
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    layers.push_back(list->register_module(std::to_string(i), LlamaLayer(config, i, options)));
  }
  norm = register_module("norm", RmsNorm(config.hidden_size, config.rms_norm_eps, options));
}

LlamaImpl::LlamaImpl(const LlamaConfig& config, const torch::TensorOptions& options)
    : config(config), inverse_frequencies_(rotary_frequencies(config)) {
  model = register_module("model", LlamaModel(config, options));
  if (!config.tie_word_embeddings) lm_head = register_module("lm_head", Linear(config.hidden_size, config.vocab_size, false, options));
}

torch::Tensor LlamaImpl::embed(const torch::Tensor& ids) {
  return model->embed_tokens->forward(ids);
}

torch::Tensor LlamaImpl::forward(const torch::Tensor& embeddings, const AttentionContext& context) {
  const AttentionContext full = complete(context, embeddings.size(1), embeddings.device());
  inverse_frequencies_ = inverse_frequencies_.to(embeddings.device());
  const RotaryTable rotary = rotary_table(full.positions, inverse_frequencies_, embeddings.scalar_type());
  torch::Tensor hidden_states = embeddings;
  for (LlamaLayer& layer : model->layers) {
    const bool last = layer.get() == model->layers.back().get();  // the layers before it need every position
    const torch::Tensor outputs = last ? full.outputs : torch::Tensor();
    if (recompute_layers) {
      const auto run = [layer, rotary, full, outputs](const torch::Tensor& x) mutable { return layer->forward(x, rotary, full, outputs); };
      hidden_states = recomputed(run, hidden_states, trained_parameters(*layer));
    } else {
      hidden_states = layer->forward(hidden_states, rotary, full, outputs);
    }
  }
  if (full.cache != nullptr) full.cache->advance(embeddings.size(1));
  return model->norm->forward(hidden_states);
}

torch::Tensor LlamaImpl::logits(const torch::Tensor& hidden_states) {
  std::vector<std::int64_t> shape = hidden_states.sizes().vec();
  shape.back() = config.vocab_size;
  return product(hidden_states.flatten(0, -2), output_weight()).view(shape);
}

const torch::Tensor& LlamaImpl::output_weight() const {
  return lm_head ? lm_head->weight : model->embed_tokens->weight;
}

void initialize_weights(Llama& llama, std::uint64_t seed) {
  const at::Generator generator = seeded_generator(seed);
  for (const auto& parameter : llama->named_parameters()) {
    if (parameter.value().dim() > 1) {
      fill_normal(parameter.value(), kInitialStandardDeviation, generator);
    } else {
      fill_constant(parameter.value(), 1.0);
    }
  }
}

}  // namespace midillama::model
