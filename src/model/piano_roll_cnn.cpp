#include "midillama/model/piano_roll_cnn.h"

#include "dropout.h"
#include "random_weights.h"
#include "standardised_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace midillama::model {
namespace {

constexpr std::array<std::int64_t, 2> kKernel = {5, 3};  // steps, pitches; odd
constexpr std::array<std::int64_t, 2> kPool = {2, 4};
constexpr double kNormEpsilon = 1e-5;
constexpr std::int64_t kSeenInputs = 512;  // at most, before it trains
constexpr std::int64_t kBatch = 32;

}  // namespace

struct PianoRollCnn::Block : torch::nn::Module {
  Block(std::int64_t in, std::int64_t out, const at::Generator& generator) {
    weight = register_parameter("weight", torch::empty({out, in, kKernel[0], kKernel[1]}));
    bias = register_parameter("bias", torch::empty({out}));
    norm_weight = register_parameter("norm_weight", torch::ones({out}));
    norm_bias = register_parameter("norm_bias", torch::zeros({out}));
    for (const torch::Tensor& parameter : {weight, bias}) fill_linear(parameter, in * kKernel[0] * kKernel[1], generator);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto found = at::conv2d(x, weight, bias, /*stride=*/1, /*padding=*/{kKernel[0] / 2, kKernel[1] / 2});
    const auto normal = at::group_norm(found, /*num_groups=*/1, norm_weight, norm_bias, kNormEpsilon).relu();
    return at::max_pool2d(normal, kPool, kPool, /*padding=*/0, /*dilation=*/1, /*ceil_mode=*/true);
  }

  torch::Tensor weight, bias, norm_weight, norm_bias;
};

PianoRollCnn::~PianoRollCnn() = default;

PianoRollCnn::PianoRollCnn(const config::Classify& config, std::int64_t input_channels, std::int64_t classes, std::uint64_t seed)
    : dropout_(config.dropout) {
  const at::Generator generator = seeded_generator(seed);
  const auto blocks = register_module("blocks", std::make_shared<torch::nn::Module>());
  std::int64_t in = input_channels;
  for (const std::int64_t out : config.channels) {
    blocks_.push_back(blocks->register_module(fmt::format("{}", blocks_.size()), std::make_shared<Block>(in, out, generator)));
    in = out;
  }
  head_ = register_module("head", std::make_shared<StandardisedHeadImpl>(2 * in, classes));
}

torch::Tensor PianoRollCnn::features(const torch::Tensor& rolls) {
  torch::Tensor x = rolls;
  for (const auto& block : blocks_) x = block->forward(x);
  const auto places = x.flatten(2);  // [batch, channels, steps * pitches]
  return at::cat({places.mean(2), places.amax(2)}, 1);
}

torch::Tensor PianoRollCnn::logits(const torch::Tensor& rolls) {
  return head_->output(model::dropout(head_->standardised(features(rolls)), dropout_, is_training()));
}

void PianoRollCnn::prepare(const InputOf& input_of, std::int64_t inputs) {
  const torch::NoGradGuard no_grad;
  const std::int64_t count = std::min(inputs, kSeenInputs);
  std::vector<torch::Tensor> seen;
  for (std::int64_t begin = 0; begin < count; begin += kBatch) {
    std::vector<torch::Tensor> batch;
    for (std::int64_t i = begin; i < std::min(count, begin + kBatch); ++i) batch.push_back(input_of(i * inputs / count));
    seen.push_back(features(at::stack(batch)));
  }
  head_->standardise(at::cat(seen));
}

}  // namespace midillama::model
