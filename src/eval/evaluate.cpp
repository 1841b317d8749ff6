#include "midillama/eval/evaluate.h"

#include "eval/prediction_store.h"
#include "eval/probe_values.h"
#include "midillama/config/flatten.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_notes.h"
#include "midillama/parallel/agreement.h"
#include "midillama/records/form.h"
#include "midillama/records/split.h"
#include "midillama/runs/example_scores.h"
#include "midillama/runs/files.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

namespace midillama::eval {
namespace fs = std::filesystem;
namespace {

// Of one task, at most `count` (0: all), evenly spread.
std::vector<records::Question> questions_of(const std::vector<records::Question>& questions, const std::string& task, std::int64_t count) {
  std::vector<records::Question> of_task;
  for (const auto& question : questions) {
    if (question.task == task) of_task.push_back(question);
  }
  const auto wanted = static_cast<std::size_t>(count);
  if (wanted == 0 || wanted >= of_task.size()) return of_task;
  std::vector<records::Question> chosen;
  for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(of_task[i * of_task.size() / wanted]);
  return chosen;
}

std::vector<Prediction> predictions_of(std::span<const records::Question> questions, std::span<const std::string> answers) {
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& question = questions[i];
    predictions.push_back({question.id, question.task, question.tag, question.question, answers[i], {question.answer}});
  }
  return predictions;
}

bool are_about(std::span<const Prediction> predictions, std::span<const records::Question> questions) {
  const auto is_about = [](const Prediction& prediction, const records::Question& question) {
    return prediction.id == question.id && prediction.question == question.question;
  };
  return std::ranges::equal(predictions, questions, is_about);
}

bool is_unseen(const EvalOptions& options) {
  return options.task == records::kUnseenSplit;
}

std::string split_of(const config::Config& config, const EvalOptions& options) {
  if (!options.split.empty()) return options.split;
  return is_unseen(options) ? records::kUnseenSplit : config.data.test_split;
}

// What a report's tasks have in common: the model, and the questions that it may be asked.
std::string report_fingerprint(const config::Config& config, const systems::Resources& resources) {
  auto parts = resources.model_fingerprint();
  for (const std::string& split : {config.data.test_split, std::string(records::kUnseenSplit)}) {
    const auto file = records::split_file(config.data.dir, split);
    if (fs::exists(file)) parts += fingerprint_file(file);
  }
  return fingerprint(parts);
}

class Evaluation {
 public:
  Evaluation(const config::Config& config, const EvalOptions& options, torch::Device device, parallel::ProcessGroup& group)
      : config_(config),
        options_(options),
        group_(group),
        resources_(config, options.checkpoint, split_of(config, options), device, group),
        questions_(questions_of(resources_.questions(), is_unseen(options) ? "qa" : options.task, config.eval.max_examples)),
        fingerprint_(report_fingerprint(config, resources_)) {
    require_agreement();
    if (group.is_main()) {
      lock_.emplace(fs::path(config.run.dir) / "eval");
      if (asks_a_model_here())
        runs::warn_of_other_pieces(config, options.checkpoint, records::pieces_fingerprint(config.data.dir, config.data.test_split));
      scorer_.emplace(config.eval, config.run.seed, device);
    }
    for (const auto& question : questions_) pieces_.push_back(question.piece);
    if (questions_.empty()) {
      throw InputError(records::split_file(config.data.dir, resources_.split()).string(), "",
                       fmt::format("there is no question of the task \"{}\"", options.task));
    }
  }

  Report run() {
    for (const auto& system : make_systems()) add(*system);
    if (!options_.beside.empty() && group_.is_main()) add_beside();
    if (options_.writes_report && group_.is_main()) {
      if (hears_music_) add_probe();
      write_report(report_of(rows_), config_.run.dir + "/eval");
    }
    group_.barrier();
    return group_.is_main() ? report_of(rows_) : Report{};
  }

