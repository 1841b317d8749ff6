#include "midillama/model/linear_projector.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

// Ten correlated features with standard deviations from 0.1 to 100 around a mean.
torch::Tensor uneven_embeddings(std::int64_t count) {
  const torch::Tensor mixing = std::get<0>(at::linalg_qr(at::randn({10, 10}, torch::kFloat64)));
  return (at::randn({count, 10}, torch::kFloat64) * at::logspace(-1, 2, 10, 10.0, torch::kFloat64)).mm(mixing).to(torch::kFloat32) + 7;
}

TEST(Projector, WhitenedDirectionsWeighAlike) {
  torch::manual_seed(1);
  const torch::Tensor music = uneven_embeddings(400);
  LinearProjector projector(10, 6);
  projector->start_whitened(std::vector{music}, 0.05, 1);
  const torch::Tensor white = (music - projector->mean).matmul(projector->directions).to(torch::kFloat64);
  const torch::Tensor covariance = white.t().mm(white) / 399;
  const torch::Tensor off_diagonal = covariance - at::diag(covariance.diagonal());
  EXPECT_LT(off_diagonal.abs().max().item<double>(), 1e-2);
  EXPECT_LT(covariance.diagonal().max().item<double>(), 1.01);
  EXPECT_GT(covariance.diagonal().max().item<double>(), 0.99);  // the strongest is whitened fully
  EXPECT_GT(covariance.diagonal()[4].item<double>(), 0.5);      // one 10^-2 as strong in variance too
}

TEST(Projector, TokensStartAtTheScaleAskedFor) {
  torch::manual_seed(2);
  const torch::Tensor music = uneven_embeddings(400);
  LinearProjector projector(10, 200);
  projector->start_whitened(std::vector{music}, 0.05, 1);
  const torch::Tensor tokens = projector->forward(music);
  EXPECT_NEAR(tokens.mean(0).std().item<double>(), 0.05, 0.01);
  const double spread = tokens.std(0).mean().item<double>();
  EXPECT_GT(spread, 0.03);
  EXPECT_LT(spread, 0.055);
}

TEST(Projector, StartsAtARegressionOnItsTargets) {
  torch::manual_seed(5);
  const torch::Tensor music = uneven_embeddings(2000);
  // What is to be heard lies in directions of any strength; the rest of the targets is noise.
  const torch::Tensor standard = (music - music.mean(0)) / music.std(0);
  const torch::Tensor heard = standard.matmul(at::randn({10, 40})) * 0.01;
  const torch::Tensor targets = heard + 0.02 * at::randn({2000, 40}) + at::randn({40});
  LinearProjector projector(10, 40);
  projector->start_regressed(music, targets, 0.05);
  const torch::Tensor tokens = projector->forward(music);
  EXPECT_LT((tokens.mean(0) - targets.mean(0)).abs().max().item<double>(), 1e-3);
  const torch::Tensor deviations = tokens - tokens.mean(0);
  EXPECT_NEAR(deviations.std().item<double>(), 0.05, 1e-3);
  const double alike = at::cosine_similarity(deviations.flatten(), heard.flatten(), 0).item<double>();
  EXPECT_GT(alike, 0.98);
  const auto linear = projector->plain();
  EXPECT_LT((at::linear(music, linear.weight, linear.bias) - tokens).abs().max().item<double>(), 1e-4);
}

TEST(Projector, ARegressionOnTargetsThatAreAllAlikeIsFinite) {
  LinearProjector projector(10, 6);
  projector->start_regressed(at::randn({5, 10}), at::ones({5, 6}), 0.05);
  EXPECT_TRUE(projector->forward(at::randn({3, 10})).isfinite().all().item<bool>());
}

TEST(Projector, IsTheSameFunctionOnTheEmbeddingsThemselves) {
  torch::manual_seed(3);
  const torch::Tensor music = uneven_embeddings(50);
  LinearProjector projector(10, 6);
  projector->start_whitened(std::vector{music}, 0.05, 1);
  const auto linear = projector->plain();
  EXPECT_LT((at::linear(music, linear.weight, linear.bias) - projector->forward(music)).abs().max().item<double>(), 1e-4);
}

