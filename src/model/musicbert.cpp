#include "midillama/model/musicbert.h"

#include "dropout.h"
#include "midillama/octuple/vocabulary.h"
#include "random_weights.h"

namespace midillama::model {
namespace {

using octuple::kFields;
using octuple::kPadId;

constexpr double kInitialStandardDeviation = 0.02;
constexpr std::int64_t kFirstPosition = kPadId + 1;  // fairseq counts positions from after the padding index

void initialize_module(torch::nn::Module& module, std::uint64_t seed) {
  const at::Generator generator = seeded_generator(seed);
  for (const auto& parameter : module.named_parameters()) {
    const bool is_norm_scale = parameter.key().ends_with("norm.weight");
    if (parameter.value().dim() > 1) {
      fill_normal(parameter.value(), kInitialStandardDeviation, generator);
    } else {
      fill_constant(parameter.value(), is_norm_scale ? 1.0 : 0.0);
    }
  }
}

std::vector<std::int64_t> lengths_of(const torch::Tensor& real) {
  const torch::Tensor counts = real.sum(1).to(torch::kCPU);
  const auto* begin = counts.const_data_ptr<std::int64_t>();
  return {begin, begin + counts.size(0)};
}

}  // namespace

MusicBertImpl::MusicBertImpl(const MusicBertConfig& config, const torch::TensorOptions& options) : config(config) {
  const std::int64_t size = config.hidden_size;
  const auto sequential = [&](const char* name, const Linear& linear) {  // fairseq wraps it: downsampling.0
    return register_module(name, std::make_shared<torch::nn::Module>())->register_module("0", linear);
  };
  embed_tokens = register_module("embed_tokens", Embedding(config.vocab_size, size, options));
  embed_positions = register_module("embed_positions", Embedding(config.max_position_embeddings, size, options));
  emb_layer_norm = register_module("emb_layer_norm", LayerNorm(size, config.layer_norm_eps, options));
  downsampling = sequential("downsampling", Linear(kFields * size, size, true, options));
  upsampling = sequential("upsampling", Linear(size, kFields * size, true, options));
  const auto list = register_module("layers", std::make_shared<torch::nn::Module>());
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    layers.push_back(list->register_module(std::to_string(i), EncoderLayer(size, config.num_attention_heads, config.intermediate_size,
                                                                           config.layer_norm_eps, config.dropout, options)));
  }
}

torch::Tensor MusicBertImpl::forward(const torch::Tensor& ids) {
  const std::int64_t batch = ids.size(0), width = ids.size(1);
  const torch::Tensor real = ids.select(2, 0) != kPadId;  // [batch, octuples], false at padding
  const torch::Tensor positions = at::arange(kFirstPosition, kFirstPosition + width, ids.options()).expand({batch, width});
  if (real.all().item<bool>()) return encode(ids, positions, {});
  // What is at padding is never looked at, so it is not computed either: the sequences are laid end to end.
  const torch::Tensor kept = real.flatten().nonzero().squeeze(1);
  const auto pick = [&](const torch::Tensor& rows) { return rows.flatten(0, 1).index_select(0, kept).unsqueeze(0); };
  const torch::Tensor hidden_states = encode(pick(ids), pick(positions), lengths_of(real)).squeeze(0);
  const torch::Tensor nothing = at::zeros({batch * width, config.hidden_size}, hidden_states.options().requires_grad(false));
  return nothing.index_copy(0, kept, hidden_states).view({batch, width, config.hidden_size});
}

torch::Tensor MusicBertImpl::encode(const torch::Tensor& ids, const torch::Tensor& positions, const std::vector<std::int64_t>& lengths) {
  torch::Tensor x = downsampling->forward(embed_tokens->forward(ids).flatten(2)) + embed_positions->forward(positions);
  x = model::dropout(emb_layer_norm->forward(x), config.dropout, is_training());
  for (EncoderLayer& layer : layers) x = layer->forward(x, {}, lengths);
  return x;
}

torch::Tensor MusicBertImpl::upsample(const torch::Tensor& hidden_states) {
  return upsampling->forward(hidden_states).unflatten(-1, {kFields, config.hidden_size});
}

MusicBertHeadImpl::MusicBertHeadImpl(std::int64_t hidden_size, std::int64_t vocab_size, double layer_norm_eps) {
  dense = register_module("dense", Linear(hidden_size, hidden_size, true));
  layer_norm = register_module("layer_norm", LayerNorm(hidden_size, layer_norm_eps));
  bias = register_parameter("bias", torch::empty({vocab_size}));
}

torch::Tensor MusicBertHeadImpl::forward(const torch::Tensor& features, const torch::Tensor& embedding) {
  return at::linear(layer_norm->forward(at::gelu(dense->forward(features))), embedding, bias);
}

void initialize_weights(MusicBert& encoder, std::uint64_t seed) {
  initialize_module(*encoder, seed);
  fill_constant(encoder->embed_tokens->weight.select(0, kPadId), 0.0);
  fill_constant(encoder->embed_positions->weight.select(0, kPadId), 0.0);
}

void initialize_weights(MusicBertHead& head, std::uint64_t seed) {
  initialize_module(*head, seed);
}

}  // namespace midillama::model
