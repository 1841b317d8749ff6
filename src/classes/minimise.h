// The minimum of a smooth convex function.
#pragma once

#include <functional>
#include <vector>

namespace midillama::classes {

// The function's value at x; writes its gradient.
using Objective = std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

// L-BFGS (Nocedal 1980) with ten corrections and halved steps (Armijo's rule), from `x` on: until no part of the gradient exceeds
// `tolerance`, or no step makes the value smaller, which is as far as doubles go.
std::vector<double> minimise(const Objective& objective, std::vector<double> x, double tolerance);

}  // namespace midillama::classes
