#include "midillama/eval/bert_score.h"

#include "eval/roberta.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/eval/scoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const char* const kFolder = "tests/golden/eval/tiny_roberta";

struct GoldenBertScore : testing::Test {
  GoldenBertScore() {
    for (const auto& entry : golden["examples"]) examples.push_back({entry["prediction"], entry["references"]});
  }
  Json golden = read_json("tests/golden/eval/bert_score.json");
  std::vector<metrics::Example> examples;
  BertScorer scorer{{.path = kFolder, .layer = 2}, torch::kCPU};
};

TEST_F(GoldenBertScore, EqualsTheReference) {
  const auto scores = scorer.score(examples);
  ASSERT_EQ(scores.size(), examples.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto& expected = golden["examples"][i];
    EXPECT_NEAR(scores[i].precision, expected["precision"].get<double>(), 1e-5) << i << ": " << examples[i].prediction;
    EXPECT_NEAR(scores[i].recall, expected["recall"].get<double>(), 1e-5) << i << ": " << examples[i].prediction;
    EXPECT_NEAR(scores[i].f1, expected["f1"].get<double>(), 1e-5) << i << ": " << examples[i].prediction;
  }
}

TEST_F(GoldenBertScore, TheMeanNamesModelAndLayer) {
  const auto f1 = scorer.mean(examples, &BertScore::f1);
  double sum = 0;
  for (const auto& entry : golden["examples"]) sum += entry["f1"].get<double>();
  EXPECT_NEAR(f1.score, sum / static_cast<double>(examples.size()), 1e-5);
  EXPECT_EQ(f1.per_example.size(), examples.size());
  EXPECT_EQ(f1.signature, "bert_score|number:f1|model:tiny_roberta|layer:2|idf:no|rescale:no|version:0.3.13");
  EXPECT_THAT(scorer.mean(examples, &BertScore::recall).signature, HasSubstr("number:recall"));
}

TEST(BertScorer, TheScorerReportsItOnlyWhereConfigured) {
  const std::vector<metrics::Example> examples = {{"A reel.", {"A jig."}}};
  config::Eval config;
  EXPECT_EQ(Scorer(config, 1, torch::kCPU).score(examples).size(), 3U);
  config.bertscore = {.path = kFolder, .layer = 2};
  EXPECT_EQ(Scorer(config, 1, torch::kCPU).score(examples).back().name, "bertscore");
}

TEST(BertScorer, MoreLayersThanTheModelHasAreRefused) {
  EXPECT_THAT([] { BertScorer({.path = kFolder, .layer = 17}, torch::kCPU); }, ThrowsMessage<ConfigError>(HasSubstr("has 3 layers")));
}

TEST(BertScorer, AnotherModelIsRefused) {
  EXPECT_THAT([] { RobertaConfig::read("tests/golden/generate/tiny_llama"); }, ThrowsMessage<InputError>(HasSubstr("model_type")));
}

}  // namespace
}  // namespace midillama::eval
