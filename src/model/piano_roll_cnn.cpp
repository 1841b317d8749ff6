#include "midillama/model/piano_roll_cnn.h"

#include "dropout.h"
#include "random_weights.h"
#include "standardised_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace midillama::model {
namespace {

constexpr std::array<std::int64_t, 2> kKernel = {9, 3};  // steps, pitches; odd
constexpr std::array<std::int64_t, 2> kPool = {2, 4};
constexpr std::int64_t kLags = 16;
constexpr double kSmallestEnergy = 1e-2;
constexpr double kSmallestDeviation = 1e-3;
constexpr std::int64_t kSeenInputs = 256;  // at most, before it trains

// The mean and the maximum of each channel: [batch, channels, steps, pitches] → [batch, 2 x channels]
torch::Tensor pooled(const torch::Tensor& x) {
  const auto places = x.flatten(2);
  return at::cat({places.mean(2), places.amax(2)}, 1);
}

// How each channel repeats, at whatever pitch: its autocorrelation after 1 to kLags steps, 0 for lags as long as the picture. What has a
// meter repeats after its bars. [batch, channels, steps, pitches] → [batch, kLags x channels]
torch::Tensor repetition(const torch::Tensor& x) {
  const auto strongest = x.amax(3);
  const auto centred = strongest - strongest.mean(2, /*keepdim=*/true);
  const auto energy = centred.square().mean(2) + kSmallestEnergy;
  const std::int64_t steps = centred.size(2);
  std::vector<torch::Tensor> lags;
  for (std::int64_t lag = 1; lag <= kLags; ++lag) {
    lags.push_back(lag < steps ? (centred.narrow(2, 0, steps - lag) * centred.narrow(2, lag, steps - lag)).mean(2) / energy
                               : at::zeros_like(energy));
  }
  return at::cat(lags, 1);
}

}  // namespace

struct PianoRollCnn::Block : torch::nn::Module {
  Block(std::int64_t in, std::int64_t out, const at::Generator& generator) {
    weight = register_parameter("weight", torch::empty({out, in, kKernel[0], kKernel[1]}));
    bias = register_parameter("bias", torch::empty({out}));
    mean = register_buffer("mean", torch::zeros({out}));
    scale = register_buffer("scale", torch::ones({out}));
    for (const torch::Tensor& parameter : {weight, bias}) fill_linear(parameter, in * kKernel[0] * kKernel[1], generator);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto by_channel = [](const torch::Tensor& values) { return values.view({-1, 1, 1}); };
    const auto standardised = (convolved(x) - by_channel(mean)) * by_channel(scale);
    return at::max_pool2d(standardised.relu(), kPool, kPool, /*padding=*/0, /*dilation=*/1, /*ceil_mode=*/true);
  }

  // By what it makes of these.
  void standardise(const torch::Tensor& x) {
    const auto found = convolved(x).to(torch::kFloat64);
    mean.copy_(found.mean(at::IntArrayRef{0, 2, 3}));
    scale.copy_(found.std(at::IntArrayRef{0, 2, 3}, /*unbiased=*/false).clamp_min(kSmallestDeviation).reciprocal());
  }

  torch::Tensor convolved(const torch::Tensor& x) {
    return at::conv2d(x, weight, bias, /*stride=*/1, /*padding=*/{kKernel[0] / 2, kKernel[1] / 2});
  }

  torch::Tensor weight, bias, mean, scale;
};

PianoRollCnn::~PianoRollCnn() = default;

PianoRollCnn::PianoRollCnn(const config::Classify& config, std::int64_t input_channels, std::int64_t classes, std::uint64_t seed)
    : dropout_(config.dropout) {
  const at::Generator generator = seeded_generator(seed);
  const auto blocks = register_module("blocks", std::make_shared<torch::nn::Module>());
  std::int64_t in = input_channels, channels = 0;
  for (const std::int64_t out : config.channels) {
    blocks_.push_back(blocks->register_module(fmt::format("{}", blocks_.size()), std::make_shared<Block>(in, out, generator)));
    in = out;
    channels += out;
  }
  head_ = register_module("head", std::make_shared<StandardisedHeadImpl>(kLags * channels + 2 * in, classes));
}

torch::Tensor PianoRollCnn::features(const torch::Tensor& rolls, bool standardise_blocks) {
  std::vector<torch::Tensor> features;
  torch::Tensor x = rolls;
  for (const auto& block : blocks_) {
    if (standardise_blocks) block->standardise(x);
    x = block->forward(x);
    features.push_back(repetition(x));
  }
  features.push_back(pooled(x));
  return at::cat(features, 1);
}

torch::Tensor PianoRollCnn::logits(const torch::Tensor& rolls) {
  return head_->output(model::dropout(head_->standardised(features(rolls)), dropout_, is_training()));
}

void PianoRollCnn::prepare(const InputOf& input_of, std::int64_t inputs) {
  const torch::NoGradGuard no_grad;
  const std::int64_t count = std::min(inputs, kSeenInputs);
  std::vector<torch::Tensor> seen;
  for (std::int64_t i = 0; i < count; ++i) seen.push_back(input_of(i * inputs / count));
  head_->standardise(features(at::stack(seen), /*standardise_blocks=*/true));
}

}  // namespace midillama::model
