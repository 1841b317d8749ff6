#include "correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace midillama::explain {
namespace {

std::vector<double> centred(std::span<const double> values) {
  const double mean = std::reduce(values.begin(), values.end()) / static_cast<double>(values.size());
  std::vector<double> differences(values.begin(), values.end());
  for (double& value : differences) value -= mean;
  return differences;
}

std::vector<double> ranks(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  std::vector<double> ranks;
  for (const double value : values) {
    const auto equal = std::ranges::equal_range(sorted, value);
    ranks.push_back(static_cast<double>((equal.begin() - sorted.begin()) + (equal.end() - sorted.begin()) - 1) / 2);
  }
  return ranks;
}

}  // namespace

std::optional<double> pearson(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || std::ranges::min(a) == std::ranges::max(a) || std::ranges::min(b) == std::ranges::max(b)) return std::nullopt;
  const auto x = centred(a), y = centred(b);
  const auto product = [](const auto& u, const auto& v) { return std::inner_product(u.begin(), u.end(), v.begin(), 0.0); };
  return product(x, y) / std::sqrt(product(x, x) * product(y, y));
}

std::optional<double> spearman(std::span<const double> a, std::span<const double> b) {
  return pearson(ranks(a), ranks(b));
}

}  // namespace midillama::explain
