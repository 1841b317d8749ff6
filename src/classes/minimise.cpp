#include "classes/minimise.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>
#include <optional>
#include <ranges>
#include <utility>

namespace midillama::classes {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t kCorrections = 10;
constexpr int kMostIterations = 5000;
constexpr int kMostHalvings = 40;
constexpr double kEnough = 1e-4;  // of the decrease that the gradient promises

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

Vector difference(const Vector& a, const Vector& b) {
  Vector result(a.size());
  std::ranges::transform(a, b, result.begin(), std::minus());
  return result;
}

void add(Vector& to, double factor, const Vector& vector) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * vector[i];
}

struct Correction {
  Vector step, change;  // of x, of the gradient
  double curvature;     // step · change > 0
};

// The direction in which to go: minus the inverse curvature, as far as it is known, times the gradient.
Vector direction_of(const Vector& gradient, const std::deque<Correction>& corrections) {
  Vector direction = gradient;
  Vector parts;
  for (const Correction& correction : std::views::reverse(corrections)) {
    parts.push_back(dot(correction.step, direction) / correction.curvature);
    add(direction, -parts.back(), correction.change);
  }
  const double scale = corrections.empty() ? 1 / std::max(1., std::sqrt(dot(gradient, gradient)))
                                           : corrections.back().curvature / dot(corrections.back().change, corrections.back().change);
  for (double& value : direction) value *= scale;
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const Correction& correction = corrections[i];
    const double part = parts[corrections.size() - 1 - i];
    add(direction, part - dot(correction.change, direction) / correction.curvature, correction.step);
  }
  for (double& value : direction) value = -value;
  return direction;
}

struct Point {
  Vector x, gradient;
  double value = 0;
};

// The first of ever shorter steps that makes the value small enough; nothing where none does.
std::optional<Point> go(const Objective& objective, const Point& from, const Vector& direction) {
  const double slope = dot(direction, from.gradient);
  double length = 1;
  for (int i = 0; i < kMostHalvings; ++i, length /= 2) {
    Point to{from.x, Vector(from.x.size()), 0};
    add(to.x, length, direction);
    to.value = objective(to.x, to.gradient);
    if (to.value < from.value && to.value <= from.value + kEnough * length * slope) return to;
  }
  return std::nullopt;
}

}  // namespace

Vector minimise(const Objective& objective, Vector x, double tolerance) {
  Point at{std::move(x), {}, 0};
  at.gradient.resize(at.x.size());
  at.value = objective(at.x, at.gradient);
  std::deque<Correction> corrections;
  for (int i = 0; i < kMostIterations; ++i) {
    const bool is_flat = std::ranges::all_of(at.gradient, [&](double part) { return std::abs(part) <= tolerance; });
    if (is_flat) break;
    auto next = go(objective, at, direction_of(at.gradient, corrections));
    if (!next) break;
    Correction correction{difference(next->x, at.x), difference(next->gradient, at.gradient), 0};
    correction.curvature = dot(correction.step, correction.change);
    if (correction.curvature > 0) corrections.push_back(std::move(correction));
    if (corrections.size() > kCorrections) corrections.pop_front();
    at = std::move(*next);
  }
  return at.x;
}

}  // namespace midillama::classes
