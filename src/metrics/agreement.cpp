#include "midillama/metrics/agreement.h"

#include "midillama/core/error.h"

#include <cstddef>
#include <map>
#include <utility>

namespace midillama::metrics {

std::optional<double> cohen_kappa(std::span<const std::string> one, std::span<const std::string> other) {
  if (one.size() != other.size()) throw Error("Cohen's kappa needs both judges' classes of the same items");
  if (one.empty()) return std::nullopt;
  std::map<std::string, std::pair<double, double>> counts;  // how often each judge gave a class
  double agreed = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    ++counts[one[i]].first;
    ++counts[other[i]].second;
    agreed += one[i] == other[i];
  }
  const auto items = static_cast<double>(one.size());
  double by_chance = 0;
  for (const auto& [label, given] : counts) by_chance += given.first / items * (given.second / items);
  if (counts.size() == 1) return std::nullopt;
  return (agreed / items - by_chance) / (1 - by_chance);
}

}  // namespace midillama::metrics
