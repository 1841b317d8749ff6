// The order in which training examples are drawn. Its place is two integers, so a resumed run goes on with the very next example.
#pragma once

#include <cstdint>
#include <vector>

namespace midillama::data {

class Sampler {
 public:
  // Every epoch is a new permutation of [0, examples) drawn from (seed, epoch), or the file order without shuffling. Batches run on across
  // epochs, so every batch is full.
  Sampler(std::int64_t examples, bool shuffle, std::uint64_t seed);

  // The next `count` examples, of all ranks together.
  std::vector<std::int64_t> next(std::int64_t count);

  std::int64_t epoch() const { return epoch_; }
  std::int64_t position() const { return position_; }  // examples drawn in this epoch
  void seek(std::int64_t epoch, std::int64_t position);

 private:
  void permute();
  std::int64_t examples_;
  bool shuffle_;
  std::uint64_t seed_;
  std::int64_t epoch_ = 0;
  std::int64_t position_ = 0;
  std::vector<std::int64_t> order_;
};

}  // namespace midillama::data
