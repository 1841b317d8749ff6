#include "generate/batch.h"

#include "generate/sampling.h"
#include "midillama/core/error.h"
#include "midillama/model/to_device.h"

#include <torch/utils.h>

#include <algorithm>
#include <iterator>
#include <limits>

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

std::int64_t largest_budget(const std::vector<BatchRow>& rows) {
  return std::ranges::max(rows, {}, &BatchRow::budget).budget;
}

bool is_same(const model::MusicText& first, const model::MusicText& second) {
  return first.input_ids == second.input_ids && first.music_position == second.music_position && first.music.is_same(second.music);
}

constexpr std::int64_t kNoToken = -1;

bool is_padded(const std::vector<std::int64_t>& padding) {
  return std::ranges::any_of(padding, [](std::int64_t tokens) { return tokens > 0; });
}

}  // namespace

std::size_t Batch::running() const {
  return static_cast<std::size_t>(std::ranges::count(rows_, false, &BatchRow::is_done));
}

void Batch::join(std::span<const model::MusicText> texts, std::vector<BatchRow> rows) {
  keep_running();
  const auto together = static_cast<std::size_t>(std::ranges::count(rows, false, &BatchRow::reads_alone));
  // What is put beside others is copied anyway; the last new token is never read.
  const bool stays = rows_.empty() && (texts.size() == 1 || together == texts.size());
  const std::int64_t room = stays ? largest_budget(rows) - 1 : 0;
  std::vector<std::unique_ptr<Prefilled>> read;
  std::vector<const Prefilled*> fresh;
  const auto read_some = [&](std::size_t first, std::size_t count) {
    read.push_back(std::make_unique<Prefilled>(prefill(texts.subspan(first, count), std::span(rows).subspan(first, count), room)));
    return read.back().get();
  };
  if (together > 0) fresh.push_back(read_some(0, together));
  std::vector<const Prefilled*> alone;
  const auto texts_alone = texts.subspan(together);
  for (std::size_t i = 0; i < texts_alone.size(); ++i) {
    const auto before = texts_alone.first(i);
    const auto same = std::ranges::find_if(before, [&](const model::MusicText& text) { return is_same(text, texts_alone[i]); });
    alone.push_back(same == before.end() ? read_some(together + i, 1) : alone[static_cast<std::size_t>(same - before.begin())]);
  }
  fresh.insert(fresh.end(), alone.begin(), alone.end());
  if (stays) {
    cache_ = std::move(read[0]->cache);
    padding_ = std::move(read[0]->padding);
    length_ = read[0]->length;
    logits_ = read[0]->logits;
  } else {
    merge(fresh, rows);
  }
  std::vector<std::int64_t> lengths;
  for (const BatchRow& row : rows) lengths.push_back(row.length);
  const auto fresh_positions = model::to_device(lengths, device()).unsqueeze(-1);
  positions_ = rows_.empty() ? fresh_positions : at::cat({positions_, fresh_positions});
  chosen_ = torch::Tensor();
  rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  rebuild_inputs();
  if (fixed_shapes_.value_or(logits_.is_cuda())) cache_->fix_shapes();
}

Batch::Prefilled Batch::prefill(std::span<const model::MusicText> texts, std::span<const BatchRow> rows, std::int64_t room) {
  const auto embeddings = model_->splice(texts);
  Prefilled fresh;
  fresh.length = std::ranges::max(rows, {}, &BatchRow::length).length;
  for (const BatchRow& row : rows) fresh.padding.push_back(fresh.length - row.length);
  const auto& config = model_->llama->config;
  fresh.cache =
      std::make_unique<model::KeyValueCache>(config.num_hidden_layers, rows.size(), config.num_key_value_heads, fresh.length + room,
                                             config.head_dim, embeddings[0].device(), embeddings[0].scalar_type());
  const auto padding = model::to_device(fresh.padding, embeddings[0].device());
  model::AttentionContext context;
  context.positions = (torch::arange(fresh.length, padding.options()) - padding.unsqueeze(-1)).clamp_min(0);
  context.cache = fresh.cache.get();
  if (is_padded(fresh.padding)) context.mask = prefill_mask(padding, fresh.length);
  const auto hidden = model_->llama->forward(pad_left(embeddings, fresh.length), context);
  fresh.logits = model_->llama->logits(hidden.select(1, fresh.length - 1));
  return fresh;
}

