#include "midillama/classes/baselines.h"

#include "midillama/classes/logistic_regression.h"
#include "midillama/classes/music.h"
#include "midillama/classes/note_statistics.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace midillama::classes {
namespace {

constexpr double kStrengths[] = {.01, .1, 1, 10, 100};
constexpr double kUsualStrength = 1;

using Truth = std::vector<std::vector<bool>>;

Features features_of(const std::vector<pieces::Piece>& pieces, std::int64_t quarters) {
  Features features(pieces.size());
  for_each_music(pieces, [&](std::size_t i, const midi::Score& music) {
    for (const Statistic& statistic : note_statistics(music, quarters)) features[i].push_back(statistic.value);
  });
  return features;
}

Truth truth_of(const Task& task, const std::vector<pieces::Piece>& pieces) {
  Truth truth;
  for (const pieces::Piece& piece : pieces) truth.push_back(task.truth(piece));
  return truth;
}

LogisticRegression fit(const Task& task, std::int64_t quarters) {
  const Features train = features_of(task.parts.train, quarters), valid = features_of(task.parts.valid, quarters);
  const Truth train_truth = truth_of(task, task.parts.train), valid_truth = truth_of(task, task.parts.valid);
  if (valid.empty()) return {train, train_truth, !task.multi_label, kUsualStrength};
  std::optional<LogisticRegression> best, last;
  double best_loss = 0, best_strength = 0;
  for (const double strength : kStrengths) {
    last = LogisticRegression(train, train_truth, !task.multi_label, strength, last ? &*last : nullptr);
    const double loss = last->loss(valid, valid_truth);
    if (best && loss >= best_loss) break;
    best = last, best_loss = loss, best_strength = strength;
  }
  log::info("the linear model on note statistics validates best with C {}: loss {:.4f}", best_strength, best_loss);
  return *best;
}

}  // namespace

Scores constant_scores(const Task& task) {
  std::vector<std::size_t> count(task.classes.size());
  for (const pieces::Piece& piece : task.parts.train) {
    const std::vector<bool> truth = task.truth(piece);
    for (std::size_t c = 0; c < truth.size(); ++c) count[c] += truth[c] ? 1 : 0;
  }
  std::vector<double> scores(count.size());
  scores[static_cast<std::size_t>(std::ranges::max_element(count) - count.begin())] = 1;
  return Scores(task.parts.test.size(), scores);
}

Scores chance_scores(const Task& task, std::uint64_t seed) {
  Scores scores;
  for (const pieces::Piece& piece : task.parts.test) {
    Random random(seed_for(seed, ("chance " + piece.id).c_str()));
    std::vector<double>& drawn = scores.emplace_back(task.classes.size());
    for (double& score : drawn) score = random.uniform();
    const double sum = std::accumulate(drawn.begin(), drawn.end(), 0.);
    if (task.multi_label || sum == 0) continue;
    for (double& score : drawn) score /= sum;
  }
  return scores;
}

Scores linear_scores(const Task& task, std::int64_t quarters) {
  const LogisticRegression model = fit(task, quarters);
  Scores scores;
  for (const auto& features : features_of(task.parts.test, quarters)) scores.push_back(model.probabilities(features));
  return scores;
}

}  // namespace midillama::classes
