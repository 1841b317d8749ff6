#include "midillama/metrics/comparisons.h"

#include "midillama/core/error.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace midillama::metrics {
namespace {

constexpr int kMostSteps = 100'000;
constexpr double kSettled = 1e-12;  // of a log-strength from one step to the next

using Wins = std::vector<std::vector<double>>;

// How many can be reached from the first along wins, or against them.
std::size_t reached(const Wins& wins, bool along) {
  std::vector<bool> is_reached(wins.size());
  std::vector<std::size_t> open = {0};
  is_reached[0] = true;
  std::size_t count = 1;
  while (!open.empty()) {
    const std::size_t i = open.back();
    open.pop_back();
    for (std::size_t j = 0; j < wins.size(); ++j) {
      if (is_reached[j] || (along ? wins[i][j] : wins[j][i]) <= 0) continue;
      is_reached[j] = true;
      ++count;
      open.push_back(j);
    }
  }
  return count;
}

void require_maximum(const Wins& wins) {
  if (wins.empty()) throw Error("Bradley-Terry strengths need something to compare");
  for (const auto& row : wins) {
    if (row.size() != wins.size()) throw Error("Bradley-Terry strengths need a square table of wins");
  }
  if (reached(wins, true) < wins.size() || reached(wins, false) < wins.size())
    throw Error("the Bradley-Terry strengths are infinite: some never won against the others");
}

void center(std::vector<double>& logs) {
  const double mean = std::accumulate(logs.begin(), logs.end(), 0.0) / static_cast<double>(logs.size());
  for (double& log : logs) log -= mean;
}

// Hunter's update: wins of i over the sum of n_ij / (p_i + p_j).
std::vector<double> stepped(const Wins& wins, const std::vector<double>& logs) {
  std::vector<double> next(logs.size());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    double won = 0, expected = 0;
    for (std::size_t j = 0; j < logs.size(); ++j) {
      if (i == j) continue;
      won += wins[i][j];
      expected += (wins[i][j] + wins[j][i]) / (std::exp(logs[i]) + std::exp(logs[j]));
    }
    next[i] = std::log(won / expected);
  }
  center(next);
  return next;
}

}  // namespace

std::optional<double> krippendorff_alpha(std::span<const std::vector<int>> units) {
  std::map<int, double> totals;  // by category, over all units that count
  double disagreement = 0;       // pairs of unlike judgments, each unit's weighted by 1 / (judges - 1)
  double judgments = 0;
  for (const std::vector<int>& unit : units) {
    if (unit.size() < 2) continue;
    std::map<int, double> counts;
    for (const int category : unit) ++counts[category];
    const auto judges = static_cast<double>(unit.size());
    double unlike = judges * judges;
    for (const auto& [category, count] : counts) {
      unlike -= count * count;
      totals[category] += count;
    }
    disagreement += unlike / (judges - 1);
    judgments += judges;
  }
  double expected = judgments * judgments;
  for (const auto& [category, count] : totals) expected -= count * count;
  if (expected <= 0) return std::nullopt;
  return 1 - (judgments - 1) * disagreement / expected;
}

double sign_test(std::int64_t wins, std::int64_t losses) {
  if (wins < 0 || losses < 0) throw Error("a sign test needs counts");
  const auto n = static_cast<double>(wins + losses);
  double tail = 0;
  for (std::int64_t k = 0; k <= std::min(wins, losses); ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p_values[i]; });
  std::vector<double> corrected(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, static_cast<double>(order.size() - rank) * p_values[order[rank]]);
    corrected[order[rank]] = std::min(1.0, largest);
  }
  return corrected;
}

std::vector<double> bradley_terry(const std::vector<std::vector<double>>& wins) {
  require_maximum(wins);
  std::vector<double> logs(wins.size(), 0.0);
  for (int step = 0; step < kMostSteps; ++step) {
    const std::vector<double> next = stepped(wins, logs);
    double change = 0;
    for (std::size_t i = 0; i < logs.size(); ++i) change = std::max(change, std::abs(next[i] - logs[i]));
    logs = next;
    if (change < kSettled) break;
  }
  return logs;
}

}  // namespace midillama::metrics