TEST(Projector, ASetOfOneClipIsNotBlownUp) {
  LinearProjector projector(10, 6);
  const torch::Tensor music = at::ones({1, 10});
  projector->start_whitened(std::vector{music}, 0.05, 1);
  EXPECT_TRUE(projector->forward(music).isfinite().all().item<bool>());
  EXPECT_TRUE(projector->plain().weight.isfinite().all().item<bool>());
}

// Clips that are all alike, or differ by a hair: the saved layer gives the trained one's tokens.
TEST(Projector, WhiteningFewClipsSavesTheLayerThatWasTrained) {
  torch::manual_seed(4);
  const torch::Tensor clip = at::randn({1, 256});
  const TemporaryDirectory folder;
  for (const double spread : {0.0, 1e-6, 1e-3, 0.1}) {
    const torch::Tensor music = clip + spread * at::randn({8, 256});
    LinearProjector projector(256, 64);
    projector->start_whitened(std::vector{music}, 0.05, 1);
    EXPECT_LT(projector->directions.abs().max().item<double>(), 200) << "blown up at a spread of " << spread;
    projector->save(folder.path());
    LinearProjector saved(256, 64);
    saved->load(folder.path());
    EXPECT_LT((saved->forward(music) - projector->forward(music)).abs().max().item<double>(), 1e-5) << "spread " << spread;
  }
}

// Fewer clips than dimensions: what no clip differs in has no part in the token, else it would be rounding errors.
TEST(Projector, DirectionsThatNoClipDiffersInAreLeftOut) {
  torch::manual_seed(6);
  const torch::Tensor music = at::randn({6, 40}) + 3;
  LinearProjector projector(40, 8);
  projector->start_whitened(std::vector{music}, 0.05, 1);
  const torch::Tensor others = std::get<2>(at::linalg_svd(music - music.mean(0), true)).narrow(0, 5, 35);  // orthogonal to all differences
  const torch::Tensor token = projector->forward(music.narrow(0, 0, 1));
  EXPECT_LT((projector->forward(music.narrow(0, 0, 1) + 5 * others) - token).abs().max().item<double>(), 1e-5);
  EXPECT_GT((projector->forward(music.narrow(0, 1, 1)) - token).abs().max().item<double>(), 1e-3);
  EXPECT_EQ((projector->directions.abs().amax(0) > 0).sum().item<int>(), 5);
}

TEST(Projector, ASetOfSilenceIsNotBlownUp) {
  LinearProjector projector(10, 6);
  projector->start_whitened(std::vector{torch::Tensor(at::zeros({3, 10}))}, 0.05, 1);
  EXPECT_TRUE(projector->forward(at::ones({1, 10})).isfinite().all().item<bool>());
  EXPECT_LT(projector->directions.abs().max().item<double>(), 200);
}

// Trained on music far from zero, in coordinates that are `scale` times as fine: the plain layer has to take a large number from another.
LinearProjector trained_far_from_zero(double scale) {
  LinearProjector projector(4, 3);
  const torch::NoGradGuard no_grad;
  torch::manual_seed(5);
  projector->weight.copy_(at::randn({3, 4}));
  projector->bias.fill_(0);
  projector->whiten(at::full({4}, 1000.3), at::eye(4) * scale);
  return projector;
}

TEST(Projector, ALayerThatCannotBeSavedIsAnError) {
  const TemporaryDirectory folder;
  EXPECT_THROW(trained_far_from_zero(1e6)->save(folder.path()), Error);
}

TEST(Projector, ASavedLayerThatDiffersFromTheTrainedOneIsWarnedOf) {
  const TemporaryDirectory folder;
  const auto said = [&](double scale) {
    testing::internal::CaptureStderr();
    trained_far_from_zero(scale)->save(folder.path());
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(said(3), testing::HasSubstr("the plain projector that is saved differs from the whitened one that is trained by"));
  EXPECT_EQ(said(1e-4), "");
}

}  // namespace
}  // namespace midillama::model