 private:
  fs::path folder(const std::string& row) const { return fs::path(config_.run.dir) / "eval" / options_.task / row; }

  bool asks_a_model_here() const {
    return std::ranges::any_of(options_.systems,
                               [&](const std::string& name) { return systems::kind_from_name(name).is_a_model_here(config_); });
  }

  // Otherwise the ranks' answers, which are put together, would not be one model's.
  void require_agreement() const {
    if (group_.size() == 1) return;
    Json known = config::shared_settings(config_);
    known["the fingerprint of the questions"] = fingerprint_file(records::split_file(config_.data.dir, resources_.split()));
    for (const fs::path& file : {fs::path(runs::kProjectorFile), fs::path(runs::kAdapterFolder) / runs::kAdapterWeightsFile}) {
      const fs::path trained = options_.checkpoint / file;
      const bool is_there = !options_.checkpoint.empty() && fs::exists(trained);
      known["the fingerprint of " + file.string()] = is_there ? fingerprint_file(trained) : "";
    }
    parallel::require_agreement(group_, known);
  }

  // All of them before the first is asked: a mistake is not found hours later.
  std::vector<std::unique_ptr<systems::Answerer>> make_systems() {
    std::vector<std::unique_ptr<systems::Answerer>> made;
    for (const auto& name : options_.systems) {
      const systems::Kind& kind = systems::kind_from_name(name);
      const std::string obstacle = options_.leaves_out ? kind.obstacle(resources_) : "";
      if (obstacle.empty()) {
        made.push_back(kind.make(resources_));
      } else if (group_.is_main()) {
        log::info("{}", obstacle);
      }
    }
    return made;
  }

  void add(systems::Answerer& system) {
    hears_music_ = hears_music_ || system.hears_music();
    const PredictionStore store(folder(system.name()), fingerprint(system.fingerprint() + options_.task + system.name()));
    auto known = group_.is_main() ? store.load() : std::nullopt;
    if (known && !are_about(*known, questions_)) known.reset();
    const bool answered = group_.all_gather(known ? "known" : "")[0] == "known";
    if (answered && known) log::info("{} hold still and are used again", store.file().string());
    std::size_t missing = 0;
    if (!answered) {
      const systems::Answers answers = system.answer(questions_);
      known = predictions_of(questions_, answers.texts);
      missing = answers.missing;
      if (group_.is_main()) store.save(*known, missing == 0);
    }
    const auto clip_tokens = system.clip_tokens(questions_);
    if (!group_.is_main()) return;
    ReportRow row = scored(system.name(), system.label(), *known);
    row.clip_tokens = clip_tokens;
    row.unanswered = static_cast<std::int64_t>(missing);
    finish_row(std::move(row));
  }

  ReportRow scored(std::string name, std::string label, const std::vector<Prediction>& predictions) const {
    const auto stated = [&](std::size_t i, const std::string& tag) {
      return records::said(resources_.tags().at(tag), questions_[i], predictions[i].prediction);
    };
    ReportRow row{
        .name = std::move(name), .label = std::move(label), .metrics = scorer_->score(examples_of(predictions), pieces_), .accuracy = {}};
    return checked(std::move(row), stated);
  }

  // With what is right of the facts.
  ReportRow checked(ReportRow row, const StatedValue& stated) const {
    const auto facts = check_facts(resources_.tags(), questions_, stated);
    row.accuracy = fact_accuracy(resources_.tags(), questions_, facts);
    if (is_unseen(options_)) row.forms = accuracy_by_form(resources_.tags(), questions_, facts);
    row.examples = example_scores(row, facts);
    return row;
  }

