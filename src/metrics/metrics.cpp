#include "midillama/metrics/metrics.h"

#include <utility>

namespace midillama::metrics {

Score mean_of(std::vector<double> per_example, std::string signature) {
  Additive metric = mean_of_each(per_example);
  const double score = per_example.empty() ? 0 : metric.value_of_all();
  return {score, std::move(signature), std::move(per_example), std::move(metric)};
}

}  // namespace midillama::metrics
