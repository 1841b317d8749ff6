#include "train/batch.h"

#include "midillama/model/to_device.h"

#include <algorithm>
#include <array>
#include <utility>

namespace midillama::train {
namespace {

using SizedDraws = std::vector<SizedDraw>;

SizedDraws greatest_first(SizedDraws draws, std::int64_t SizedDraw::*size) {
  std::ranges::stable_sort(draws, std::ranges::greater(), size);
  return draws;
}

Share deal_then_cut(SizedDraws draws, const config::Train& train, int rank, int ranks) {
  Share share;
  const auto parts = deal(std::move(draws), ranks);
  for (int i = 0; i < ranks; ++i) {
    for (auto& batch : cut(parts[static_cast<std::size_t>(i)], train.micro_batch_size, train.micro_batch_tokens)) {
      const std::int64_t number = share.of_all_ranks++;
      if (i == rank) share.micro_batches.push_back({number, std::move(batch), {}});
    }
  }
  return share;
}

Share cut_then_deal(SizedDraws draws, const config::Train& train, int rank, int ranks) {
  auto batches = cut(std::move(draws), train.micro_batch_size, train.micro_batch_tokens);
  const auto size = static_cast<std::size_t>(ranks);
  batches.resize((batches.size() + size - 1) / size * size);
  Share share;
  share.of_all_ranks = static_cast<std::int64_t>(batches.size());
  for (std::size_t i = static_cast<std::size_t>(rank); i < batches.size(); i += size) {
    share.micro_batches.push_back({static_cast<std::int64_t>(i), std::move(batches[i]), {}});
  }
  return share;
}

}  // namespace

std::vector<SizedDraws> deal(SizedDraws draws, int ranks) {
  std::vector<SizedDraws> parts(static_cast<std::size_t>(ranks));
  std::vector<std::int64_t> work(parts.size());
  for (const SizedDraw& draw : greatest_first(std::move(draws), &SizedDraw::work)) {
    const auto least = static_cast<std::size_t>(std::ranges::min_element(work) - work.begin());
    parts[least].push_back(draw);
    work[least] += draw.work;
  }
  return parts;
}

std::vector<SizedDraws> cut(SizedDraws draws, std::int64_t most_examples, std::int64_t most_tokens) {
  std::vector<SizedDraws> batches;
  const auto has_room = [&](const SizedDraws& batch) {
    const auto examples = static_cast<std::int64_t>(batch.size()) + 1;
    return (most_examples == 0 || examples <= most_examples) && (most_tokens == 0 || examples * batch.front().tokens <= most_tokens);
  };
  for (const SizedDraw& draw : greatest_first(std::move(draws), &SizedDraw::tokens)) {
    if (batches.empty() || !has_room(batches.back())) batches.emplace_back();
    batches.back().push_back(draw);
  }
  return batches;
}

Share divide(SizedDraws draws, const config::Train& train, int rank, int ranks) {
  return train.deterministic_reduction ? cut_then_deal(std::move(draws), train, rank, ranks)
                                       : deal_then_cut(std::move(draws), train, rank, ranks);
}

Share make_share(const Stage& stage, std::span<const Draw> draws, const config::Train& train, const parallel::ProcessGroup& group) {
  SizedDraws sized;
  for (const Draw& draw : draws) sized.push_back({draw, stage.tokens(draw), stage.work(draw)});
  Share share = divide(std::move(sized), train, group.rank(), group.size());
  for (MicroBatch& batch : share.micro_batches) {
    for (const SizedDraw& sized_draw : batch.draws) {
      const Example& example = batch.examples.emplace_back(stage.example(sized_draw.draw));
      share.counts.tokens += example.tokens;
      share.counts.targets += example.targets;
    }
  }
  return share;
}

CountsOfAllRanks::CountsOfAllRanks(const Counts& counts, parallel::ProcessGroup& group, torch::Device device)
    : sums_(model::to_device(std::array{counts.tokens, counts.targets, counts.interrupted_ranks}, device)),
      pending_(group.start_all_reduce_sum(sums_)) {}

const Counts& CountsOfAllRanks::get() {
  if (pending_) {
    std::exchange(pending_, nullptr)->wait();
    const auto sums = sums_.cpu();
    const auto* numbers = sums.const_data_ptr<std::int64_t>();
    counts_ = {numbers[0], numbers[1], numbers[2]};
  }
  return counts_;
}

}  // namespace midillama::train
