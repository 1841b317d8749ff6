#include "midillama/eval/classes.h"

#include "classes/tiny_set.h"
#include "midillama/classes/results.h"
#include "midillama/classes/task.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "train/tiny_world.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

class EvaluateClasses : public testing::Test {
 protected:
  EvaluateClasses() {
    world_.stage("classify").max_steps = 120;
    world_.config.classify.pieces.valid_fraction = 0;  // of sixteen pieces half are learnt from
    // What is "high" moves in eighths, what is "low" in half notes: the network hears patterns, wherever they lie.
    for (int i = 0; i < 16; ++i)
      midi::write_midi(classes::tune(60 + i, 12, i % 2 == 0 ? 240 : 960), world_.path(fmt::format("pieces/piece{}.mid", i)));
    world_.config.classify.dropout = 0;
    world_.stage("classify").batch_size = 8;
    world_.config.classify.pieces.folds = 2;
    world_.config.eval.bootstrap_samples = 50;
  }

  runs::ScoreTable evaluate(const config::Config& config) {
    const auto checkpoint = runs::find_checkpoint_of(config, "classify", "");
    return evaluate_classes(runs::as_trained(config, checkpoint), checkpoint, torch::kCPU);
  }
  fs::path results() const { return fs::path(world_.config.run.dir) / "eval/genre"; }

  train::TinyWorld world_;
};

TEST_F(EvaluateClasses, AModelIsMeasuredBesideSimplerOnes) {
  world_.train("classify");
  const auto table = evaluate(world_.config);
  std::vector<std::string> names;
  for (const auto& row : table.rows) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"cnn", "linear", "constant", "chance"}));
  EXPECT_EQ(table.counts.at("pieces"), 8);
  EXPECT_EQ(table.rows[0].values.at("accuracy").value, 1) << "eighths and half notes";
  EXPECT_EQ(table.rows[2].values.at("accuracy").value, .5);
  EXPECT_EQ(to_json(runs::read_score_table(results() / "scores.json")), to_json(table));

  std::size_t right = 0, lines = 0;
  for_each_json_line(results() / "predictions.jsonl", [&](const Json& line, std::size_t) {
    const auto& scores = line.at("scores");
    right += line.at("labels").at(0) == (scores.at("high") > scores.at("low") ? "high" : "low") ? 1 : 0;
    ++lines;
  });
  EXPECT_EQ(right, lines);
  EXPECT_EQ(lines, 8u);
  for (const char* row : {"linear", "constant", "chance"}) EXPECT_TRUE(fs::exists(results() / row / "predictions.jsonl")) << row;
}

TEST_F(EvaluateClasses, TheSameModelGivesTheSameFiles) {
  world_.train("classify");
  const auto first = to_json(evaluate(world_.config));
  const std::string predictions = read_binary(results() / "predictions.jsonl");
  EXPECT_EQ(to_json(evaluate(world_.config)), first);
  EXPECT_EQ(read_binary(results() / "predictions.jsonl"), predictions);
}

TEST_F(EvaluateClasses, EmbeddingsOfAFrozenEncoderWillDo) {
  world_.config.classify.model = "musicbert";
  world_.stage("classify").learning_rate = .1;
  world_.train("classify");
  const auto table = evaluate(world_.config);
  EXPECT_EQ(table.rows[0].name, "musicbert");
  EXPECT_GE(table.rows[0].values.at("accuracy").value, .75);
}

TEST_F(EvaluateClasses, SeveralLabelsAPiece) {
  world_.config.classify.multi_label = true;
  world_.train("classify");
  const auto table = evaluate(world_.config);
  EXPECT_EQ(table.rows[0].values.at("f1_samples").value, 1);
  EXPECT_EQ(table.rows[0].values.at("auc_samples").value, 1);
}

TEST_F(EvaluateClasses, OtherSetsAreTestedWithoutTraining) {
  world_.train("classify");
  config::Config other = world_.config;
  world_.copy_pieces("others");
  other.classify.pieces.test = {world_.path("others")};
  EXPECT_THAT(error_of([&] { evaluate(other); }), HasSubstr("the model has learnt from the piece")) << "the same files elsewhere";
  for (int i = 0; i < 16; ++i)
    midi::write_midi(classes::tune(30 + i, 12, i % 2 == 0 ? 240 : 960), world_.path(fmt::format("others/piece{}.mid", i)));
  const runs::ScoreTable table = evaluate(other);
  EXPECT_EQ(table.counts.at("pieces"), 8) << "one of two parts";
  EXPECT_EQ(table.counts.at("learnt"), 8) << "what the model has learnt from";
  EXPECT_NE(table.tested, evaluate(world_.config).tested);
}

TEST_F(EvaluateClasses, AnOlderEvaluationStaysWhereANewOneFailsAndElseGoes) {
  world_.train("classify");
  evaluate(world_.config);
  write_atomically(results() / "endpoint/predictions.jsonl", "{}\n");
  const std::string scores = read_text(results() / "scores.json");
  midi::write_midi(classes::tune(80), world_.path("pieces/piece3.mid"));
  midi::write_midi(classes::tune(81), world_.path("pieces/piece4.mid"));
  EXPECT_THAT(error_of([&] { evaluate(world_.config); }), HasSubstr("have changed since"));
  EXPECT_EQ(read_text(results() / "scores.json"), scores);
  fs::remove_all(fs::path(world_.config.run.dir) / "classify");
  world_.train("classify");
  evaluate(world_.config);
  EXPECT_FALSE(fs::exists(results() / "endpoint")) << "a row of the older one";
}

TEST_F(EvaluateClasses, ACheckpointIsUsedAsItWasTrained) {
  EXPECT_THAT(error_of([&] { evaluate(world_.config); }), HasSubstr("has no checkpoint yet: run `midillama train --stage classify`"));
  world_.train("classify");
  config::Config other = world_.config;
  other.classify.task = "style";
  other.classify.piano_roll.quarters = 7;
  EXPECT_THAT(error_of([&] { evaluate(other); }),
              AllOf(HasSubstr("with classify.task \"genre\", not \"style\""), HasSubstr("with classify.piano_roll.quarters 6, not 7")));
  other = world_.config;
  other.classify.pieces.fold = 1;
  EXPECT_THAT(error_of([&] { evaluate(other); }), HasSubstr("with classify.pieces.fold 0, not 1"));
}

}  // namespace
}  // namespace midillama::eval
