#include "generate/batch_decoder.h"

#include "generate/sampling.h"
#include "midillama/model/to_device.h"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>

namespace midillama::generate {
namespace {

// Row r: padding[r] times padding, then its embeddings -> [rows, longest, hidden_size].
torch::Tensor pad_left(const std::vector<torch::Tensor>& embeddings, std::int64_t longest) {
  auto padded = embeddings[0].new_zeros({static_cast<std::int64_t>(embeddings.size()), longest, embeddings[0].size(1)});
  for (std::size_t row = 0; row < embeddings.size(); ++row) {
    const auto length = embeddings[row].size(0);
    padded[static_cast<std::int64_t>(row)].narrow(0, longest - length, length).copy_(embeddings[row]);
  }
  return padded;
}

// Causal, and nothing attends to padding but padding to itself: a row of a softmax is never empty. -> bool [rows, 1, longest, longest]
torch::Tensor prefill_mask(const torch::Tensor& padding, std::int64_t longest) {
  const auto causal = torch::ones({longest, longest}, torch::dtype(torch::kBool).device(padding.device())).tril();
  const auto itself = torch::eye(longest, torch::dtype(torch::kBool).device(padding.device()));
  const auto real = torch::arange(longest, padding.options()) >= padding.view({-1, 1, 1, 1});
  return causal.logical_and(real).logical_or(itself);
}

}  // namespace

BatchDecoder::BatchDecoder(model::MidiLlama& model, const SamplingOptions& options, std::vector<Completion>& completions)
    : model_(model), options_(options), completions_(completions) {}

void BatchDecoder::run(std::span<const model::MusicText> texts, std::vector<Row> rows) {
  rows_ = std::move(rows);
  auto logits = prefill(texts);
  while (true) {
    auto tokens = choose(logits);
    const auto going_on = record(tokens);
    if (going_on.empty()) return;
    if (pays_to_leave(going_on.size())) {
      tokens = tokens.index_select(0, model::to_device(going_on, tokens.device()));
      keep_only(going_on);
    }
    logits = step(tokens);
  }
}

torch::Tensor BatchDecoder::prefill(std::span<const model::MusicText> texts) {
  const auto embeddings = model_->splice(texts);
  const auto longest = std::ranges::max(rows_, {}, &Row::length).length;
  const auto steps = std::ranges::max(rows_, {}, &Row::budget).budget;
  const auto capacity = longest + steps - 1;  // the last new token is never read
  const auto ids = torch::dtype(torch::kInt64).device(embeddings[0].device());
  std::vector<std::int64_t> lengths;
  for (const auto& row : rows_) lengths.push_back(row.length);
  const auto length = model::to_device(lengths, embeddings[0].device());
  const auto padding = longest - length;

  const auto& config = model_->llama->config;
  cache_ = std::make_unique<model::KeyValueCache>(config.num_hidden_layers, rows_.size(), config.num_key_value_heads, capacity,
                                                  config.head_dim, embeddings[0].device(), embeddings[0].scalar_type());
  positions_ = length.unsqueeze(-1);
  model::AttentionContext context;
  context.positions = (torch::arange(longest, ids) - padding.unsqueeze(-1)).clamp_min(0);
  context.cache = cache_.get();
  const bool padded = std::ranges::any_of(rows_, [&](const Row& row) { return row.length < longest; });
  may_attend_ = padded ? torch::arange(capacity, ids) >= padding.view({-1, 1, 1, 1}) : torch::Tensor();
  if (padded) context.mask = prefill_mask(padding, longest);
  const auto hidden = model_->llama->forward(pad_left(embeddings, longest), context);
  if (options_.fixed_shapes.value_or(hidden.is_cuda())) cache_->fix_shapes();
  return model_->llama->logits(hidden.select(1, longest - 1));
}

torch::Tensor BatchDecoder::step(const torch::Tensor& tokens) {
  if (!cache_->has_fixed_shapes()) return forward(tokens);
  if (!graph_) {
    tokens_ = torch::empty_like(tokens);
    graph_ = std::make_unique<CudaGraph>([this] { return forward(tokens_); }, tokens.device());
  }
  tokens_.copy_(tokens);
  return graph_->run();
}

torch::Tensor BatchDecoder::forward(const torch::Tensor& tokens) {
  model::AttentionContext context;
  context.positions = positions_;
  context.cache = cache_.get();
  if (may_attend_.defined()) context.mask = may_attend_.narrow(-1, 0, cache_->keys_with(1));
  const auto hidden = model_->llama->forward(model_->llama->embed(tokens.unsqueeze(-1)), context);
  positions_.add_(1);
  return model_->llama->logits(hidden.select(1, 0));
}

torch::Tensor BatchDecoder::choose(const torch::Tensor& logits) {
  if (options_.temperature == 0) return greedy(logits);
  std::vector<double> uniforms;
  for (auto& row : rows_) uniforms.push_back(row.random.uniform());
  return sample(logits, options_.temperature, options_.top_p, model::to_device(torch::tensor(uniforms, torch::kFloat64), logits.device()));
}

std::vector<std::int64_t> BatchDecoder::record(const torch::Tensor& tokens) {
  const auto on_cpu = tokens.cpu();
  const auto* ids = on_cpu.const_data_ptr<std::int64_t>();
  std::vector<std::int64_t> going_on;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].is_done) continue;
    rows_[row].is_done = ends(rows_[row], ids[row]);
    if (!rows_[row].is_done) going_on.push_back(static_cast<std::int64_t>(row));
  }
  return going_on;
}

bool BatchDecoder::ends(Row& row, std::int64_t token) {
  auto& completion = completions_[row.prompt];
  if (std::ranges::find(options_.stop_ids, token) != options_.stop_ids.end()) {
    completion.finish = Finish::stop;
    return true;
  }
  completion.token_ids.push_back(token);
  completion.finish = row.at_budget;
  return --row.budget == 0;
}

// A row that has left a batch of fixed shapes costs another capture; one that stays costs little beside the weights, which all rows share.
bool BatchDecoder::pays_to_leave(std::size_t going_on) const {
  return cache_->has_fixed_shapes() ? 2 * going_on <= rows_.size() : going_on < rows_.size();
}

void BatchDecoder::keep_only(const std::vector<std::int64_t>& rows) {
  std::vector<Row> kept;
  for (const auto row : rows) kept.push_back(rows_[static_cast<std::size_t>(row)]);
  rows_ = std::move(kept);
  graph_.reset();
  const auto indices = model::to_device(rows, positions_.device());
  cache_->select_rows(indices);
  positions_ = positions_.index_select(0, indices);
  if (may_attend_.defined()) may_attend_ = may_attend_.index_select(0, indices);
}

}  // namespace midillama::generate
