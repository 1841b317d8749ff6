#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace midillama::train {

Schedule::Schedule(double learning_rate, double warmup_ratio, std::int64_t steps)
    : learning_rate_(learning_rate),
      warmup_steps_(static_cast<std::int64_t>(std::ceil(warmup_ratio * static_cast<double>(steps)))),
      steps_(steps) {}

double Schedule::at(std::int64_t step) const {
  const std::int64_t done = step - 1;
  if (done < warmup_steps_) return learning_rate_ * static_cast<double>(done) / static_cast<double>(warmup_steps_);
  const double progress =
      static_cast<double>(done - warmup_steps_) / static_cast<double>(std::max<std::int64_t>(1, steps_ - warmup_steps_));
  return learning_rate_ * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
}

}  // namespace midillama::train
