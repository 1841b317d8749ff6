#include "heat.h"

#include "correlation.h"
#include "midillama/core/progress.h"

#include <algorithm>
#include <numeric>

namespace midillama::explain {

Heat measure_heat(AnswerProbability& probability, const Options& options) {
  const std::int64_t notes = probability.notes();
  Heat heat;
  heat.notes_left_out_at_once = (notes + options.most_passes - 1) / options.most_passes;
  heat.gradient = probability.note_gradients();

  // All notes, none, and without each group of neighbours.
  const std::int64_t groups = (notes + heat.notes_left_out_at_once - 1) / heat.notes_left_out_at_once;
  const auto begin_of = [&](std::int64_t group) { return std::min(group * heat.notes_left_out_at_once, notes); };
  const torch::Tensor kept = torch::ones({2 + groups, notes});
  kept[1].fill_(0);
  for (std::int64_t group = 0; group < groups; ++group) kept[2 + group].slice(0, begin_of(group), begin_of(group + 1)).fill_(0);
  Progress progress = Progress::when_long("leaving notes out", static_cast<std::size_t>(kept.size(0)), options.shows_progress);
  const auto values = probability.of(kept, [&](std::size_t rows) {
    progress.update(rows);
    if (options.between_passes) options.between_passes();
  });
  heat.log_probability = values[0];
  heat.log_probability_zero_music = values[1];

  std::vector<double> gradients, differences;
  for (std::int64_t group = 0; group < groups; ++group) {
    const auto begin = begin_of(group), end = begin_of(group + 1);
    gradients.push_back(std::reduce(heat.gradient.begin() + begin, heat.gradient.begin() + end));
    differences.push_back(heat.log_probability - values[static_cast<std::size_t>(2 + group)]);
    heat.left_out.insert(heat.left_out.end(), static_cast<std::size_t>(end - begin), differences.back() / static_cast<double>(end - begin));
  }
  heat.pearson = pearson(gradients, differences);
  heat.spearman = spearman(gradients, differences);
  return heat;
}

}  // namespace midillama::explain
