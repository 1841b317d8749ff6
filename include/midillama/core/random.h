// Random numbers that are the same on every machine and can be saved in the middle: SplitMix64 for everything outside LibTorch
// (samplers, masks, corpus wording). The state is one integer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace midillama {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double uniform();

  // Fisher-Yates.
  template <typename T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  std::uint64_t state() const { return state_; }
  void set_state(std::uint64_t state) { state_ = state; }

 private:
  std::uint64_t state_;
};

// An independent seed for a named purpose: seed_for(run_seed, "sampler", epoch).
std::uint64_t seed_for(std::uint64_t seed, const char* purpose, std::uint64_t index = 0);

}  // namespace midillama
