// Where loops of our own take a tensor's work, and how they share it among threads. A file that includes this must be compiled with OpenMP:
// at::parallel_for is a plain loop elsewhere.
#pragma once

#include "midillama/kernels/thread_team.h"
#include "midillama/model/team_scope.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <initializer_list>

namespace midillama::model {

inline constexpr std::int64_t kElementsPerTask = 16384;

inline bool is_plain(const torch::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
}

inline bool all_plain(std::initializer_list<torch::Tensor> tensors) {
  return std::ranges::all_of(tensors, is_plain);
}

// task(first, count) for shares of `rows` rows of `size` elements.
template <typename Task>
void over_rows(std::int64_t rows, std::int64_t size, const Task& task) {
  const std::int64_t least = std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(1, size));
  if (kernels::ThreadTeam* team = TeamScope::team()) {
    kernels::share_range(team, rows, {.least = least}, task);
  } else {
    at::parallel_for(0, rows, least, [&](std::int64_t begin, std::int64_t end) { task(begin, end - begin); });
  }
}

}  // namespace midillama::model
