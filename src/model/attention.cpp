#include "attention.h"

#include "row_passes.h"

namespace midillama::model {
namespace {

// The mask that the fused kernels cannot build on their own: several new tokens behind cached ones.
torch::Tensor causal_mask(std::int64_t tokens, std::int64_t cached, torch::Device device) {
  const auto options = torch::TensorOptions().dtype(torch::kBool).device(device);
  return at::ones({tokens, cached + tokens}, options).tril_(cached).view({1, 1, tokens, cached + tokens});
}

torch::Tensor positions_of(const std::vector<std::int64_t>& lengths) {
  std::vector<torch::Tensor> parts;
  for (const std::int64_t length : lengths) parts.push_back(at::arange(length, torch::kInt64));
  return at::cat(parts);
}

torch::Tensor attend_whole(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                           bool causal) {
  if (can_attend_next(queries, keys, values)) return attend_next(queries, keys, values, mask);
  std::optional<torch::Tensor> optional_mask;
  if (mask.defined()) optional_mask = mask;
  causal = causal && !mask.defined() && queries.size(2) > 1;  // one new token may attend to all cached ones
  const bool grouped = queries.size(1) != keys.size(1);
  return at::scaled_dot_product_attention(queries, keys, values, optional_mask, 0.0, causal, std::nullopt, grouped)
      .transpose(1, 2)
      .flatten(2);
}

}  // namespace

AttentionContext complete(const AttentionContext& context, std::int64_t tokens, torch::Device device) {
  AttentionContext full = context;
  const std::int64_t cached = context.cache != nullptr ? context.cache->length() : 0;
  if (!full.positions.defined()) {
    full.positions = context.lengths.empty() ? at::arange(cached, cached + tokens, torch::kInt64) : positions_of(context.lengths);
    full.positions = full.positions.unsqueeze(0).to(device);
  }
  if (!full.mask.defined() && cached > 0 && tokens > 1) full.mask = causal_mask(tokens, cached, device);
  return full;
}

torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                     const std::vector<std::int64_t>& lengths, bool causal) {
  if (lengths.empty()) return attend_whole(queries, keys, values, mask, causal);
  const auto q = queries.split_with_sizes(lengths, 2), k = keys.split_with_sizes(lengths, 2), v = values.split_with_sizes(lengths, 2);
  std::vector<torch::Tensor> texts;
  for (std::size_t i = 0; i < lengths.size(); ++i) texts.push_back(attend_whole(q[i], k[i], v[i], {}, causal));
  return at::cat(texts, 1);
}

}  // namespace midillama::model
