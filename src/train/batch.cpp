#include "train/batch.h"

#include <algorithm>

namespace midillama::train {

std::vector<Draw> share_of(std::span<const Draw> draws, int rank, int size) {
  std::vector<Draw> share;
  for (std::size_t i = static_cast<std::size_t>(rank); i < draws.size(); i += static_cast<std::size_t>(size)) share.push_back(draws[i]);
  return share;
}

std::vector<Example> make_examples(const Stage& stage, std::span<const Draw> draws) {
  std::vector<Example> examples;
  for (const Draw& draw : draws) examples.push_back(stage.example(draw));
  return examples;
}

std::vector<std::span<const Example>> micro_batches(std::vector<Example>& examples, std::int64_t size) {
  std::ranges::stable_sort(examples, std::ranges::greater(), &Example::tokens);
  std::vector<std::span<const Example>> batches;
  const auto most = static_cast<std::size_t>(size);
  for (std::size_t begin = 0; begin < examples.size(); begin += most) {
    batches.push_back(std::span(examples).subspan(begin, std::min(most, examples.size() - begin)));
  }
  return batches;
}

Counts count(std::span<const Example> examples) {
  Counts counts;
  for (const Example& example : examples) {
    counts.tokens += example.tokens;
    counts.targets += example.targets;
  }
  return counts;
}

Counts sum_over_ranks(const Counts& counts, parallel::ProcessGroup& group, torch::Device device) {
  if (group.size() == 1) return counts;
  const auto tensor = torch::tensor({counts.tokens, counts.targets}, torch::dtype(torch::kInt64).device(device));
  group.all_reduce_sum(tensor);
  return {tensor[0].item<std::int64_t>(), tensor[1].item<std::int64_t>()};
}

}  // namespace midillama::train
