#include "midillama/model/llama.h"

#include "attention.h"
#include "decoder_step.h"
#include "int8_weights.h"
#include "linears.h"
#include "midillama/core/error.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/model/key_value_cache.h"
#include "midillama/model/team_scope.h"
#include "random_weights.h"
#include "recompute.h"
#include "rotary.h"
#include "row_passes.h"

#include <fmt/format.h>

#include <mutex>

namespace midillama::model {
namespace {

constexpr double kInitialStandardDeviation = 0.02;

torch::Tensor select(const torch::Tensor& x, const torch::Tensor& positions) {
  return positions.defined() ? x.index_select(1, positions) : x;
}

std::vector<torch::Tensor> parameters_with_gradient(const torch::nn::Module& module) {
  std::vector<torch::Tensor> parameters;
  for (const torch::Tensor& parameter : module.parameters()) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  return parameters;
}

}  // namespace

LlamaAttentionImpl::LlamaAttentionImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options)
    : heads(config.num_attention_heads), key_heads(config.num_key_value_heads), head_dim(config.head_dim), layer(layer) {
  const auto together = linears_together(config.hidden_size, {heads * head_dim, key_heads * head_dim, key_heads * head_dim}, options);
  q_proj = register_module("q_proj", together[0]);
  k_proj = register_module("k_proj", together[1]);
  v_proj = register_module("v_proj", together[2]);
  o_proj = register_module("o_proj", LoraLinear(heads * head_dim, config.hidden_size, options));
}

torch::Tensor LlamaAttentionImpl::forward(const torch::Tensor& x, const RmsNorm& norm, const RotaryTable& rotary,
                                          const AttentionContext& context, const LayerRows& rows) {
  const HeadLayout layout{heads, key_heads, head_dim};
  const torch::Tensor projected = linears(LinearInput::rms_normed(x, norm, rows.gradient_rows), {q_proj.get(), k_proj.get(), v_proj.get()});
  const torch::Tensor attended = attend(rotate(projected, layout, rotary), layout, layer, context);
  return o_proj->forward(select(attended, rows.outputs));
}

LlamaMlpImpl::LlamaMlpImpl(const LlamaConfig& config, const torch::TensorOptions& options) {
  const auto together = linears_together(config.hidden_size, {config.intermediate_size, config.intermediate_size}, options);
  gate_proj = register_module("gate_proj", together[0]);
  up_proj = register_module("up_proj", together[1]);
  down_proj = register_module("down_proj", LoraLinear(config.intermediate_size, config.hidden_size, options));
}

torch::Tensor LlamaMlpImpl::forward(const torch::Tensor& x, const RmsNorm& norm) {
  const torch::Tensor gate_up = linears(LinearInput::rms_normed(x, norm), {gate_proj.get(), up_proj.get()}, KeepsTogether::columns);
  return linears(LinearInput::swiglu(gate_up), {down_proj.get()});
}

LlamaLayerImpl::LlamaLayerImpl(const LlamaConfig& config, std::int64_t layer, const torch::TensorOptions& options) {
  input_layernorm = register_module("input_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps, options));
  self_attn = register_module("self_attn", LlamaAttention(config, layer, options));
  post_attention_layernorm = register_module("post_attention_layernorm", RmsNorm(config.hidden_size, config.rms_norm_eps, options));
  mlp = register_module("mlp", LlamaMlp(config, options));
}

torch::Tensor LlamaLayerImpl::forward(const torch::Tensor& x, const RotaryTable& rotary, const AttentionContext& context,
                                      const LayerRows& rows) {
  const torch::Tensor attended = select(x, rows.outputs) + self_attn->forward(x, input_layernorm, rotary, context, rows);
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
  if (inverse_frequencies_.device() != embeddings.device()) inverse_frequencies_ = inverse_frequencies_.to(embeddings.device());
  if (decodes_in_int8_ && embeddings.size(1) == 1 && full.cache != nullptr && full.cache->length() > 0) return int8_step(embeddings, full);
  const RotaryTable rotary = rotary_table(full.positions, inverse_frequencies_, embeddings.scalar_type());
  if (const auto stepped = decoder_step(*this, nullptr, embeddings, full, rotary)) {
    full.cache->advance(1);
    return *stepped;
  }
  torch::Tensor hidden_states = embeddings;
  for (LlamaLayer& layer : model->layers) {
    const bool first = layer.get() == model->layers.front().get(), last = layer.get() == model->layers.back().get();
    const LayerRows rows{.outputs = last ? full.outputs : torch::Tensor(), .gradient_rows = first ? full.gradient_rows : torch::Tensor()};
    if (recompute_layers) {
      const auto run = [layer, rotary, full, rows](const torch::Tensor& x) mutable { return layer->forward(x, rotary, full, rows); };
      hidden_states = recomputed(run, hidden_states, parameters_with_gradient(*layer));
    } else {
      hidden_states = layer->forward(hidden_states, rotary, full, rows);
    }
  }
  if (full.cache != nullptr) full.cache->advance(embeddings.size(1));
  return model->norm->forward(hidden_states);
}

torch::Tensor LlamaImpl::int8_step(const torch::Tensor& embeddings, const AttentionContext& context) {
  const TeamScope team(inverse_frequencies_);  // in float32 also where the decoder is not
  context.cache->convert(torch::kFloat32);
  const RotaryTable rotary = rotary_table(context.positions, inverse_frequencies_, torch::kFloat32);
  const auto stepped = decoder_step(*this, &int8_weights(), embeddings.to(torch::kFloat32), context, rotary);
  if (!stepped) throw Error("a step of decoding with weights in 8 bits is possible without gradients, dropout and fixed shapes only");
  context.cache->advance(1);
  return *stepped;
}

torch::Tensor LlamaImpl::logits(const torch::Tensor& hidden_states) {
  std::vector<std::int64_t> shape = hidden_states.sizes().vec();
  shape.back() = config.vocab_size;
  const torch::Tensor rows = hidden_states.flatten(0, -2);
  if (!decodes_in_int8_) return product(rows, output_weight(), kernels::kStepRows).view(shape);
  const TeamScope team(inverse_frequencies_);
  return product(rows.detach().to(torch::kFloat32), int8_weights().head).view(shape);
}

void LlamaImpl::decode_in_int8() {
  const torch::Tensor& weight = output_weight();
  std::string hindrance;
  if (!weight.is_cpu()) {
    hindrance = fmt::format("a decoder on a CPU, and this one is on {}", weight.device().str());
  } else if (is_training() || weight.requires_grad()) {
    hindrance = "a decoder that does not train";
  } else if (config.num_attention_heads > kernels::kFewRows * config.num_key_value_heads) {
    hindrance = fmt::format("at most {} attention heads that share a key head", kernels::kFewRows);
  }
  if (!hindrance.empty()) throw UsageError(fmt::format("generate.weights: int8 needs {}; own has no such need", hindrance));
  decodes_in_int8_ = true;
}

const Int8Weights& LlamaImpl::int8_weights() {
  static std::mutex making;  // steps in several threads may be the first to need them
  const std::lock_guard lock(making);
  if (!int8_weights_) int8_weights_ = std::make_shared<const Int8Weights>(*this);
  return *int8_weights_;
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
