#include "midillama/eval/evaluate.h"

#include "eval/answers.h"
#include "eval/fingerprint.h"
#include "eval/prediction_store.h"
#include "eval/probe_values.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"
#include "midillama/data/clip_notes.h"
#include "midillama/eval/baseline.h"

#include <fmt/format.h>

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

// The cache of embeddings is written once, by the main rank.
data::ClipEmbeddings embeddings_of(const config::Config& config, std::span<const records::Question> questions, torch::Device device,
                                   parallel::ProcessGroup& group) {
  if (!group.is_main()) group.barrier();
  data::ClipEmbeddings embeddings(config, records::clips_of(questions), device);
  if (group.is_main()) group.barrier();
  return embeddings;
}

std::vector<Prediction> predictions_of(std::span<const records::Question> questions, std::span<const std::string> answers) {
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& question = questions[i];
    predictions.push_back({question.id, question.task, question.tag, question.question, answers[i], {question.answer}});
  }
  return predictions;
}

class Evaluation {
 public:
  Evaluation(const config::Config& config, const EvalOptions& options, torch::Device device, parallel::ProcessGroup& group)
      : config_(config),
        options_(options),
        device_(device),
        group_(group),
        split_(options.split.empty() ? config.data.test_split : options.split),
        tags_(records::dataset_tags(config.data.dir)),
        all_(records::read_questions(config.data.dir, split_)),
        questions_(questions_of(all_, options.task, config.eval.max_examples)),
        embeddings_(embeddings_of(config, all_, device, group)),
        fingerprint_(answers_fingerprint(config, options.checkpoint, split_, embeddings_.fingerprint())) {
    if (group.is_main()) scorer_.emplace(config.eval, config.run.seed, device);
    if (questions_.empty()) {
      throw InputError(records::split_file(config.data.dir, split_).string(), "",
                       fmt::format("there is no question of the task \"{}\"", options.task));
    }
  }

  Report run() {
    for (const auto mode : options_.music) add_music(mode);
    if (options_.comparisons && group_.is_main()) {
      add_most_frequent();
      add_probe();
      write_report(report_of(rows_), config_.run.dir + "/eval");
    }
    group_.barrier();
    return group_.is_main() ? report_of(rows_) : Report{};
  }

 private:
  fs::path folder(std::string_view row) const { return fs::path(config_.run.dir) / "eval" / options_.task / row; }

  void add_music(MusicMode mode) {
    const PredictionStore store(folder(name_of(mode)), fingerprint(fingerprint_ + options_.task + std::string(name_of(mode))));
    auto known = group_.is_main() ? store.load() : std::nullopt;
    const bool answered = group_.all_gather(known ? "known" : "")[0] == "known";
    if (answered && known) log::info("{} are of this checkpoint and are used again", store.file().string());
    if (!answered) known = predictions_of(questions_, answers(mode));
    if (!group_.is_main()) return;
    if (!answered) store.save(*known);
    add_row(std::string(name_of(mode)), std::string(label_of(mode)), *known);
  }

  std::vector<std::string> answers(MusicMode mode) {
    if (!session_) session_.emplace(config_, options_.checkpoint, device_);
    const auto music = heard_music(mode, questions_, embeddings_, seed_for(config_.run.seed, "shuffled music"));
    return answer(*session_, questions_, music, group_, fmt::format("{}, {}", options_.task, label_of(mode)));
  }

  void add_most_frequent() {
    const auto answers = most_frequent_answers(tags_, training(), options_.task);
    std::vector<std::string> texts;
    for (const auto& question : questions_) {
      const auto answer = answers.find(question.tag);
      texts.push_back(answer == answers.end() ? "" : answer->second);
    }
    const PredictionStore store(folder("most-frequent"), fingerprint_);
    const auto predictions = predictions_of(questions_, texts);
    store.save(predictions);
    add_row("most-frequent", "most frequent answer", predictions);
  }

  void add_probe() {
    const auto valid = records::read_optional_questions(config_.data.dir, config_.data.valid_split);
    auto everywhere = training();
    everywhere.insert(everywhere.end(), valid.begin(), valid.end());
    everywhere.insert(everywhere.end(), questions_.begin(), questions_.end());
    const data::ClipEmbeddings embeddings(config_, records::clips_of(everywhere), device_);
    const auto values = probe_values(tags_, training(), valid, questions_, embeddings);
    const auto stated = [&](std::size_t i, const std::string& tag) -> std::optional<std::string> {
      const auto value = values.find({questions_[i].clip, tag});
      return value == values.end() ? std::nullopt : std::optional(value->second);
    };
    finish_row({.name = "linear-probe", .label = "linear probe", .metrics = {}, .accuracy = fact_accuracy(tags_, questions_, stated)});
  }

  const std::vector<records::Question>& training() {
    if (training_.empty()) training_ = records::read_questions(config_.data.dir, config_.data.train_split);
    return training_;
  }

  void add_row(const std::string& name, const std::string& label, std::span<const Prediction> predictions) {
    std::vector<std::string> texts;
    for (const auto& prediction : predictions) texts.push_back(prediction.prediction);
    finish_row({name, label, scorer_->score(examples_of(predictions)), fact_accuracy(tags_, questions_, texts)});
  }

  void finish_row(Row row) {
    write_atomically(folder(row.name) / "scores.json", to_json(report_of({row})).dump(2) + '\n');
    rows_.push_back(std::move(row));
  }

  Report report_of(std::vector<Row> rows) const {
    return {.checkpoint = options_.checkpoint.string(),
            .fingerprint = fingerprint_,
            .split = split_,
            .tasks = {{options_.task, static_cast<std::int64_t>(questions_.size()), std::move(rows)}}};
  }

  const config::Config& config_;
  const EvalOptions& options_;
  torch::Device device_;
  parallel::ProcessGroup& group_;
  std::string split_;
  records::Tags tags_;
  std::vector<records::Question> all_;        // of the split
  std::vector<records::Question> questions_;  // that are asked
  std::vector<records::Question> training_;
  data::ClipEmbeddings embeddings_;
  std::string fingerprint_;
  std::optional<generate::Session> session_;  // loaded where something is to be answered
  std::optional<Scorer> scorer_;              // of the main rank
  std::vector<Row> rows_;
};

}  // namespace

Report evaluate(const config::Config& config, const EvalOptions& options, torch::Device device, parallel::ProcessGroup& group) {
  return Evaluation(config, options, device, group).run();
}

}  // namespace midillama::eval
