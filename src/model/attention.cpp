#include "attention.h"

#include "midillama/model/to_device.h"
#include "row_passes.h"

#include <ATen/ops/_flash_attention_forward.h>

namespace midillama::model {
namespace {

// The mask that the fused kernels cannot build on their own: several new tokens after cached ones.
torch::Tensor causal_mask(std::int64_t tokens, std::int64_t cached, torch::Device device) {
  const auto options = torch::TensorOptions().dtype(torch::kBool).device(device);
  return at::ones({tokens, cached + tokens}, options).tril_(cached).view({1, 1, tokens, cached + tokens});
}

torch::Tensor positions_of(const std::vector<std::int64_t>& lengths) {
  std::vector<torch::Tensor> parts;
  for (const std::int64_t length : lengths) parts.push_back(at::arange(length, torch::kInt64));
  return at::cat(parts);
}

// One new token a row: the query heads that share keys take the place of tokens, so that a kernel need not know of groups and reads every
// key once.
torch::Tensor attend_in_groups(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values,
                               const std::optional<torch::Tensor>& mask) {
  const torch::Tensor groups = queries.squeeze(2).unflatten(1, {keys.size(1), -1});  // [batch, key-value heads, heads of each, head_dim]
  return at::scaled_dot_product_attention(groups, keys, values, mask).flatten(1).unsqueeze(1);
}

torch::Tensor attend_whole(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                           bool causal) {
  if (can_attend_next(queries, keys, values)) return attend_next(queries, keys, values, mask);
  std::optional<torch::Tensor> optional_mask;
  if (mask.defined()) optional_mask = mask;
  const bool grouped = queries.size(1) != keys.size(1);
  if (grouped && queries.size(2) == 1) return attend_in_groups(queries, keys, values, optional_mask);
  causal = causal && !mask.defined() && queries.size(2) > 1;  // one new token may attend to all cached ones
  return at::scaled_dot_product_attention(queries, keys, values, optional_mask, 0.0, causal, std::nullopt, grouped)
      .transpose(1, 2)
      .flatten(2);
}

// Where the flash attention of GPUs takes texts laid end to end as they are.
bool takes_texts_at_once(const torch::Tensor& queries) {
  const std::int64_t size = queries.size(3);
  return queries.is_cuda() && (queries.scalar_type() == torch::kBFloat16 || queries.scalar_type() == torch::kFloat16) && size % 8 == 0 &&
         size <= 256;
}

torch::Tensor attend_at_once(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values,
                             const std::vector<std::int64_t>& lengths, bool causal) {
  std::vector<std::int32_t> begins = {0};
  for (const std::int64_t length : lengths) begins.push_back(begins.back() + static_cast<std::int32_t>(length));
  const torch::Tensor boundaries = to_device(torch::tensor(begins, torch::kInt32), queries.device());
  const auto tokens_first = [](const torch::Tensor& x) { return x.squeeze(0).transpose(0, 1); };  // [tokens, heads, head_dim]
  const std::int64_t longest = std::ranges::max(lengths);
  const auto attended = std::get<0>(at::_flash_attention_forward(tokens_first(queries), tokens_first(keys), tokens_first(values),
                                                                 boundaries, boundaries, longest, longest, 0.0, causal, false));
  return attended.flatten(1).unsqueeze(0);
}

// For one more token a row, whose place only the device knows.
AttentionContext complete_fixed(const AttentionContext& context) {
  AttentionContext full = context;
  const torch::Tensor filled = context.cache->filled();
  full.mask = full.mask.defined() ? full.mask.logical_and(filled) : filled;
  if (!full.positions.defined()) full.positions = context.cache->next().unsqueeze(0);
  return full;
}

}  // namespace

AttentionContext complete(const AttentionContext& context, std::int64_t tokens, torch::Device device) {
  if (context.cache != nullptr && context.cache->has_fixed_shapes()) return complete_fixed(context);
  AttentionContext full = context;
  const std::int64_t cached = context.cache != nullptr ? context.cache->length() : 0;
  if (!full.positions.defined()) {
    full.positions = context.lengths.empty() ? at::arange(cached, cached + tokens, torch::TensorOptions(device).dtype(torch::kInt64))
                                             : to_device(positions_of(context.lengths), device);
    full.positions = full.positions.unsqueeze(0);
  }
  if (!full.mask.defined() && cached > 0 && tokens > 1) full.mask = causal_mask(tokens, cached, device);
  return full;
}

torch::Tensor attend(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask,
                     const std::vector<std::int64_t>& lengths, bool causal) {
  if (lengths.empty()) return attend_whole(queries, keys, values, mask, causal);
  if (takes_texts_at_once(queries)) return attend_at_once(queries, keys, values, lengths, causal);
  const auto q = queries.split_with_sizes(lengths, 2), k = keys.split_with_sizes(lengths, 2), v = values.split_with_sizes(lengths, 2);
  std::vector<torch::Tensor> texts;
  for (std::size_t i = 0; i < lengths.size(); ++i) texts.push_back(attend_whole(q[i], k[i], v[i], {}, causal));
  return at::cat(texts, 1);
}

torch::Tensor attend(const torch::Tensor& projected, const HeadLayout& layout, std::int64_t layer, const AttentionContext& context) {
  const std::int64_t rows = projected.size(0), tokens = projected.size(1);
  if (context.cache == nullptr && !context.mask.defined() && can_attend_texts(projected, layout)) {
    const std::vector<std::int64_t> whole_rows(static_cast<std::size_t>(rows), tokens);
    return attend_texts(projected.flatten(0, 1), layout, context.lengths.empty() ? whole_rows : context.lengths).view({rows, tokens, -1});
  }
  const auto heads = projected.unflatten(-1, {-1, layout.size}).split_with_sizes({layout.queries, layout.keys, layout.keys}, 2);
  torch::Tensor keys = heads[1].transpose(1, 2), values = heads[2].transpose(1, 2);
  if (context.cache != nullptr) std::tie(keys, values) = context.cache->append(layer, keys, values);
  return attend(heads[0].transpose(1, 2), keys, values, context.mask, context.lengths, true);
}

}  // namespace midillama::model
