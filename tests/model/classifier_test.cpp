#include "midillama/model/classifier.h"

#include "midillama/core/file.h"
#include "midillama/model/piano_roll_cnn.h"
#include "support/error_of.h"

#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

torch::Tensor tensor_of(const Json& numbers, at::IntArrayRef shape) {
  return torch::tensor(numbers.get<std::vector<float>>()).view(shape);
}

void expect_near(const torch::Tensor& tensor, const torch::Tensor& expected, double tolerance) {
  ASSERT_EQ(tensor.sizes(), expected.sizes());
  EXPECT_LT((tensor - expected).abs().max().item<double>(), tolerance);
}

config::Classify small(const std::vector<std::int64_t>& channels) {
  config::Classify config;
  config.channels = channels;
  return config;
}

// tests/golden/model/make_piano_roll_cnn.py
class GoldenPianoRollCnn : public testing::Test {
 protected:
  GoldenPianoRollCnn()
      : cnn_(small(golden_.at("widths")), golden_.at("shape").at(1), golden_.at("classes"), 1),
        rolls_(tensor_of(golden_.at("rolls"), golden_.at("shape").get<std::vector<std::int64_t>>())) {
    const torch::NoGradGuard no_grad;
    for (auto& item : cnn_.named_parameters()) item.value().copy_(tensor_of(golden_.at("weights").at(item.key()), item.value().sizes()));
    for (auto& item : cnn_.named_buffers()) item.value().copy_(tensor_of(golden_.at("buffers").at(item.key()), item.value().sizes()));
    cnn_.eval();
  }

  Json golden_ = read_json("tests/golden/model/piano_roll_cnn.json");
  PianoRollCnn cnn_;
  torch::Tensor rolls_;
};

TEST_F(GoldenPianoRollCnn, LogitsArePyTorchs) {
  ASSERT_EQ(cnn_.named_parameters().size(), golden_.at("weights").size());
  expect_near(cnn_.logits(rolls_), tensor_of(golden_.at("logits"), {4, 3}), 1e-5);
}

TEST_F(GoldenPianoRollCnn, LossesAndGradientsArePyTorchs) {
  const auto targets = at::one_hot(torch::tensor(golden_.at("labels").get<std::vector<std::int64_t>>()), 3).to(torch::kFloat32);
  const auto loss = classification_loss(cnn_.logits(rolls_), targets, false);
  EXPECT_NEAR(loss.item<double>(), golden_.at("loss").get<double>(), 1e-4);
  loss.backward();
  const auto gradient = cnn_.named_parameters()["blocks.0.weight"].grad();
  expect_near(gradient, tensor_of(golden_.at("gradient"), gradient.sizes()), 1e-4);
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> rows;
  for (const Json& row : golden_.at("several")) rows.push_back(tensor_of(row, {3}));
  EXPECT_NEAR(classification_loss(cnn_.logits(rolls_), at::stack(rows), true).item<double>(), golden_.at("loss_of_several").get<double>(),
              1e-4);
}

TEST_F(GoldenPianoRollCnn, AnExamplesNumbersDoNotDependOnItsBatch) {
  const auto together = cnn_.logits(rolls_);
  for (std::int64_t i = 0; i < rolls_.size(0); ++i) expect_near(cnn_.logits(rolls_.narrow(0, i, 1)), together.narrow(0, i, 1), 1e-5);
}

TEST(PianoRollCnn, BeginsWithFeaturesThatDiffer) {
  PianoRollCnn cnn(small({4, 8}), 1, 3, 1);
  cnn.eval();
  const auto rolls = (torch::rand({40, 1, 16, 16}) > .97).to(torch::kFloat32);
  cnn.prepare([&](std::int64_t i) { return rolls[i]; }, 40);
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kRepetition = 16 * (4 + 8);
  torch::Tensor weight = cnn.named_parameters()["head.weight"];
  ASSERT_EQ(weight.size(1), kRepetition + 2 * 8);
  // What repeats, a mean and a maximum.
  weight[0][0] = 1;
  weight[1][kRepetition] = 1;
  weight[2][kRepetition + 8] = 1;
  const auto logits = cnn.logits(rolls).to(torch::kFloat64);
  EXPECT_LT(logits.mean(0).abs().max().item<double>(), 1e-4);
  EXPECT_LT((logits.square().mean(0) - 1).abs().max().item<double>(), 1e-3);
}

