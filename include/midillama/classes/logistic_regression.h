// Logistic regression in double precision, trained until it no longer changes.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace midillama::classes {

// [examples][features]
using Features = std::vector<std::vector<double>>;

class LogisticRegression {
 public:
  // Minimises C * (sum of the examples' losses) + |weights|^2 / 2, on features standardised over the examples (one that never varies
  // counts for nothing); biases are free. Where `exclusive`, classes are told from each other (softmax over all of them, also over two),
  // else each from the rest: scikit-learn's StandardScaler and LogisticRegression(C), or OneVsRestClassifier of it. By L-BFGS (Nocedal
  // 1980) to its last digits; `start`, of another C, saves time and changes nothing. Error where there are no examples, or they are not of
  // as many features, or classes.
  LogisticRegression(const Features& examples, const std::vector<std::vector<bool>>& truth, bool exclusive, double c,
                     const LogisticRegression* start = nullptr);

  // How likely an example is of each class; they add up to 1 where classes are exclusive.
  std::vector<double> probabilities(const std::vector<double>& features) const;
  // The mean loss of the examples.
  double loss(const Features& examples, const std::vector<std::vector<bool>>& truth) const;

 private:
  std::vector<double> standardised(const std::vector<double>& features) const;

  std::size_t classes_ = 0;
  bool exclusive_ = true;
  std::vector<double> mean_, scale_;  // [features]
  std::vector<double> weights_;       // [classes, features + 1], the bias last
};

}  // namespace midillama::classes
