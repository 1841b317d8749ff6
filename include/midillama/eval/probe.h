// What a clip embedding holds, read by the simplest reader: multinomial logistic regression.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace midillama::eval {

// Examples for a probe.
struct Labelled {
  torch::Tensor features;  // [n, d] float32
  torch::Tensor labels;    // [n] int64
};

class LinearProbe {
 public:
  // Minimises the mean cross-entropy + l2 / 2 * |weight|^2 with L-BFGS on features standardised over the examples. Labels are in [0,
  // classes).
  LinearProbe(const Labelled& examples, std::int64_t classes, double l2);

  // features: [n, d] -> the likeliest labels [n] int64
  torch::Tensor predict(const torch::Tensor& features) const;
  // The share of the examples whose label is predicted; 0 for none.
  double accuracy(const Labelled& examples) const;

 private:
  torch::Tensor mean_;    // [d]
  torch::Tensor scale_;   // [d]
  torch::Tensor weight_;  // [classes, d]
  torch::Tensor bias_;    // [classes]
};

// Fits with several strengths of the penalty and keeps the probe that is best on `valid`, the stronger penalty where they are equal.
LinearProbe fit_probe(const Labelled& train, const Labelled& valid, std::int64_t classes);

}  // namespace midillama::eval
