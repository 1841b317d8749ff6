#include "midillama/classes/logistic_regression.h"

#include "classes/minimise.h"
#include "midillama/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace midillama::classes {
namespace {

using Truth = std::vector<std::vector<bool>>;

constexpr double kTolerance = 1e-9;  // of the gradient of the mean loss
constexpr double kSmallestDeviation = 1e-12;

// [classes] of weights [classes, features + 1].
std::vector<double> logits_of(const std::vector<double>& weights, std::size_t classes, const std::vector<double>& features) {
  std::vector<double> logits(classes);
  const std::size_t width = features.size() + 1;
  for (std::size_t c = 0; c < classes; ++c) {
    const double* row = &weights[c * width];
    logits[c] = std::inner_product(features.begin(), features.end(), row, row[width - 1]);
  }
  return logits;
}

// log(1 + e^x)
double softplus(double x) {
  return std::max(x, 0.) + std::log1p(std::exp(-std::abs(x)));
}

double log_sum_exp(const std::vector<double>& logits) {
  const double most = std::ranges::max(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

std::vector<double> probabilities_of(const std::vector<double>& logits, bool exclusive) {
  std::vector<double> probabilities(logits.size());
  const double all = exclusive ? log_sum_exp(logits) : 0;
  for (std::size_t c = 0; c < logits.size(); ++c)
    probabilities[c] = exclusive ? std::exp(logits[c] - all) : std::exp(-softplus(-logits[c]));
  return probabilities;
}

double loss_of(const std::vector<double>& logits, const std::vector<bool>& truth, bool exclusive) {
  double loss = exclusive ? log_sum_exp(logits) : 0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    if (!exclusive) loss += softplus(logits[c]);
    if (truth[c]) loss -= logits[c];
  }
  return loss;
}

void require_examples(const Features& examples, const Truth& truth) {
  if (examples.empty() || examples.size() != truth.size())
    throw Error(fmt::format("a regression needs examples and the classes of each, not {} and {}", examples.size(), truth.size()));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].size() != examples[0].size() || truth[i].size() != truth[0].size() || truth[0].empty())
      throw Error(fmt::format("example {} has {} features and {} classes, the first has {} and {}", i, examples[i].size(), truth[i].size(),
                              examples[0].size(), truth[0].size()));
  }
}

}  // namespace

LogisticRegression::LogisticRegression(const Features& examples, const Truth& truth, bool exclusive, double c,
                                       const LogisticRegression* start)
    : exclusive_(exclusive) {
  require_examples(examples, truth);
  classes_ = truth[0].size();
  const std::size_t size = examples[0].size(), width = size + 1;
  const auto count = static_cast<double>(examples.size());
  mean_.resize(size), scale_.resize(size);
  for (std::size_t f = 0; f < size; ++f) {
    double sum = 0, squares = 0;
    for (const auto& example : examples) sum += example[f];
    mean_[f] = sum / count;
    for (const auto& example : examples) squares += (example[f] - mean_[f]) * (example[f] - mean_[f]);
    const double deviation = std::sqrt(squares / count);
    scale_[f] = deviation > kSmallestDeviation ? 1 / deviation : 0;
  }
  Features inputs;
  for (const auto& example : examples) inputs.push_back(standardised(example));

  // Divided by C and the number of examples, which moves no minimum.
  const double penalty = 1 / (c * count);
  const auto objective = [&](const std::vector<double>& weights, std::vector<double>& gradient) {
    double value = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const bool is_bias = i % width == size;
      value += is_bias ? 0 : penalty / 2 * weights[i] * weights[i];
      gradient[i] = is_bias ? 0 : penalty * weights[i];
    }
    for (std::size_t e = 0; e < inputs.size(); ++e) {
      const std::vector<double> logits = logits_of(weights, classes_, inputs[e]);
      const std::vector<double> told = probabilities_of(logits, exclusive_);
      value += loss_of(logits, truth[e], exclusive_) / count;
      for (std::size_t k = 0; k < classes_; ++k) {
        const double excess = (told[k] - (truth[e][k] ? 1 : 0)) / count;
        double* row = &gradient[k * width];
        for (std::size_t f = 0; f < size; ++f) row[f] += excess * inputs[e][f];
        row[size] += excess;
      }
    }
    return value;
  };
  weights_ = minimise(objective, start ? start->weights_ : std::vector<double>(classes_ * width), kTolerance);
}

std::vector<double> LogisticRegression::standardised(const std::vector<double>& features) const {
  std::vector<double> inputs(features.size());
  for (std::size_t f = 0; f < features.size(); ++f) inputs[f] = (features[f] - mean_[f]) * scale_[f];
  return inputs;
}

std::vector<double> LogisticRegression::probabilities(const std::vector<double>& features) const {
  return probabilities_of(logits_of(weights_, classes_, standardised(features)), exclusive_);
}

double LogisticRegression::loss(const Features& examples, const Truth& truth) const {
  double sum = 0;
  for (std::size_t e = 0; e < examples.size(); ++e)
    sum += loss_of(logits_of(weights_, classes_, standardised(examples[e])), truth[e], exclusive_);
  return sum / static_cast<double>(examples.size());
}

}  // namespace midillama::classes
