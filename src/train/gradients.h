// The gradients of everything that trains, in one tensor, and their sum over the micro-batches of all ranks.
//
// The tensor is cut into buckets of some MiB. During the backward pass of a rank's last micro-batch a bucket is sent on its way as soon as
// the last of its gradients has come, while the pass computes the others. (c10d's Reducer does the same, but holds the gradients itself,
// averages, and waits inside the backward pass, where a rank that is gone could not be named.)
//
// `deterministic`: after every micro-batch the gradients of all ranks are gathered and added in the order of the micro-batches' numbers, so
// the sum does not depend on how many ranks there are. It takes ranks + 1 more tensors of that size, and sends each micro-batch's
// gradients.
#pragma once

#include "midillama/parallel/process_group.h"
#include "midillama/train/stage.h"

#include <torch/types.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace midillama::train {

class Gradients {
 public:
  // Gives each parameter a view of the common tensor as its gradient. The backward pass adds to it.
  Gradients(NamedTensors parameters, parallel::ProcessGroup& group, bool deterministic);
  ~Gradients();
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

  // Before a step in which this rank has so many micro-batches, at least one; with `deterministic` the same number on every rank.
  void begin(std::size_t micro_batches);
  // After each of them, whether it had a backward pass or was empty. After the last one the gradients are the sum over all ranks.
  void close_micro_batch();

  // Scales the gradients as torch.nn.utils.clip_grad_norm_ does: by max_norm / (norm + 1e-6), at most 1. 0: no clipping. Returns the norm
  // before.
  double clip(double max_norm);

 private:
  struct Bucket {
    torch::Tensor gradients;  // a part of all_
    torch::Tensor gathered;   // of every rank, and
    torch::Tensor sum;        // of the micro-batches so far: only with `deterministic`
    std::size_t parameters = 0;
    std::size_t missing = 0;  // parameters whose gradient has not come yet
    std::unique_ptr<parallel::Pending> pending;
  };

  void lay_out();
  // Before the backward pass of the next micro-batch: from now on buckets start when they are full, if there is something to reduce.
  void await_gradients();
  void gradient_came(std::size_t bucket);
  void start_next();
  void reduce();
  void learn_order();

  NamedTensors parameters_;
  parallel::ProcessGroup& group_;
  bool deterministic_;
  torch::Tensor all_;  // [number of trained parameters] float32
  std::vector<Bucket> buckets_;
  std::vector<std::size_t> order_;   // in which all ranks start the buckets
  std::vector<std::size_t> filled_;  // buckets in the order in which they filled up in this backward pass
  std::size_t started_ = 0;          // how many of order_ are under way
  std::size_t open_ = 0;             // micro-batches of this step still to be closed
  bool awaiting_ = false;
  bool order_is_learnt_ = false;
};

}  // namespace midillama::train
