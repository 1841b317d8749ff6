#include "attention_projector.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/model/layers.h"
#include "random_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::model {
namespace {

// Of a query and key in the beginning: every note is seen, and no two queries see the same.
constexpr double kStartingScores = 0.1;

class AttentionProjector final : public Projector {
 public:
  AttentionProjector(std::int64_t queries, config::AttentionHeads heads, std::int64_t music_size, std::int64_t hidden_size,
                     const at::Generator& generator)
      : heads_(heads.count),
        size_(heads.size),
        queries_(register_parameter("queries", torch::empty({queries, heads_ * size_}))),
        key_value_(register_module("key_value", Linear(music_size, 2 * heads_ * size_, /*with_bias=*/true))),
        out_(register_module("out", Linear(heads_ * size_, hidden_size, /*with_bias=*/true))) {
    fill_normal(queries_, 1, generator);
    for (const Linear& layer : {key_value_, out_}) {
      fill_linear(layer->weight, layer->weight.size(1), generator);
      fill_linear(layer->bias, layer->weight.size(1), generator);
    }
  }

  std::string kind() const override { return "attention"; }
  std::int64_t tokens(std::int64_t) const override { return queries_.size(0); }
  torch::Tensor project(std::span<const torch::Tensor> clips) override;
  Card card() const override;

 protected:
  std::string reads() const override { return "key_value."; }
  std::string writes() const override { return "out."; }
  torch::Tensor samples(std::span<const torch::Tensor> clips) const override;
  void draw_weights(std::span<const torch::Tensor> clips, double scale, const at::Generator& generator) override;

 private:
  std::int64_t inner() const { return heads_ * size_; }
  // Of keys (0) or values (1), [heads, head size, M].
  torch::Tensor weights_of(std::int64_t part) const {
    return key_value_->weight.narrow(0, part * inner(), inner()).view({heads_, size_, -1});
  }
  // What a query of a head looks for among vectors as they are, [heads · Q, M].
  torch::Tensor sought() const;

  std::int64_t heads_, size_;
  torch::Tensor queries_;
  Linear key_value_, out_;
};

// query · (key weights · note) is (key weightsᵀ · query) · note, and values of the weighted sum of notes are the weighted sum of their
// values: keys and values of single notes, which cost more than everything else, are never made.
torch::Tensor AttentionProjector::sought() const {
  const torch::Tensor queries = queries_.view({-1, heads_, size_}).transpose(0, 1);
  const torch::Tensor in_music = queries.bmm(weights_of(0)).flatten(0, 1) / std::sqrt(static_cast<double>(size_));
  return is_whitened() ? in_music.mm(directions.t()) : in_music;
}

torch::Tensor AttentionProjector::project(std::span<const torch::Tensor> clips) {
  const torch::Tensor directions_sought = sought();
  std::vector<torch::Tensor> seen;  // [heads · Q, M] of each clip
  for (const torch::Tensor& clip : clips) seen.push_back(directions_sought.mm(clip.t()).softmax(1).mm(clip));
  const auto count = static_cast<std::int64_t>(clips.size());
  const torch::Tensor by_head = whitened(at::stack(seen)).view({count, heads_, tokens(0), -1}).transpose(0, 1).flatten(1, 2);
  const torch::Tensor values = by_head.bmm(weights_of(1).transpose(1, 2)).transpose(0, 1).flatten(1);  // [clips · Q, E]
  return out_->forward(values + key_value_->bias.narrow(0, inner(), inner()));
}

// A clip is told from another by what its notes have in common.
torch::Tensor AttentionProjector::samples(std::span<const torch::Tensor> clips) const {
  std::vector<torch::Tensor> means;
  for (const torch::Tensor& clip : clips) means.push_back(clip.mean(0));
  return at::stack(means);
}

void AttentionProjector::draw_weights(std::span<const torch::Tensor> clips, double scale, const at::Generator& generator) {
  double squares = 0, entries = 0;  // of notes in the coordinates in which clips have variance 1
  for (const torch::Tensor& clip : clips.first(std::min<std::size_t>(clips.size(), 500))) {
    const torch::Tensor notes = whitened(clip.to(directions.device()));
    squares += notes.square().sum().item<double>();
    entries += static_cast<double>(notes.numel());
  }
  const double spread = squares > 0 ? std::sqrt(squares / entries) : 1.0;
  const double fan_in = std::sqrt(static_cast<double>(key_value_->weight.size(1)));
  fill_normal(queries_, kStartingScores, generator);
  fill_normal(weights_of(0), 1 / (fan_in * spread), generator);
  fill_normal(weights_of(1), 1 / fan_in, generator);
  fill_constant(key_value_->bias, 0);
  fill_normal(out_->weight, scale / std::sqrt(static_cast<double>(inner())), generator);
  fill_normal(out_->bias, scale, generator);
}

Projector::Card AttentionProjector::card() const {
  return {fmt::format("`queries` [{}, E], `key_value.weight` [2 E, M] (keys, then values), `key_value.bias` [2 E], `out.weight` [T, E], "
                      "`out.bias` [T]: musical tokens = out · (multi-head attention of the queries to a vector a note, {} heads)",
                      queries_.size(0), heads_),
          fmt::format(R"((lambda q, k, v: torch.nn.functional.linear(
    torch.nn.functional.scaled_dot_product_attention(*(x.unflatten(-1, ({}, -1)).transpose(-3, -2) for x in (q, k, v))).transpose(-3, -2).flatten(-2),
    projector["out.weight"], projector["out.bias"]))(
        projector["queries"].expand(len(clip), -1, -1),
        *torch.nn.functional.linear(clip, projector["key_value.weight"], projector["key_value.bias"]).chunk(2, -1)))",
                      heads_)};
}

}  // namespace

std::shared_ptr<Projector> make_attention_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                                    const at::Generator& generator) {
  return std::make_shared<AttentionProjector>(config.queries, config::attention_heads(music_size), music_size, hidden_size, generator);
}

}  // namespace midillama::model
