// From the draws of a global batch to the micro-batches of each rank.
//
// The division follows from the examples' lengths alone, which every rank knows of all of them: no rank has to ask another.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/parallel/process_group.h"
#include "midillama/train/stage.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace midillama::train {

struct SizedDraw {
  Draw draw;
  std::int64_t tokens = 0;
  std::int64_t work = 0;  // Stage::work()
};

// The greatest work first, each to the rank that has the least so far: their sums differ by the greatest example's at most.
std::vector<std::vector<SizedDraw>> deal(std::vector<SizedDraw> draws, int ranks);

// Longest first, so that examples of like length share a pass, into micro-batches of at most `most_examples` and at most `most_tokens`
// (examples times the longest one's tokens: what a pass that pads computes). 0: no bound. A longer example is alone.
std::vector<std::vector<SizedDraw>> cut(std::vector<SizedDraw> draws, std::int64_t most_examples, std::int64_t most_tokens);

struct Counts {
  std::int64_t tokens = 0;
  std::int64_t targets = 0;
  std::int64_t interrupted_ranks = 0;  // that were asked to end before this batch
};

// What one forward and backward pass takes.
struct MicroBatch {
  std::int64_t number = 0;       // among the micro-batches of all ranks
  std::vector<SizedDraw> draws;  // none where other ranks have one more
  std::vector<Example> examples;
};

// One rank's part of a global batch.
struct Share {
  std::vector<MicroBatch> micro_batches;
  std::int64_t of_all_ranks = 0;  // the numbers of all ranks' micro-batches are below this
  Counts counts;
};

// Deals the examples to the ranks and cuts each rank's part into micro-batches; with train.deterministic_reduction it cuts the global
// batch, which gives the same micro-batches for any number of ranks, and deals these in turn, so many to every rank. Examples are not made.
Share divide(std::vector<SizedDraw> draws, const config::Train& train, int rank, int ranks);

// divide(), and this rank's examples made and counted.
Share make_share(const Stage& stage, std::span<const Draw> draws, const config::Train& train, const parallel::ProcessGroup& group);

// The sum over all ranks, on its way from the beginning. `device` is the one that the group works on.
class CountsOfAllRanks {
 public:
  CountsOfAllRanks(const Counts& counts, parallel::ProcessGroup& group, torch::Device device);
  // Waits for it the first time.
  const Counts& get();

 private:
  torch::Tensor sums_;  // [3] int64
  std::unique_ptr<parallel::Pending> pending_;
  Counts counts_;
};

}  // namespace midillama::train
