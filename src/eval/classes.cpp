#include "midillama/eval/classes.h"

#include "midillama/classes/baselines.h"
#include "midillama/classes/learnt.h"
#include "midillama/classes/results.h"
#include "midillama/classes/task.h"
#include "midillama/classes/zero_shot.h"
#include "midillama/core/directory.h"
#include "midillama/core/lock.h"
#include "midillama/core/progress.h"
#include "midillama/data/piece_inputs.h"
#include "midillama/model/classifier.h"
#include "midillama/model/to_device.h"

#include <ATen/Functions.h>
#include <torch/utils.h>

namespace midillama::eval {
namespace fs = std::filesystem;
namespace {

classes::Scores model_scores(const config::Config& config, const classes::Task& task, const fs::path& checkpoint, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const auto inputs = data::make_piece_inputs(config, task.parts.test, device);
  const auto model = model::make_classifier(config.classify, inputs->shape(), static_cast<std::int64_t>(task.classes.size()), 0);
  model::load_classifier(*model, checkpoint);
  model->to(device);
  model->eval();
  Progress progress = Progress::when_long("classifying", task.parts.test.size());
  classes::Scores scores;
  for (std::size_t piece = 0; piece < task.parts.test.size(); ++piece) {
    const auto logits = model->logits(model::to_device(inputs->all(static_cast<std::int64_t>(piece)), device)).to(torch::kFloat64);
    const auto told = model::class_probabilities(logits, task.multi_label).mean(0).cpu().contiguous();
    scores.emplace_back(told.const_data_ptr<double>(), told.const_data_ptr<double>() + told.numel());
    progress.update(scores.size());
  }
  return scores;
}

// Rows of a table as they are scored, each with its predictions, in the place of an older evaluation.
class TableWriter {
 public:
  TableWriter(const classes::Task& task, const config::Config& config)
      : task_(task),
        config_(config),
        lock_(fs::path(config.run.dir) / "eval"),
        staged_(fs::path(config.run.dir) / "eval" / task.name),
        table_(classes::empty_table(task, config)) {}

  OrderedJson& settings() { return table_.settings; }
  // The model's are in the evaluation's folder, those of what it is compared with in one of their own.
  runs::ScoreRow& add_model(const std::string& name, const classes::Scores& scores) { return add(name, staged_.path(), scores); }
  void add(const std::string& name, const classes::Scores& scores) { add(name, staged_.path() / name, scores); }

  runs::ScoreTable write() {
    runs::write_score_table(staged_.path() / runs::kScoreTableFile, table_);
    staged_.put_in_place();
    return std::move(table_);
  }

 private:
  runs::ScoreRow& add(const std::string& name, const fs::path& folder, const classes::Scores& scores) {
    classes::write_predictions(folder / classes::kPredictionsFile, task_, config_.classify.pieces.fold, scores);
    return table_.rows.emplace_back(
        classes::score_row(task_, name, scores, config_.run.seed, static_cast<int>(config_.eval.bootstrap_samples)));
  }

  const classes::Task& task_;
  const config::Config& config_;
  WriterLock lock_;
  StagedDirectory staged_;
  runs::ScoreTable table_;
};

}  // namespace

runs::ScoreTable evaluate_classes(const config::Config& config, const fs::path& checkpoint, torch::Device device) {
  const classes::Task task = classes::read_learnt_task(config, checkpoint);
  TableWriter writer(task, config);
  writer.settings()["checkpoint"] = checkpoint.string();
  writer.add_model(config.classify.model, model_scores(config, task, checkpoint, device));
  writer.add("linear", classes::linear_scores(task, config.classify.piano_roll.quarters + config.classify.max_start));
  writer.add("constant", classes::constant_scores(task));
  writer.add("chance", classes::chance_scores(task, config.run.seed));
  return writer.write();
}

runs::ScoreTable evaluate_served_classes(const config::Config& config) {
  const classes::Task task = classes::read_task(config);
  TableWriter writer(task, config);
  const classes::ZeroShot told = classes::ask_classes(task, config);
  writer.settings()["model"] = config.chat.model;
  writer.settings()["unanswered"] = told.unanswered;
  writer.settings()["tokens_a_piece"] = told.tokens;
  writer.settings()["cut_pieces"] = told.cut_pieces;
  writer.settings()["measures_left_out"] = told.measures_left_out;
  writer.add_model("endpoint", told.scores).unanswered = std::ssize(told.unanswered);
  writer.add("constant", classes::constant_scores(task));
  writer.add("chance", classes::chance_scores(task, config.run.seed));
  return writer.write();
}

}  // namespace midillama::eval