void Batch::merge(std::span<const Prefilled* const> fresh, const std::vector<BatchRow>& rows) {
  // Padding that all rows share is left out.
  const std::int64_t running = rows_.empty() ? 0 : length_ - *std::ranges::min_element(padding_);
  const std::int64_t length = std::max(running, std::ranges::max(rows, {}, &BatchRow::length).length);
  const std::int64_t budget = std::max(rows_.empty() ? 0 : largest_budget(rows_), largest_budget(rows));
  std::vector<model::KeyValueCache::Part> parts;
  std::vector<std::int64_t> padding;
  std::vector<torch::Tensor> logits;
  const auto add = [&](const model::KeyValueCache& cache, std::int64_t end, const std::vector<std::int64_t>& paddings,
                       const torch::Tensor& of_last) {
    parts.push_back({&cache, end});
    for (const std::int64_t tokens : paddings) padding.push_back(tokens + length - end);
    logits.push_back(of_last);
  };
  if (!rows_.empty()) add(*cache_, length_, padding_, logits_);
  for (const Prefilled* prompts : fresh) add(*prompts->cache, prompts->length, prompts->padding, prompts->logits);
  cache_ = model::KeyValueCache::joined(parts, length, length + budget - 1);
  padding_ = std::move(padding);
  length_ = length;
  logits_ = at::cat(logits);
}

void Batch::rebuild_inputs() {
  graph_.reset();
  may_attend_ = torch::Tensor();
  if (is_padded(padding_)) {
    const auto padding = model::to_device(padding_, device());
    may_attend_ = torch::arange(cache_->capacity(), padding.options()) >= padding.view({-1, 1, 1, 1});
  }
  std::vector<double> temperatures, top_ps;
  for (const BatchRow& row : rows_) {
    temperatures.push_back(row.temperature > 0 ? row.temperature : 1);
    top_ps.push_back(row.top_p);
  }
  const auto greedy_rows = std::ranges::count(rows_, 0.0, &BatchRow::temperature);
  const bool all_greedy = greedy_rows == std::ssize(rows_);
  const auto on_device = [&](const std::vector<double>& values) {
    return model::to_device(torch::tensor(values, torch::kFloat64), device());
  };
  temperatures_ = all_greedy ? torch::Tensor() : on_device(temperatures);
  top_ps_ = all_greedy ? torch::Tensor() : on_device(top_ps);
  is_greedy_ = torch::Tensor();
  if (all_greedy || greedy_rows == 0) return;
  const auto mask = torch::empty({std::ssize(rows_)}, torch::kBool);
  for (std::size_t i = 0; i < rows_.size(); ++i) mask.mutable_data_ptr<bool>()[i] = rows_[i].temperature == 0;
  is_greedy_ = model::to_device(mask, device());
}

torch::Tensor Batch::filtered_logits() {
  const auto wants = [](const BatchRow& row) { return row.filter != nullptr && !row.is_done; };
  if (std::ranges::none_of(rows_, wants)) return logits_;
  const auto forbidden = torch::zeros(logits_.sizes(), torch::kBool);
  const std::int64_t vocabulary = logits_.size(1);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!wants(rows_[i])) continue;
    std::span<const std::uint64_t> allowed;
    try {
      allowed = rows_[i].filter->allowed(rows_[i].budget);
    } catch (...) {
      rows_[i].failure = std::current_exception();
      continue;
    }
    bool* row = forbidden.mutable_data_ptr<bool>() + static_cast<std::int64_t>(i) * vocabulary;
    for (std::int64_t id = 0; id < vocabulary; ++id) {
      const auto word = static_cast<std::size_t>(id / 64);
      row[id] = word >= allowed.size() || (allowed[word] >> (id % 64) & 1) == 0;
    }
  }
  return logits_.masked_fill(model::to_device(forbidden, device()), -std::numeric_limits<double>::infinity());
}

