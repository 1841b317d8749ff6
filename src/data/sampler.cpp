#include "midillama/data/sampler.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <algorithm>
#include <numeric>

namespace midillama::data {

Sampler::Sampler(std::int64_t examples, bool shuffle, std::uint64_t seed) : examples_(examples), shuffle_(shuffle), seed_(seed) {
  if (examples < 1) throw Error("there are no examples to draw from");
  permute();
}

std::vector<std::int64_t> Sampler::next(std::int64_t count) {
  std::vector<std::int64_t> batch;
  batch.reserve(static_cast<std::size_t>(count));
  while (static_cast<std::int64_t>(batch.size()) < count) {
    if (position_ == examples_) seek(epoch_ + 1, 0);
    batch.push_back(order_[static_cast<std::size_t>(position_++)]);
  }
  return batch;
}

void Sampler::seek(std::int64_t epoch, std::int64_t position) {
  if (epoch < 0 || position < 0 || position > examples_) throw Error("a sampler cannot go on at a place outside its examples");
  const bool other_order = epoch != epoch_;
  epoch_ = epoch;
  position_ = position;
  if (other_order) permute();
}

void Sampler::permute() {
  order_.resize(static_cast<std::size_t>(examples_));
  std::iota(order_.begin(), order_.end(), 0);
  if (shuffle_) Random(seed_for(seed_, "sampler", static_cast<std::uint64_t>(epoch_))).shuffle(std::span(order_));
}

}  // namespace midillama::data
