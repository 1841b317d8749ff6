#include "midillama/classes/results.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace midillama::classes {
namespace fs = std::filesystem;
namespace {

metrics::Classification told(const Task& task, const Scores& scores) {
  metrics::Told told{.classes = task.classes.size(), .truth = {}, .answers = {}, .scores = {}};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto truth = task.truth(task.parts.test[i]), answers = answer(task, scores[i]);
    told.truth.insert(told.truth.end(), truth.begin(), truth.end());
    told.answers.insert(told.answers.end(), answers.begin(), answers.end());
    told.scores.insert(told.scores.end(), scores[i].begin(), scores[i].end());
  }
  return metrics::Classification(std::move(told));
}

// Of the classes, how many a piece may be told to be of, the pieces and what each is.
bool is_defined(const std::vector<double>& values) {
  return std::ranges::any_of(values, [](double value) { return !std::isnan(value); });
}

}  // namespace

std::string fingerprint_of_tested(const Task& task) {
  Fingerprinter tested;
  tested.add(json_line({task.classes, task.multi_label}));
  for (const pieces::Piece& piece : task.parts.test) tested.add(json_line({piece.id, piece.content, piece.values(task.label)}));
  return tested.fingerprint();
}

void write_predictions(const fs::path& file, const Task& task, std::int64_t fold, const Scores& scores) {
  AtomicFile lines(file);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const pieces::Piece& piece = task.parts.test[i];
    OrderedJson by_class = OrderedJson::object();
    for (std::size_t c = 0; c < task.classes.size(); ++c) by_class[task.classes[c]] = scores[i][c];
    lines.write(json_line({{"piece", piece.id}, {"fold", fold}, {"labels", piece.values(task.label)}, {"scores", std::move(by_class)}}));
  }
  lines.commit();
}

runs::ScoreRow score_row(const Task& task, const std::string& name, const Scores& scores, std::uint64_t seed, int resamples) {
  const metrics::Classification classification = told(task, scores);
  std::vector<std::string> works;
  for (const pieces::Piece& piece : task.parts.test) works.push_back(piece.work);
  const auto all_metrics = metrics::classification_metrics();
  std::vector<std::vector<double>> resampled(all_metrics.size());
  metrics::GroupedBootstrap(works, seed, resamples).for_each_resample([&](std::span<const double> times) {
    for (std::size_t m = 0; m < all_metrics.size(); ++m) resampled[m].push_back(all_metrics[m].value(classification, times));
  });
  const std::vector<double> once(works.size(), 1);
  runs::ScoreRow row{.name = name, .values = {}};
  for (std::size_t m = 0; m < all_metrics.size(); ++m) {
    const double value = all_metrics[m].value(classification, once);
    if (std::isnan(value) || !is_defined(resampled[m])) continue;
    row.values[all_metrics[m].name] = {value, metrics::percentile_interval(std::move(resampled[m]))};
  }
  return row;
}

runs::ScoreTable empty_table(const Task& task, const config::Config& config) {
  const config::PieceSets& sets = config.classify.pieces;
  std::set<std::string> works;
  for (const pieces::Piece& piece : task.parts.test) works.insert(piece.work);
  runs::ScoreTable table{.task = task.name};
  table.counts = {{"pieces", task.parts.test.size()},
                  {"works", works.size()},
                  {"classes", task.classes.size()},
                  {"learnt", task.parts.train.size()},
                  {"left_out", task.left_out}};
  if (task.of_others > 0) table.counts["of_other_labels_too"] = task.of_others;
  table.tested = fingerprint_of_tested(task);
  for (const metrics::ClassificationMetric& metric : metrics::classification_metrics()) table.columns.emplace_back(metric.name);
  table.settings = {{"label", task.label},
                    {"multi_label", task.multi_label},
                    {"classes", task.classes},
                    {"train", std::vector(sets.train)},
                    {"test", std::vector(sets.test)},
                    {"fold", sets.fold},
                    {"folds", sets.folds},
                    {"seed", config.run.seed},
                    {"bootstrap_samples", config.eval.bootstrap_samples}};
  return table;
}

}  // namespace midillama::classes
