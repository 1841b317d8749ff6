#include "midillama/eval/melody.h"

#include "eval/melody_rows.h"
#include "midillama/core/directory.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/melody/examples.h"
#include "midillama/melody/groups.h"
#include "midillama/melody/learnt.h"
#include "midillama/metrics/intervals.h"
#include "midillama/metrics/ranking.h"
#include "midillama/runs/score_table.h"

#include <fmt/format.h>

#include <set>

namespace midillama::eval {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kHits[] = {1, 5, 10, 15, 20, 25};
constexpr const char* kScoresFile = "scores.jsonl";
constexpr const char* kRandom = "random";

std::string hits_name(std::int64_t k) {
  return fmt::format("hits@{}", k);
}

class MelodyEvaluation {
 public:
  MelodyEvaluation(const config::Config& config, const fs::path& checkpoint, torch::Device device)
      : config_(config),
        checkpoint_(checkpoint),
        device_(device),
        lock_(fs::path(config.run.dir) / "eval"),
        staged_(fs::path(config.run.dir) / "eval" / "melody") {
    const pieces::Parts parts = melody::read_learnt_parts(config, checkpoint);
    known_ = melody::read_phrases(parts.train, config.melody, "learn from");
    tested_ = melody::read_phrases(parts.test, config.melody, "test on");
    groups_ = melody::draw_groups(tested_, config.melody.candidates, config.eval.max_examples);
    for (const melody::Group& group : groups_) works_.push_back(tested_.all[group.phrase].work);
  }

  runs::ScoreTable run() {
    table_.task = "melody";
    table_.counts = {{"groups", groups_.size()}, {"works", std::set(works_.begin(), works_.end()).size()}};
    table_.tested = melody::fingerprint_of(tested_, groups_);
    table_.columns = {"map"};
    for (const std::int64_t k : kHits) table_.columns.push_back(hits_name(k));
    table_.settings = settings();
    for (const MelodyRow& row : melody_rows()) {
      if (const std::string obstacle = row.obstacle(config_); !obstacle.empty()) {
        log::info("{} is left out: {}", row.name, obstacle);
        continue;
      }
      add(row);
    }
    table_.rows.push_back(chance());
    runs::write_score_table(staged_.path() / runs::kScoreTableFile, table_);
    staged_.put_in_place();
    return std::move(table_);
  }

 private:
  void add(const MelodyRow& row) {
    log::info("{} ranks {} groups of {} phrases", row.name, groups_.size(), config_.melody.candidates);
    const std::vector<melody::GroupScores> scores =
        row.score({.config = config_, .checkpoint = checkpoint_, .device = device_, .known = known_, .tested = tested_}, groups_);
    const bool is_model = table_.rows.empty();
    melody::write_scores((is_model ? staged_.path() : staged_.path() / row.name) / kScoresFile, tested_, groups_, scores);
    const auto ranks = melody::ranks_of(scores);
    runs::ScoreRow scored{.name = row.name, .values = {}};
    scored.values["map"] = with_interval(metrics::mean_average_precision(ranks));
    for (const std::int64_t k : kHits) scored.values[hits_name(k)] = with_interval(metrics::hits_at(k, ranks));
    table_.rows.push_back(std::move(scored));
  }

  runs::MeasuredValue with_interval(const metrics::Additive& metric) const {
    const metrics::GroupedBootstrap bootstrap(works_, config_.run.seed, static_cast<int>(config_.eval.bootstrap_samples));
    return {.value = metric.value_of_all(), .interval = metrics::percentile_interval(bootstrap.resampled(metric))};
  }

  runs::ScoreRow chance() const {
    runs::ScoreRow row{.name = kRandom, .values = {}};
    row.values["map"] = {.value = metrics::chance_average_precision(config_.melody.candidates)};
    for (const std::int64_t k : kHits) row.values[hits_name(k)] = {.value = metrics::chance_hits_at(k, config_.melody.candidates)};
    return row;
  }

  OrderedJson settings() const {
    return {{"train", config_.melody.pieces.train},      {"test", config_.melody.pieces.test},      {"fold", config_.melody.pieces.fold},
            {"phrase_bars", config_.melody.phrase_bars}, {"candidates", config_.melody.candidates}, {"seed", config_.run.seed}};
  }

  const config::Config& config_;
  fs::path checkpoint_;
  torch::Device device_;
  WriterLock lock_;
  StagedDirectory staged_;  // in the place of an older evaluation
  melody::Phrases known_;   // learnt from
  melody::Phrases tested_;
  std::vector<melody::Group> groups_;
  std::vector<std::string> works_;  // of each group
  runs::ScoreTable table_;
};

}  // namespace

runs::ScoreTable evaluate_melody(const config::Config& config, const fs::path& checkpoint, torch::Device device) {
  return MelodyEvaluation(config, checkpoint, device).run();
}

}  // namespace midillama::eval
