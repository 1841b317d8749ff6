#include "midillama/metrics/classification.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace midillama::metrics {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Over what is defined.
class WeightedMean {
 public:
  void add(double value, double weight) {
    if (std::isnan(value)) return;
    sum_ += value * weight;
    weight_ += weight;
  }
  double value() const { return weight_ > 0 ? sum_ / weight_ : kUndefined; }

 private:
  double sum_ = 0, weight_ = 0;
};

double share(const std::vector<bool>& holds, std::span<const double> weights) {
  WeightedMean mean;
  for (std::size_t e = 0; e < holds.size(); ++e) mean.add(holds[e] ? 1 : 0, weights[e]);
  return mean.value();
}

std::vector<std::size_t> numbers(std::size_t first, std::size_t count, std::size_t step) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = first + i * step;
  return numbers;
}

}  // namespace

double Classification::Confusion::f1() const {
  const double decisions = 2 * hits + misses + false_alarms;
  return decisions > 0 ? 2 * hits / decisions : 0;
}

Classification::Classification(Told told) : told_(std::move(told)) {
  const std::size_t count = told_.truth.size();
  if (count == 0 || told_.examples() * told_.classes != count || told_.answers.size() != count || told_.scores.size() != count)
    throw Error(fmt::format("{} truths, {} answers and {} scores are not of examples with {} classes each", count, told_.answers.size(),
                            told_.scores.size(), told_.classes));
  const std::size_t classes = told_.classes, examples = told_.examples();
  all_ = rank(numbers(0, count, 1));
  for (std::size_t c = 0; c < classes; ++c) of_class_.push_back(rank(numbers(c, examples, classes)));
  const std::vector<double> once(examples, 1);
  for (std::size_t e = 0; e < examples; ++e) {
    Confusion confusion;
    std::size_t best = e * classes;
    bool is_exact = true;
    for (std::size_t i = e * classes; i < (e + 1) * classes; ++i) {
      confusion.hits += told_.truth[i] && told_.answers[i] ? 1 : 0;
      confusion.misses += told_.truth[i] && !told_.answers[i] ? 1 : 0;
      confusion.false_alarms += !told_.truth[i] && told_.answers[i] ? 1 : 0;
      if (told_.scores[i] > told_.scores[best]) best = i;
      is_exact = is_exact && told_.truth[i] == told_.answers[i];
    }
    f1_of_example_.push_back(confusion.f1());
    auc_of_example_.push_back(area(rank(numbers(e * classes, classes, 1)), once));
    is_exact_.push_back(is_exact);
    is_hit_.push_back(told_.truth[best] && told_.scores[best] > 0);
  }
}

Classification::Ranking Classification::rank(std::vector<std::size_t> decisions) const {
  Ranking ranking{std::move(decisions), {}};
  std::ranges::sort(ranking.decisions, {}, [&](std::size_t i) { return told_.scores[i]; });
  for (std::size_t i = 0; i < ranking.decisions.size(); ++i) {
    const bool is_last = i + 1 == ranking.decisions.size();
    ranking.ends_tie.push_back(is_last || told_.scores[ranking.decisions[i]] < told_.scores[ranking.decisions[i + 1]]);
  }
  return ranking;
}

// The share of pairs of a true and a false decision in which the true one has the higher score; equal scores are half of it.
double Classification::area(const Ranking& ranking, std::span<const double> weights) const {
  double positives = 0, negatives = 0;  // below the tie at hand
  double tied_positives = 0, tied_negatives = 0;
  double ordered = 0;
  for (std::size_t i = 0; i < ranking.decisions.size(); ++i) {
    const std::size_t decision = ranking.decisions[i];
    (told_.truth[decision] ? tied_positives : tied_negatives) += weights[decision / told_.classes];
    if (!ranking.ends_tie[i]) continue;
    ordered += tied_positives * (negatives + tied_negatives / 2);
    positives += std::exchange(tied_positives, 0);
    negatives += std::exchange(tied_negatives, 0);
  }
  return positives > 0 && negatives > 0 ? ordered / (positives * negatives) : kUndefined;
}

std::vector<Classification::Confusion> Classification::by_class(std::span<const double> weights) const {
  std::vector<Confusion> classes(told_.classes);
  for (std::size_t i = 0; i < told_.truth.size(); ++i) {
    if (!told_.truth[i] && !told_.answers[i]) continue;
    Confusion& confusion = classes[i % told_.classes];
    double& count = !told_.truth[i] ? confusion.false_alarms : told_.answers[i] ? confusion.hits : confusion.misses;
    count += weights[i / told_.classes];
  }
  return classes;
}

std::vector<double> Classification::support(std::span<const double> weights) const {
  std::vector<double> support;
  for (const Confusion& confusion : by_class(weights)) support.push_back(confusion.hits + confusion.misses);
  return support;
}

double Classification::f1(std::span<const double> weights, Average average) const {
  WeightedMean mean;
  if (average == Average::samples) {
    for (std::size_t e = 0; e < examples(); ++e) mean.add(f1_of_example_[e], weights[e]);
    return mean.value();
  }
  const std::vector<Confusion> classes = by_class(weights);
  Confusion all;
  for (const Confusion& confusion : classes) {
    all.hits += confusion.hits;
    all.misses += confusion.misses;
    all.false_alarms += confusion.false_alarms;
    mean.add(confusion.f1(), average == Average::macro ? 1 : confusion.hits + confusion.misses);
  }
  return average == Average::micro ? all.f1() : mean.value();
}

double Classification::roc_auc(std::span<const double> weights, Average average) const {
  if (average == Average::micro) return area(all_, weights);
  WeightedMean mean;
  if (average == Average::samples) {
    for (std::size_t e = 0; e < examples(); ++e) mean.add(auc_of_example_[e], weights[e]);
    return mean.value();
  }
  const std::vector<double> counts = support(weights);
  for (std::size_t c = 0; c < told_.classes; ++c) mean.add(area(of_class_[c], weights), average == Average::macro ? 1 : counts[c]);
  return mean.value();
}

double Classification::accuracy(std::span<const double> weights) const {
  return share(is_exact_, weights);
}

double Classification::hit_rate(std::span<const double> weights) const {
  return share(is_hit_, weights);
}

std::span<const ClassificationMetric> classification_metrics() {
  using Weights = std::span<const double>;
  static constexpr ClassificationMetric metrics[] = {
      {"f1_micro", [](const Classification& told, Weights weights) { return told.f1(weights, Average::micro); }},
      {"f1_macro", [](const Classification& told, Weights weights) { return told.f1(weights, Average::macro); }},
      {"f1_weighted", [](const Classification& told, Weights weights) { return told.f1(weights, Average::weighted); }},
      {"f1_samples", [](const Classification& told, Weights weights) { return told.f1(weights, Average::samples); }},
      {"auc_micro", [](const Classification& told, Weights weights) { return told.roc_auc(weights, Average::micro); }},
      {"auc_macro", [](const Classification& told, Weights weights) { return told.roc_auc(weights, Average::macro); }},
      {"auc_weighted", [](const Classification& told, Weights weights) { return told.roc_auc(weights, Average::weighted); }},
      {"auc_samples", [](const Classification& told, Weights weights) { return told.roc_auc(weights, Average::samples); }},
      {"accuracy", [](const Classification& told, Weights weights) { return told.accuracy(weights); }},
      {"hit_rate", [](const Classification& told, Weights weights) { return told.hit_rate(weights); }},
  };
  return metrics;
}

}  // namespace midillama::metrics
