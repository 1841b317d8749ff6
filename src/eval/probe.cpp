#include "midillama/eval/probe.h"

#include "midillama/core/error.h"

#include <torch/nn/functional/loss.h>
#include <torch/optim/lbfgs.h>

#include <optional>

namespace midillama::eval {
namespace {

// From strong to weak; a feature's weight of 1 costs l2 / 2.
constexpr double kPenalties[] = {1e-1, 1e-2, 1e-3, 1e-4};
constexpr std::int64_t kIterations = 200;
constexpr double kSmallestDeviation = 1e-8;  // a feature that hardly varies says nothing and is not blown up

}  // namespace

LinearProbe::LinearProbe(const Labelled& examples, std::int64_t classes, double l2) {
  if (examples.features.size(0) == 0) throw Error("a probe needs at least one example");
  mean_ = examples.features.mean(0);
  const auto deviation = examples.features.std(0, /*unbiased=*/false);
  scale_ = torch::where(deviation > kSmallestDeviation, deviation.reciprocal(), torch::zeros_like(deviation));
  weight_ = torch::zeros({classes, mean_.size(0)}).requires_grad_();
  bias_ = torch::zeros({classes}).requires_grad_();

  const auto features = (examples.features - mean_) * scale_;
  torch::optim::LBFGS optimizer({weight_, bias_},
                                torch::optim::LBFGSOptions(1).max_iter(kIterations).tolerance_grad(1e-5).line_search_fn("strong_wolfe"));
  optimizer.step([&] {
    optimizer.zero_grad();
    const auto logits = torch::addmm(bias_, features, weight_.t());
    const auto loss = torch::nn::functional::cross_entropy(logits, examples.labels) + l2 / 2 * weight_.square().sum();
    loss.backward();
    return loss;
  });
  weight_ = weight_.detach();
  bias_ = bias_.detach();
}

torch::Tensor LinearProbe::predict(const torch::Tensor& features) const {
  return torch::addmm(bias_, (features - mean_) * scale_, weight_.t()).argmax(1);
}

double LinearProbe::accuracy(const Labelled& examples) const {
  if (examples.features.size(0) == 0) return 0;
  return predict(examples.features).eq(examples.labels).to(torch::kFloat64).mean().item<double>();
}

LinearProbe fit_probe(const Labelled& train, const Labelled& valid, std::int64_t classes) {
  std::optional<LinearProbe> best;
  for (const double penalty : kPenalties) {
    LinearProbe probe(train, classes, penalty);
    if (!best || probe.accuracy(valid) > best->accuracy(valid)) best = std::move(probe);
  }
  return *best;
}

}  // namespace midillama::eval
