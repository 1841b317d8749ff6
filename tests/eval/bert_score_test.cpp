#include "midillama/eval/bert_score.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/eval/scoring.h"
#include "midillama/model/bert_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

namespace midillama::eval {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const char* const kFolder = "tests/golden/eval/tiny_roberta";
const char* const kBert = "tests/golden/eval/tiny_bert";

// Every example about a piece of its own.
std::vector<Metric> scores_of(const config::Eval& config, const std::vector<metrics::ScoredText>& examples) {
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < examples.size(); ++i) pieces.push_back(std::to_string(i));
  return Scorer(config, 1, torch::kCPU).score(examples, pieces);
}

struct GoldenBertScore : testing::Test {
  GoldenBertScore() {
    for (const auto& entry : golden["examples"]) examples.push_back({entry["prediction"], entry["references"]});
  }
  Json golden = read_json("tests/golden/eval/bert_score.json");
  std::vector<metrics::ScoredText> examples;
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

TEST(BertScorer, EqualsTheReferenceWithBertAtEveryLayer) {
  const Json golden = read_json("tests/golden/eval/bert_score_bert.json");
  std::vector<metrics::ScoredText> examples;
  for (std::size_t i = 0; i < golden["predictions"].size(); ++i) examples.push_back({golden["predictions"][i], golden["references"][i]});
  for (const auto& [layer, rows] : golden["layers"].items()) {
    const auto scores = BertScorer({.path = kBert, .layer = std::stoi(layer)}, torch::kCPU).score(examples);
    ASSERT_EQ(scores.size(), rows.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(scores[i].precision, rows[i][0].get<double>(), 1e-5) << layer << ", " << i << ": " << examples[i].prediction;
      EXPECT_NEAR(scores[i].recall, rows[i][1].get<double>(), 1e-5) << layer << ", " << i << ": " << examples[i].prediction;
      EXPECT_NEAR(scores[i].f1, rows[i][2].get<double>(), 1e-5) << layer << ", " << i << ": " << examples[i].prediction;
    }
  }
}

TEST(BertScorer, AnEncoderThatCannotBeReadIsNotConfigured) {
  const std::vector<metrics::ScoredText> examples = {{"A reel.", {"A jig."}}};
  const TemporaryDirectory folder;
  config::Eval config;
  config.bertscore = {.path = (folder.path() / "bert").string(), .layer = 2};
  EXPECT_EQ(scores_of(config, examples).size(), 3U) << "absent";
  std::filesystem::copy(kBert, config.bertscore.path);
  EXPECT_EQ(scores_of(config, examples).size(), 4U);
  std::filesystem::resize_file(folder.path() / "bert/model.safetensors", 1000);
  EXPECT_EQ(scores_of(config, examples).size(), 3U) << "cut";
  config.bertscore = {.path = kBert, .layer = 4};
  EXPECT_THROW(Scorer(config, 1, torch::kCPU), ConfigError) << "a layer that is not there is a mistake of the configuration";
}

// The other metrics must not be lost with it.
TEST(BertScorer, AnEncoderThatCannotGiveEmbeddingsIsNotConfigured) {
  const std::vector<metrics::ScoredText> examples = {{"A reel.", {"A jig."}}};
  const auto scores_with = [&](const std::function<void(const std::filesystem::path&)>& change) {
    const TemporaryDirectory folder;
    config::Eval config;
    config.bertscore = {.path = (folder.path() / "bert").string(), .layer = 2};
    std::filesystem::copy(kBert, config.bertscore.path);
    change(config.bertscore.path);
    return scores_of(config, examples).size();
  };
  const auto with_config = [](const std::filesystem::path& directory, const Json& changes) {
    Json config = read_json(directory / "config.json");
    config.update(changes);
    write_atomically(directory / "config.json", config.dump());
  };
  EXPECT_EQ(scores_with([](const auto&) {}), 4U);
  EXPECT_EQ(scores_with([&](const auto& directory) { with_config(directory, {{"is_decoder", true}}); }), 3U);
  EXPECT_EQ(scores_with([&](const auto& directory) { with_config(directory, {{"add_cross_attention", true}}); }), 3U);
  EXPECT_EQ(scores_with([&](const auto& directory) {
              Json tokenizer = read_json(directory / "tokenizer.json");
              tokenizer["model"]["vocab"]["beyond"] = tokenizer["model"]["vocab"].size();
              write_atomically(directory / "tokenizer.json", tokenizer.dump());
            }),
            3U)
      << "more words than embeddings";
  EXPECT_EQ(scores_with([&](const auto& directory) { with_config(directory, {{"layer_norm_eps", -1e6}}); }), 3U) << "NaN";
}

TEST(BertScorer, AFormOfGeluThatIsNotKnownIsRefused) {
  const TemporaryDirectory folder;
  Json config = read_json(std::filesystem::path(kBert) / "config.json");
  config["hidden_act"] = "quick_gelu";
  write_atomically(folder.path() / "config.json", config.dump());
  EXPECT_THAT([&] { model::BertConfig::read(folder.path()); },
              ThrowsMessage<InputError>(testing::AllOf(HasSubstr("hidden_act"), HasSubstr("gelu_new"))));
}

TEST(BertScorer, TheScorerReportsItOnlyWhereConfigured) {
  const std::vector<metrics::ScoredText> examples = {{"A reel.", {"A jig."}}};
  config::Eval config;
  EXPECT_EQ(scores_of(config, examples).size(), 3U);
  config.bertscore = {.path = kFolder, .layer = 2};
  EXPECT_EQ(scores_of(config, examples).back().name, "bertscore");
}

TEST(BertScorer, MoreLayersThanTheModelHasAreRefused) {
  EXPECT_THAT([] { BertScorer({.path = kFolder, .layer = 17}, torch::kCPU); }, ThrowsMessage<ConfigError>(HasSubstr("has 3 layers")));
}

TEST(BertScorer, AnotherModelIsRefused) {
  EXPECT_THAT([] { model::BertConfig::read("tests/golden/generate/tiny_llama"); }, ThrowsMessage<InputError>(HasSubstr("model_type")));
}

}  // namespace
}  // namespace midillama::eval