TEST(PianoRollCnn, TakesPicturesOfAnySize) {
  PianoRollCnn cnn(small({3, 4, 5, 6}), 1, 2, 1);
  EXPECT_EQ(cnn.logits(torch::zeros({2, 1, 3, 1})).sizes(), (std::vector<std::int64_t>{2, 2}));
}

TEST(Classifier, IsDrawnFromItsSeedAndDropsInTrainingOnly) {
  auto config = small({3});
  config.dropout = .5;
  const auto make = [&](std::uint64_t seed) { return make_classifier(config, {1, 8, 8}, 4, seed); };
  const auto rolls = torch::rand({2, 1, 8, 8});
  const auto one = make(1), same = make(1), other = make(2);
  for (const auto& classifier : {one, same, other}) {
    const torch::NoGradGuard no_grad;
    classifier->named_parameters()["head.weight"].fill_(1);  // it begins with 0
  }
  EXPECT_FALSE(at::equal(one->logits(rolls), one->logits(rolls)));
  for (const auto& classifier : {one, same, other}) classifier->eval();
  EXPECT_TRUE(at::equal(one->logits(rolls), same->logits(rolls)));
  EXPECT_FALSE(at::equal(one->logits(rolls), other->logits(rolls)));
}

TEST(Classifier, ProbabilitiesAddUpToOneOrStandAlone) {
  const auto logits = torch::tensor({{0.f, 0.f, 3.f}});
  EXPECT_NEAR(class_probabilities(logits, false).sum().item<double>(), 1, 1e-6);
  EXPECT_NEAR(class_probabilities(logits, true)[0][0].item<double>(), .5, 1e-6);
}

// Vectors of very different sizes, one of which never varies.
torch::Tensor vectors() {
  return torch::tensor({{1000.f, .001f, 5.f}, {1002.f, .002f, 5.f}, {1004.f, .006f, 5.f}});
}

TEST(VectorClassifier, StandardisesByWhatItLearnsFrom) {
  config::Classify config;
  const auto classifier = make_classifier(config, {3}, 2, 1);
  classifier->prepare([](std::int64_t i) { return vectors()[i]; }, 3);
  const torch::NoGradGuard no_grad;
  classifier->named_parameters()["head.weight"].copy_(torch::tensor({{1.f, 0.f, 1.f}, {0.f, 1.f, 1.f}}));
  const auto logits = classifier->logits(vectors()).to(torch::kFloat64);
  EXPECT_LT(logits.mean(0).abs().max().item<double>(), 1e-4);
  EXPECT_LT((logits.square().mean(0) - 1).abs().max().item<double>(), 1e-3) << "the third counts for nothing";
}

TEST(Classifier, IsSavedWhole) {
  const TemporaryDirectory folder;
  config::Classify config;
  const auto saved = make_classifier(config, {3}, 2, 1), read = make_classifier(config, {3}, 2, 2);
  saved->prepare([](std::int64_t i) { return vectors()[i]; }, 3);
  {
    const torch::NoGradGuard no_grad;
    saved->named_parameters()["head.weight"].copy_(torch::rand({2, 3}));
  }
  save_classifier(*saved, folder.path());
  load_classifier(*read, folder.path());
  EXPECT_TRUE(at::equal(saved->logits(vectors()), read->logits(vectors())));
  EXPECT_TRUE(at::equal(read->named_buffers()["head.mean"], saved->named_buffers()["head.mean"]));
  EXPECT_THAT(error_of([&] { load_classifier(*make_classifier(config, {4}, 2, 1), folder.path()); }), HasSubstr("mean"));
}

}  // namespace
}  // namespace midillama::model