void Batch::add_logprobs(std::vector<Chosen>& tokens) const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].likeliest || rows_[i].is_done) continue;
    const auto logprobs = logits_[static_cast<std::int64_t>(i)].to(torch::kFloat64).log_softmax(-1);
    tokens[i].logprob = logprobs[tokens[i].id].item<double>();
    const auto [values, ids] = logprobs.topk(std::min(*rows_[i].likeliest, logprobs.size(0)));
    const auto host_values = values.cpu(), host_ids = ids.cpu();
    for (std::int64_t k = 0; k < host_ids.size(0); ++k)
      tokens[i].likeliest.push_back({host_ids.const_data_ptr<std::int64_t>()[k], host_values.const_data_ptr<double>()[k]});
  }
}

std::vector<Chosen> Batch::choose() {
  const bool have_joined = !chosen_.defined();
  const torch::Tensor logits = filtered_logits();
  if (!temperatures_.defined()) {
    chosen_ = greedy(logits);
  } else {
    std::vector<double> uniforms;
    for (BatchRow& row : rows_) uniforms.push_back(row.temperature > 0 ? row.random.uniform() : 0);
    chosen_ = sample(logits, temperatures_, top_ps_, model::to_device(torch::tensor(uniforms, torch::kFloat64), device()));
    if (is_greedy_.defined()) chosen_ = at::where(is_greedy_, greedy(logits), chosen_);
  }
  // Numbers that were finite in the files may overflow; what is chosen from what they give would be no answer.
  if (have_joined) chosen_ = at::where(logits_.amax(-1).isfinite(), chosen_, kNoToken);
  const auto on_host = chosen_.cpu();
  std::vector<Chosen> tokens(rows_.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i].id = on_host.const_data_ptr<std::int64_t>()[i];
  if (std::ranges::count(tokens, kNoToken, &Chosen::id) > 0) {
    throw Error("the model's logits are not finite: its weights, or the adapter's scale, are too large");
  }
  add_logprobs(tokens);
  return tokens;
}

void Batch::go_on() {
  if (pays_to_leave()) keep_running();
  if (!rows_.empty()) logits_ = step(chosen_);
}

torch::Tensor Batch::step(const torch::Tensor& tokens) {
  ++length_;
  if (!cache_->has_fixed_shapes()) return forward(tokens);
  if (!graph_) {
    tokens_ = torch::empty_like(tokens);
    graph_ = std::make_unique<CudaGraph>([this] { return forward(tokens_); }, tokens.device());
  }
  tokens_.copy_(tokens);
  return graph_->run();
}

torch::Tensor Batch::forward(const torch::Tensor& tokens) {
  model::AttentionContext context;
  context.positions = positions_;
  context.cache = cache_.get();
  if (may_attend_.defined()) context.mask = may_attend_.narrow(-1, 0, cache_->keys_with(1));
  const auto hidden = model_->llama->forward(model_->llama->embed(tokens.unsqueeze(-1)), context);
  positions_.add_(1);
  return model_->llama->logits(hidden.select(1, 0));
}

// A row that has left a batch of fixed shapes costs another capture; one that stays costs little beside the weights, which all rows share.
bool Batch::pays_to_leave() const {
  return cache_->has_fixed_shapes() && running() > 0 ? 2 * running() <= rows_.size() : running() < rows_.size();
}

void Batch::keep_running() {
  if (running() == rows_.size()) return;
  std::vector<BatchRow> kept;
  std::vector<std::int64_t> indices, padding;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].is_done) continue;
    kept.push_back(std::move(rows_[i]));
    indices.push_back(static_cast<std::int64_t>(i));
    padding.push_back(padding_[i]);
  }
  rows_ = std::move(kept);
  padding_ = std::move(padding);
  if (rows_.empty()) return cache_.reset(), graph_.reset();
  const auto rows = model::to_device(indices, device());
  cache_->select_rows(rows);
  positions_ = positions_.index_select(0, rows);
  logits_ = logits_.index_select(0, rows);
  if (chosen_.defined()) chosen_ = chosen_.index_select(0, rows);
  rebuild_inputs();
}

}  // namespace midillama::generate
