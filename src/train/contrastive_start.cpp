#include "train/contrastive_start.h"

#include "midillama/core/random.h"
#include "midillama/model/to_device.h"
#include "train/optimizer.h"
#include "train/schedule.h"

#include <torch/utils.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

namespace midillama::train {
namespace {

constexpr double kWarmupRatio = 0.03;  // as train.warmup_ratio
// Of the tokens in the beginning. What is drawn at random and taught nothing stays in them, so it is small against what is learnt.
constexpr double kStartingScale = 0.1;
constexpr std::size_t kChunk = 256;  // clips projected at once where no gradients are taken

// [clips, T]: the mean of each clip's musical tokens.
torch::Tensor mean_tokens(model::Projector& projector, std::span<const torch::Tensor> clips, torch::Device device) {
  std::vector<torch::Tensor> there;
  std::vector<std::int64_t> tokens;
  for (const torch::Tensor& clip : clips) {
    there.push_back(model::to_device(clip, device));
    tokens.push_back(projector.tokens(clip.size(0)));
  }
  std::vector<torch::Tensor> means;
  for (const torch::Tensor& of_clip : projector.project(there).split_with_sizes(tokens)) means.push_back(of_clip.mean(0));
  return at::stack(means);
}

// Batches of distinct clips, in an order drawn anew whenever too few are left.
class Batches {
 public:
  Batches(std::size_t clips, std::size_t batch_size, std::uint64_t seed)
      : order_(clips), next_(clips), batch_size_(std::min(clips, batch_size)), random_(seed) {
    std::iota(order_.begin(), order_.end(), 0);
  }

  std::span<const std::int64_t> next() {
    if (next_ + batch_size_ > order_.size()) {
      random_.shuffle(std::span(order_));
      next_ = 0;
    }
    const auto batch = std::span(order_).subspan(next_, batch_size_);
    next_ += batch_size_;
    return batch;
  }

  std::size_t batch_size() const { return batch_size_; }

 private:
  std::vector<std::int64_t> order_;
  std::size_t next_;
  std::size_t batch_size_;
  Random random_;
};

NamedTensors parameters_of(const model::Projector& projector) {
  NamedTensors parameters;
  for (const auto& parameter : projector.named_parameters()) parameters.emplace_back(parameter.key(), parameter.value());
  return parameters;
}

void place_tokens(model::Projector& projector, std::span<const torch::Tensor> clips, const torch::Tensor& centre, double scale) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parts;
  for (std::size_t begin = 0; begin < clips.size(); begin += kChunk)
    parts.push_back(mean_tokens(projector, clips.subspan(begin, std::min(kChunk, clips.size() - begin)), centre.device()));
  const torch::Tensor tokens = at::cat(parts).to(torch::kFloat64);
  const torch::Tensor mean = tokens.mean(0);
  const double spread = (tokens - mean).square().mean().sqrt().item<double>();
  const double factor = spread > 0 ? scale / spread : 1.0;
  projector.change_tokens(factor, (centre.to(torch::kFloat64) - factor * mean).to(torch::kFloat32));
}

}  // namespace

Contrast contrast(const torch::Tensor& music, const torch::Tensor& texts, const torch::Tensor& groups, double temperature) {
  const auto directions = [](const torch::Tensor& x) { return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12); };
  const torch::Tensor same_text = groups.unsqueeze(0).eq(groups.unsqueeze(1)).fill_diagonal_(false);
  const torch::Tensor logits =
      (directions(music).mm(directions(texts).t()) / temperature).masked_fill(same_text, -std::numeric_limits<double>::infinity());
  const auto own = [](const torch::Tensor& log_probabilities) { return -log_probabilities.diagonal().mean(); };
  const torch::Tensor loss = (own(logits.log_softmax(1)) + own(logits.log_softmax(0))) / 2;
  const torch::Tensor own_place = at::arange(music.size(0), groups.options());
  return {loss, logits.argmax(1).eq(own_place).to(torch::kFloat64).mean().item<double>()};
}

ContrastiveReport start_contrastive(model::Projector& projector, std::span<const torch::Tensor> clips, const torch::Tensor& texts,
                                    double scale, const config::ContrastiveStart& config, std::uint64_t seed) {
  projector.start_whitened(clips, kStartingScale, seed_for(seed, "weights"));
  const torch::Tensor centre = texts.mean(0), centred = texts - centre;
  const torch::Tensor groups = std::get<1>(at::unique_dim(texts, 0, /*sorted=*/true, /*return_inverse=*/true));
  AdamW optimizer(parameters_of(projector), {});
  const Schedule schedule(config.learning_rate, kWarmupRatio, config.steps);
  Batches batches(clips.size(), static_cast<std::size_t>(config.batch_size), seed_for(seed, "batches"));
  ContrastiveReport report;
  report.batch_size = static_cast<std::int64_t>(batches.batch_size());
  for (std::int64_t step = 1; step <= config.steps; ++step) {
    const auto chosen = batches.next();
    std::vector<torch::Tensor> batch;
    for (const std::int64_t i : chosen) batch.push_back(clips[static_cast<std::size_t>(i)]);
    const torch::Tensor rows = model::to_device(chosen, texts.device());
    projector.zero_grad();
    const Contrast result = contrast(mean_tokens(projector, batch, texts.device()), centred.index_select(0, rows),
                                     groups.index_select(0, rows), config.temperature);
    result.loss.backward();
    optimizer.step(schedule.at(step));
    report.last_loss = result.loss.item<double>();
    report.last_accuracy = result.accuracy;
    if (step == 1) {
      report.first_loss = report.last_loss;
      report.first_accuracy = report.last_accuracy;
    }
  }
  projector.zero_grad();
  place_tokens(projector, clips, centre, scale);
  return report;
}

}  // namespace midillama::train
