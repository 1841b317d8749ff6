#include "midillama/eval/melody.h"

#include "midillama/metrics/ranking.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "train/tiny_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::eval {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

class EvaluateMelody : public testing::Test {
 protected:
  EvaluateMelody() {
    world_.config.melody.pieces.folds = 2;
    world_.config.eval.bootstrap_samples = 50;
    world_.train("melody");
  }

  runs::ScoreTable evaluate(const config::Config& config) {
    const fs::path checkpoint = *runs::last_checkpoint(config, "melody");
    return evaluate_melody(runs::as_trained(config, checkpoint), checkpoint, torch::kCPU);
  }
  fs::path results() const { return fs::path(world_.config.run.dir) / "eval/melody"; }

  // The right candidates' places, of what a row's scores.jsonl says.
  static std::vector<std::int64_t> ranks_in(const fs::path& file) {
    std::map<std::string, double> right;
    std::map<std::string, std::vector<double>> others;
    for_each_json_line(file, [&](const Json& line, std::size_t) {
      const auto group = line.at("group").get<std::string>();
      const double score = line.at("score").get<double>();
      if (line.at("positive").get<bool>()) {
        EXPECT_TRUE(right.emplace(group, score).second);
      } else {
        others[group].push_back(score);
      }
    });
    std::vector<std::int64_t> ranks;
    for (const auto& [group, score] : right) {
      EXPECT_EQ(others[group].size(), 4u);
      ranks.push_back(metrics::pessimistic_rank(score, others[group]));
    }
    return ranks;
  }

  train::TinyWorld world_;
};

TEST_F(EvaluateMelody, WhatIsMeasuredFollowsFromTheScoresThatAreWritten) {
  const runs::ScoreTable table = evaluate(world_.config);
  std::vector<std::string> names;
  for (const auto& row : table.rows) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("transformer", "n-gram", "key-register", "musicbert", "random"));
  EXPECT_EQ(to_json(runs::read_score_table(results() / "scores.json")), to_json(table));
  for (const auto& row : table.rows) {
    if (row.name == "random") continue;
    const auto ranks = ranks_in((row.name == "transformer" ? results() : results() / row.name) / "scores.jsonl");
    EXPECT_EQ(table.counts.at("groups"), ranks.size());
    EXPECT_NEAR(row.values.at("map").value, metrics::mean_average_precision(ranks).value_of_all(), 1e-12) << row.name;
    EXPECT_NEAR(row.values.at("hits@1").value, metrics::hits_at(1, ranks).value_of_all(), 1e-12) << row.name;
    EXPECT_EQ(row.values.at("hits@5").value, 1);
    EXPECT_LE(row.values.at("map").interval->low, row.values.at("map").value);
    EXPECT_GE(row.values.at("map").interval->high, row.values.at("map").value);
  }
  EXPECT_EQ(table.rows.back().values.at("hits@1").value, 0.2);
  EXPECT_FALSE(table.rows.back().values.at("map").interval);
}

TEST_F(EvaluateMelody, TheSameCheckpointGivesTheSameScores) {
  evaluate(world_.config);
  const std::string scores = read_binary(results() / "scores.jsonl");
  evaluate(world_.config);
  EXPECT_EQ(read_binary(results() / "scores.jsonl"), scores);
}

// High and low tunes: the height alone finds the half that the right one is in.
TEST_F(EvaluateMelody, HeightTellsMoreThanChance) {
  const runs::ScoreTable table = evaluate(world_.config);
  EXPECT_GT(table.rows[2].values.at("map").value, table.rows.back().values.at("map").value);
}

TEST_F(EvaluateMelody, AnEncoderThatIsNotThereIsNoRow) {
  world_.config.music_encoder.path = world_.path("nowhere");
  for (const auto& row : evaluate(world_.config).rows) EXPECT_NE(row.name, "musicbert");
}

TEST_F(EvaluateMelody, WhatWasLearntIsNotTested) {
  world_.copy_pieces("others");
  world_.config.melody.pieces.test = {world_.path("others")};
  EXPECT_THAT(error_of([&] { evaluate(world_.config); }), HasSubstr("has learnt from the piece"));
  world_.config.melody.pieces.fold = 1;
  EXPECT_THAT(error_of([&] { evaluate(world_.config); }), HasSubstr("melody.pieces.fold"));
}

}  // namespace
}  // namespace midillama::eval
