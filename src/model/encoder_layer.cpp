#include "midillama/model/encoder_layer.h"

#include "attention.h"
#include "dropout.h"

namespace midillama::model {

EncoderAttentionImpl::EncoderAttentionImpl(std::int64_t hidden_size, std::int64_t num_attention_heads, const torch::TensorOptions& options)
    : num_attention_heads(num_attention_heads) {
  q_proj = register_module("q_proj", Linear(hidden_size, hidden_size, true, options));
  k_proj = register_module("k_proj", Linear(hidden_size, hidden_size, true, options));
  v_proj = register_module("v_proj", Linear(hidden_size, hidden_size, true, options));
  out_proj = register_module("out_proj", Linear(hidden_size, hidden_size, true, options));
}

torch::Tensor EncoderAttentionImpl::forward(const torch::Tensor& x, const torch::Tensor& mask, const std::vector<std::int64_t>& lengths) {
  const auto heads = [&](const torch::Tensor& features) {
    return features.view({x.size(0), x.size(1), num_attention_heads, -1}).transpose(1, 2);
  };
  const torch::Tensor queries = heads(q_proj->forward(x)), keys = heads(k_proj->forward(x)), values = heads(v_proj->forward(x));
  return out_proj->forward(attend(queries, keys, values, mask, lengths, false));
}

EncoderLayerImpl::EncoderLayerImpl(std::int64_t hidden_size, std::int64_t num_attention_heads, std::int64_t intermediate_size,
                                   double layer_norm_eps, double dropout, const torch::TensorOptions& options)
    : dropout(dropout) {
  self_attn = register_module("self_attn", EncoderAttention(hidden_size, num_attention_heads, options));
  self_attn_layer_norm = register_module("self_attn_layer_norm", LayerNorm(hidden_size, layer_norm_eps, options));
  fc1 = register_module("fc1", Linear(hidden_size, intermediate_size, true, options));
  fc2 = register_module("fc2", Linear(intermediate_size, hidden_size, true, options));
  final_layer_norm = register_module("final_layer_norm", LayerNorm(hidden_size, layer_norm_eps, options));
}

torch::Tensor EncoderLayerImpl::forward(const torch::Tensor& x, const torch::Tensor& mask, const std::vector<std::int64_t>& lengths) {
  const auto drop = [&](const torch::Tensor& branch) { return model::dropout(branch, dropout, is_training()); };
  const torch::Tensor attended = self_attn_layer_norm->forward(x + drop(self_attn->forward(x, mask, lengths)));
  const torch::Tensor active = at::gelu(fc1->forward(attended), gelu == Gelu::exact ? "none" : "tanh");
  return final_layer_norm->forward(attended + drop(fc2->forward(active)));
}

}  // namespace midillama::model
