#include "midillama/eval/scoring.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

const std::vector<metrics::ScoredText> kExamples = {
    {"The piece is in D minor, with a slow tempo of 60.5 bpm.", {"This piece is written in D minor with a slow tempo (60.5 bpm)."}},
    {"A lively waltz.", {"A lively and charming waltz in 3/4."}}};

const std::vector<std::string> kPieces = {"one", "other"};

std::vector<std::string> names(const std::vector<Metric>& scores) {
  std::vector<std::string> names;
  for (const auto& metric : scores) names.push_back(metric.name);
  return names;
}

TEST(Scoring, TheStandardProfile) {
  const auto scores = Scorer({}, 1, torch::kCPU).score(kExamples, kPieces);
  EXPECT_THAT(names(scores), testing::ElementsAre("bleu", "meteor", "rouge_l"));
  EXPECT_NEAR(scores[0].score, 0.19331711, 1e-7);                 // sacrebleu
  EXPECT_NEAR(scores[2].score, (0.857143 + 0.545455) / 2, 1e-6);  // rouge_score
  ASSERT_TRUE(scores[0].interval.has_value());
  EXPECT_LE(scores[0].interval->low, scores[0].score);
  EXPECT_EQ(scores[0].additive.examples(), kExamples.size());
  ASSERT_TRUE(scores[2].interval.has_value());
  EXPECT_NEAR(scores[2].interval->low, 0.545455, 1e-6);
  EXPECT_NEAR(scores[2].interval->high, 0.857143, 1e-6);
}

TEST(Scoring, TheOtherProfileHasOtherNumbersAndSaysSo) {
  const auto standard = Scorer({}, 1, torch::kCPU).score(kExamples, kPieces);
  config::Eval config;
  config.profile = "mullama";
  const auto mullama = Scorer(config, 1, torch::kCPU).score(kExamples, kPieces);
  EXPECT_EQ(names(mullama), names(standard));
  EXPECT_NE(mullama[0].score, standard[0].score);
  EXPECT_NE(mullama[0].signature, standard[0].signature);
  EXPECT_NE(mullama[2].signature, standard[2].signature);
  EXPECT_EQ(mullama[1].score, standard[1].score);
}

TEST(Scoring, AFilesScores) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "p.jsonl", R"({"prediction": "A lively waltz.", "references": ["A lively and charming waltz in 3/4."]})"
                                              "\n");
  const auto scores = score_file(folder.path() / "p.jsonl", {}, torch::kCPU);
  EXPECT_EQ(scores["examples"], 1);
  EXPECT_NEAR(scores["metrics"]["rouge_l"]["score"].get<double>(), 0.545455, 1e-6);
  for (const auto& [name, metric] : scores["metrics"].items()) {
    EXPECT_EQ(metric.size(), 2U) << name;
    EXPECT_TRUE(metric["signature"].is_string());
  }
}

}  // namespace
}  // namespace midillama::eval
