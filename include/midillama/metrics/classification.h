// How well classes were told, as scikit-learn 1.7.2 measures it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace midillama::metrics {

// What was told of examples that may be of any number of `classes` each; of exactly one where they exclude each other. [examples, classes]
struct Told {
  std::size_t classes = 0;
  std::vector<bool> truth;     // whether the example is of the class
  std::vector<bool> answers;   // whether it was told to be
  std::vector<double> scores;  // the higher, the likelier it was held to be; no NaN

  std::size_t examples() const { return classes == 0 ? 0 : truth.size() / classes; }
};

// Over which decisions a metric is taken: all of them together; each class for itself, classes counting alike (macro) or by how many
// examples are of them (weighted); each example for itself.
enum class Average { micro, macro, weighted, samples };

// Every metric takes a weight an example, how often it counts: scikit-learn's sample_weight, or its number in a resample.
class Classification {
 public:
  // Error where the lists are not of examples times classes, or there is no example.
  explicit Classification(Told told);

  std::size_t examples() const { return told_.examples(); }

  // f1_score with zero_division=0: 0 of a class (or example) that neither is nor was told. Such classes count in the macro mean.
  double f1(std::span<const double> weights, Average average) const;
  // roc_auc_score; where classes exclude each other, of each against all others (multi_class="ovr"). The area of a class of which none or
  // all of the examples are is not defined: the means are over the others, where scikit-learn's are not a number. Not a number where none
  // is defined.
  double roc_auc(std::span<const double> weights, Average average) const;
  // accuracy_score: the share of examples whose classes were all told, and no other.
  double accuracy(std::span<const double> weights) const;
  // The share of examples that are of the class with the highest score (top_k_accuracy_score with k=1); of equal scores, the first class,
  // and of scores that are all 0 none: nothing was told.
  double hit_rate(std::span<const double> weights) const;

 private:
  // Decisions by ascending score.
  struct Ranking {
    std::vector<std::size_t> decisions;  // of the whole matrix
    std::vector<bool> ends_tie;          // whether the next one's score is higher
  };
  struct Confusion {
    double hits = 0, misses = 0, false_alarms = 0;
    double f1() const;
  };

  Ranking rank(std::vector<std::size_t> decisions) const;
  // `weight_of` by decision's example; not a number where all or none of the weight is true.
  double area(const Ranking& ranking, std::span<const double> weights) const;
  std::vector<Confusion> by_class(std::span<const double> weights) const;
  std::vector<double> support(std::span<const double> weights) const;

  Told told_;
  Ranking all_;
  std::vector<Ranking> of_class_;
  std::vector<double> f1_of_example_;
  std::vector<double> auc_of_example_;
  std::vector<bool> is_exact_, is_hit_;
};

// The metrics of a table of results, in its order.
struct ClassificationMetric {
  const char* name;  // f1_micro
  double (*value)(const Classification& told, std::span<const double> weights);
};
std::span<const ClassificationMetric> classification_metrics();

}  // namespace midillama::metrics
