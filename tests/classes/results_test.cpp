#include "midillama/classes/results.h"

#include "classes/tiny_set.h"
#include "midillama/classes/baselines.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace midillama::classes {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

// Tunes in eighths and in quarters, two versions of each song; two of three songs are in eighths.
class Results : public testing::Test {
 protected:
  Results() : set_(folder_.path() / "tunes") {
    for (int i = 0; i < 60; ++i) {
      const bool fast = i / 2 % 3 != 0;
      set_.add(fmt::format("t{}", i), {{"dance", fast ? "reel" : "march"}}, tune(60 + i % 7, 12, fast ? 240 : 480),
               fmt::format("song {}", i / 2));
    }
    config_.classify.genre = "dance";
    config_.classify.pieces.train = {set_.path()};
    config_.classify.pieces.folds = 3;
    config_.classify.pieces.fold = 1;
  }

  TemporaryDirectory folder_;
  TinySet set_;
  config::Config config_;
};

TEST_F(Results, TheLinearModelHearsARhythm) {
  const Task task = read_task(config_);
  const auto row = score_row(task, "linear", linear_scores(task, 32), 1, 100);
  EXPECT_EQ(row.values.at("accuracy").value, 1);
  EXPECT_EQ(row.values.at("f1_macro").value, 1);
  EXPECT_EQ(row.values.at("auc_macro").interval->low, 1);
}

TEST_F(Results, AConstantAnswerIsTheCommonestClass) {
  const Task task = read_task(config_);
  EXPECT_THAT(constant_scores(task), Each(ElementsAre(0, 1)));
  const auto row = score_row(task, "constant", constant_scores(task), 1, 100);
  const auto reels = std::ranges::count_if(task.parts.test, [](const auto& piece) { return piece.values("dance")[0] == "reel"; });
  EXPECT_EQ(row.values.at("accuracy").value, static_cast<double>(reels) / static_cast<double>(task.parts.test.size()));
  EXPECT_EQ(row.values.at("auc_macro").value, .5);
}

TEST_F(Results, ChanceIsDrawnByThePiece) {
  Task task = read_task(config_);
  const auto scores = chance_scores(task, 5);
  for (const auto& drawn : scores) EXPECT_NEAR(std::accumulate(drawn.begin(), drawn.end(), 0.), 1, 1e-12);
  std::ranges::reverse(task.parts.test);
  auto reversed = chance_scores(task, 5);
  std::ranges::reverse(reversed);
  EXPECT_EQ(reversed, scores);
  EXPECT_NE(chance_scores(task, 6), reversed);
}

TEST_F(Results, IntervalsAreOverWorks) {
  const Task task = read_task(config_);
  Scores scores;  // right for every second song
  for (std::size_t i = 0; i < task.parts.test.size(); ++i) {
    const int song = std::stoi(task.parts.test[i].work.substr(task.parts.test[i].work.rfind(' ') + 1));
    const bool says_first = task.truth(task.parts.test[i])[0] == (song % 2 == 0);
    scores.push_back(says_first ? std::vector<double>{1, 0} : std::vector<double>{0, 1});
  }
  const auto songs = score_row(task, "half", scores, 1, 2000).values.at("accuracy");
  Task pieces = task;
  for (auto& piece : pieces.parts.test) piece.work = piece.id;
  const auto alone = score_row(pieces, "half", scores, 1, 2000).values.at("accuracy");
  EXPECT_EQ(songs.value, alone.value);
  const double ratio = (songs.interval->high - songs.interval->low) / (alone.interval->high - alone.interval->low);
  EXPECT_NEAR(ratio, std::sqrt(2), .2) << "versions of a song are right or wrong together";
}

TEST_F(Results, PredictionsSayEverything) {
  const Task task = read_task(config_);
  const auto file = folder_.path() / "eval/predictions.jsonl";
  const Scores scores = chance_scores(task, 1);
  write_predictions(file, task, 1, scores);
  std::size_t count = 0;
  for_each_json_line(file, [&](const Json& line, std::size_t) {
    const auto& piece = task.parts.test[count];
    EXPECT_EQ(line, Json({{"piece", piece.id},
                          {"fold", 1},
                          {"labels", piece.values("dance")},
                          {"scores", {{"march", scores[count][0]}, {"reel", scores[count][1]}}}}));
    ++count;
  });
  EXPECT_EQ(count, scores.size());
}

TEST_F(Results, TheTableSaysWhatWasMeasured) {
  const Task task = read_task(config_);
  const auto table = empty_table(task, config_);
  EXPECT_EQ(table.task, "genre");
  EXPECT_EQ(table.counts["pieces"], 20);
  EXPECT_EQ(table.counts["works"], 10);
  EXPECT_EQ(table.columns.front(), "f1_micro");
  EXPECT_EQ(table.settings["classes"], Json({"march", "reel"}));
}

TEST_F(Results, FilesThatCannotBeReadAreListed) {
  const Task task = read_task(config_);
  write_atomically(task.parts.test[3].file, "no MIDI");
  midi::write_midi(midi::Score{}, task.parts.train[0].file);
  const std::string error = error_of([&] { linear_scores(task, 32); });
  EXPECT_THAT(error, HasSubstr("1 of the pieces cannot be used"));
  EXPECT_THAT(error, HasSubstr("has no notes"));
}

}  // namespace
}  // namespace midillama::classes