  runs::ExampleScores example_scores(const ReportRow& row, std::span<const CheckedFact> facts) const {
    runs::ExampleScores scores;
    for (const auto& question : questions_) scores.ids.push_back(question.id);
    scores.pieces = pieces_;
    for (const auto& metric : row.metrics) scores.metrics.emplace_back(metric.name, metric.additive);
    for (const auto& entry : row.accuracy) {
      std::vector<double> right(questions_.size()), asked(questions_.size());
      for (const auto& fact : facts) {
        if (fact.tag == entry.tag) asked[fact.question] = 1, right[fact.question] = fact.is_right ? 1 : 0;
      }
      scores.accuracies.emplace_back(entry.tag, metrics::shares(right, asked));
    }
    return scores;
  }

  // The other run may have answered more questions than are asked here.
  void add_beside() {
    const auto file = options_.beside / "eval" / options_.task / "true" / "predictions.jsonl";
    std::map<std::string, Prediction> answers;
    for (auto& prediction : read_predictions(file)) answers.emplace(prediction.id, std::move(prediction));
    std::vector<Prediction> predictions;
    for (const auto& question : questions_) {
      const auto answer = answers.find(question.id);
      if (answer == answers.end() || answer->second.question != question.question) {
        throw InputError(file.string(), question.id,
                         fmt::format("is not answered there: evaluate that run on the questions of {} first",
                                     records::split_file(config_.data.dir, resources_.split()).string()));
      }
      predictions.push_back(answer->second);
    }
    rows_.push_back(scored(options_.beside.string(), options_.beside.string(), predictions));
  }

  void add_probe() {
    const auto& train = resources_.training();
    const auto valid = records::open_optional_questions(config_.data.dir, config_.data.valid_split);
    std::vector<fs::path> clips = train.clips();
    const auto add = [&](const std::vector<fs::path>& more) { clips.insert(clips.end(), more.begin(), more.end()); };
    if (valid) add(valid->clips());
    add(records::clips_of(questions_));
    const data::ClipEmbeddings embeddings(config_, clips, resources_.device());
    const auto values = probe_values(
        resources_.tags(), [&](const records::OnQuestion& record) { train.for_each(record); },
        [&](const records::OnQuestion& record) {
          if (valid) valid->for_each(record);
        },
        [&](const records::OnQuestion& record) { std::ranges::for_each(questions_, record); }, embeddings);
    const auto stated = [&](std::size_t i, const std::string& tag) -> std::optional<std::string> {
      const auto value = values.find({questions_[i].clip, tag});
      return value == values.end() ? std::nullopt : std::optional(records::right_answer(questions_[i].yes_if, value->second));
    };
    finish_row(checked({.name = "linear-probe", .label = "linear probe", .metrics = {}, .accuracy = {}}, stated));
  }

  void finish_row(ReportRow row) {
    runs::write_example_scores(folder(row.name) / runs::kExampleScoresFile, row.examples);
    write_atomically(folder(row.name) / "scores.json", json_text(to_json(report_of({row})), 2) + '\n');
    rows_.push_back(std::move(row));
  }

  Report report_of(std::vector<ReportRow> rows) const {
    return {.checkpoint = options_.checkpoint.string(),
            .model = config_.system == "endpoint" ? config_.chat.model : "",
            .fingerprint = fingerprint_,
            .split = resources_.split(),
            .weights = config_.generate.weights,
            .tasks = {{options_.task, static_cast<std::int64_t>(questions_.size()), std::move(rows)}}};
  }

  const config::Config& config_;
  const EvalOptions& options_;
  parallel::ProcessGroup& group_;
  systems::Resources resources_;
  std::vector<records::Question> questions_;  // that are asked
  std::vector<std::string> pieces_;           // that they are about
  std::string fingerprint_;
  std::optional<WriterLock> lock_;  // of the main rank, as the next
  std::optional<Scorer> scorer_;
  std::vector<ReportRow> rows_;
  bool hears_music_ = false;  // somebody whose answers are in a row
};

}  // namespace

Report evaluate(const config::Config& config, const EvalOptions& options, torch::Device device, parallel::ProcessGroup& group) {
  return Evaluation(config, options, device, group).run();
}

}  // namespace midillama::eval
