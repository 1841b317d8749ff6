// A projector that learns to tell clips apart before training begins.
#include "train/contrastive_start.h"

#include "midillama/core/file.h"
#include "train/tiny_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;

torch::Tensor rows_of(const Json& json) {
  std::vector<torch::Tensor> rows;
  for (const Json& row : json) rows.push_back(torch::tensor(row.get<std::vector<double>>(), torch::kFloat64));
  return at::stack(rows).to(torch::kFloat32);
}

TEST(Contrast, EqualsPyTorchsCrossEntropies) {
  const Json golden = read_json("tests/golden/train/contrast.json");
  const torch::Tensor music = rows_of(golden.at("music")).requires_grad_();
  const torch::Tensor groups = torch::tensor(golden.at("groups").get<std::vector<std::int64_t>>());
  const Contrast result = contrast(music, rows_of(golden.at("texts")), groups, golden.at("temperature").get<double>());
  EXPECT_NEAR(result.loss.item<double>(), golden.at("loss").get<double>(), 1e-5);
  EXPECT_NEAR(result.accuracy, golden.at("accuracy").get<double>(), 1e-9);
  result.loss.backward();
  EXPECT_LT((music.grad() - rows_of(golden.at("gradient"))).abs().max().item<double>(), 1e-5);
}

TEST(Contrast, ClipsOfOneTextAreNotToldApart) {
  const torch::Tensor alike = at::ones({3, 4}), groups = at::zeros({3}, torch::kInt64);
  EXPECT_NEAR(contrast(alike, alike, groups, 0.07).loss.item<double>(), 0, 1e-6);
  EXPECT_NEAR(contrast(alike, alike, at::arange(3), 0.07).loss.item<double>(), std::log(3), 1e-6);
}

// 60 clips of 1 to 3 vectors; what is known of them is in a direction of little variance each, and in the text.
struct MadeUpSet {
  std::vector<torch::Tensor> clips;
  torch::Tensor texts;

  MadeUpSet() {
    torch::manual_seed(3);
    const torch::Tensor known = at::randn({60, 10}), mixing = std::get<0>(at::linalg_qr(at::randn({12, 12})));
    texts = known.mm(at::randn({10, 24})) + 3;
    for (std::int64_t i = 0; i < 60; ++i) {
      const torch::Tensor vector = at::cat({known[i], 50 * at::randn({2})}).unsqueeze(0).mm(mixing) + 20;
      clips.push_back(vector.repeat({1 + i % 3, 1}));
    }
  }
};

config::ContrastiveStart settings() {
  config::ContrastiveStart config;
  config.steps = 200;
  config.batch_size = 30;
  config.learning_rate = 1e-2;
  return config;
}

class ContrastiveStart : public testing::TestWithParam<const char*> {
 protected:
  static std::shared_ptr<model::Projector> make() {
    config::Projector config;
    config.kind = GetParam();
    return model::make_projector(config, 12, 24, 1);
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, ContrastiveStart, testing::Values("linear", "mlp", "attention"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(ContrastiveStart, TellsClipsApart) {
  const MadeUpSet set;
  const auto projector = make();
  const ContrastiveReport report = start_contrastive(*projector, set.clips, set.texts, 0.05, settings(), 1);
  EXPECT_EQ(report.batch_size, 30);
  EXPECT_LT(report.first_accuracy, 0.35);
  EXPECT_GT(report.last_accuracy, 0.9);
  EXPECT_LT(report.last_loss, 0.3 * report.first_loss);
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> means;
  for (const auto& clip : set.clips) means.push_back(projector->project(std::vector{clip}).mean(0));
  const torch::Tensor tokens = at::stack(means);
  EXPECT_LT((tokens.mean(0) - set.texts.mean(0)).abs().max().item<double>(), 1e-3);
  EXPECT_NEAR((tokens - tokens.mean(0)).square().mean().sqrt().item<double>(), 0.05, 1e-4);
}

TEST_P(ContrastiveStart, IsAFunctionOfTheSeed) {
  const MadeUpSet set;
  const auto start = [&](std::uint64_t seed) {
    const auto projector = make();
    auto config = settings();
    config.steps = 5;
    start_contrastive(*projector, set.clips, set.texts, 0.05, config, seed);
    return projector->project(set.clips);
  };
  const torch::Tensor tokens = start(1);
  EXPECT_TRUE(at::equal(start(1), tokens));
  EXPECT_FALSE(at::equal(start(2), tokens));
}

TEST(ContrastiveSet, ABatchMayBeLargerThanTheSetAndAllTextsAlike) {
  const MadeUpSet set;
  const auto projector = model::make_projector({}, 12, 24, 1);
  auto config = settings();
  config.steps = 3;
  config.batch_size = 500;
  const auto report = start_contrastive(*projector, set.clips, at::ones({60, 24}), 0.05, config, 1);
  EXPECT_EQ(report.batch_size, 60);
  for (const auto& parameter : projector->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(ContrastiveStages, AlignStartsFromItAndSaysWhatItLearnt) {
  for (const char* kind : {"linear", "attention"}) {
    TinyWorld world;
    world.config.projector.kind = kind;
    if (world.config.projector.kind == "attention") world.config.music_encoder.pooling = "none";
    world.config.projector.initialization = "contrastive";
    world.config.projector.contrastive.steps = 20;
    const fs::path directory = world.train("align");
    EXPECT_TRUE(fs::exists(directory / "last/projector_whitened.safetensors"));
    EXPECT_THAT(read_text(directory / "log.txt"), testing::HasSubstr("the projector tells 10 clips apart by their answers: loss "));
    world.train("sft");
  }
}

}  // namespace
}  // namespace midillama::train
