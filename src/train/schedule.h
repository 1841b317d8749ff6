// The learning rate over a run: linear warm-up, then cosine to zero.
#pragma once

#include <cstdint>

namespace midillama::train {

class Schedule {
 public:
  // Warms up over ceil(warmup_ratio * steps) steps.
  Schedule(double learning_rate, double warmup_ratio, std::int64_t steps);

  // The rate of optimizer step `step` (1 ... steps), equal to that of transformers' get_cosine_schedule_with_warmup: the first step of a
  // warm-up has rate 0.
  double at(std::int64_t step) const;
  std::int64_t warmup_steps() const { return warmup_steps_; }

 private:
  double learning_rate_;
  std::int64_t warmup_steps_;
  std::int64_t steps_;
};

}  // namespace midillama::train
