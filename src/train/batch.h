// From the draws of a step to the rows of one forward pass.
#pragma once

#include "midillama/parallel/process_group.h"
#include "midillama/train/stage.h"

#include <cstdint>
#include <span>
#include <vector>

namespace midillama::train {

// Every size-th draw, beginning with this rank's number: the ranks' shares are disjoint, and together the whole.
std::vector<Draw> share_of(std::span<const Draw> draws, int rank, int size);

std::vector<Example> make_examples(const Stage& stage, std::span<const Draw> draws);

// Cuts examples, which are sorted by length first so that rows of like length share a pass, into at most `size` each; the longest come
// first.
std::vector<std::span<const Example>> micro_batches(std::vector<Example>& examples, std::int64_t size);

struct Counts {
  std::int64_t tokens = 0;
  std::int64_t targets = 0;
};
Counts count(std::span<const Example> examples);

// Sums over all ranks. `device` is the one that the group works on.
Counts sum_over_ranks(const Counts& counts, parallel::ProcessGroup& group, torch::Device device);

}  // namespace midillama::train
