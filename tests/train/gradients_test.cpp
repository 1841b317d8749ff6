// The sum of gradients over micro-batches and ranks, with ranks that are played by this test.
#include "train/gradients.h"

#include <torch/csrc/autograd/autograd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMebi = 1 << 20;

// Two ranks, the other of which always has gradients of 100. Notes the size of each operation, and whether it has been waited for.
class PlayedGroup final : public parallel::ProcessGroup {
 public:
  struct Wait final : parallel::Pending {
    explicit Wait(std::function<void()> finish) : finish(std::move(finish)) {}
    void wait() override { finish(); }
    std::function<void()> finish;
  };

  int rank() const override { return 0; }
  int size() const override { return 2; }
  std::unique_ptr<parallel::Pending> start_all_reduce_sum(torch::Tensor tensor) override {
    started.push_back(tensor.numel());
    return std::make_unique<Wait>([tensor]() mutable { tensor += 100; });
  }
  std::unique_ptr<parallel::Pending> start_all_gather(torch::Tensor tensor, torch::Tensor gathered) override {
    started.push_back(tensor.numel());
    return std::make_unique<Wait>([tensor, gathered] {
      gathered.chunk(2)[0].copy_(tensor);
      gathered.chunk(2)[1].fill_(100);
    });
  }
  void broadcast(torch::Tensor, int) override { ++broadcasts; }
  void barrier() override {}
  std::vector<std::string> all_gather(const std::string& text) override { return {text, text}; }

  std::vector<std::int64_t> started;
  int broadcasts = 0;
};

// x · first + x · last, computed in this order, so gradients come to `last` first. Parameters of 1 and 3 Mi numbers: a bucket each.
struct Model {
  torch::Tensor first = torch::ones({kMebi}, torch::requires_grad());
  torch::Tensor last = torch::ones({3 * kMebi}, torch::requires_grad());
  NamedTensors parameters() const { return {{"first", first}, {"last", last}}; }
  torch::Tensor loss(double x) const { return (first * x).sum() + (last * x).sum(); }
};

class GradientsTest : public testing::Test {
 protected:
  PlayedGroup group;
  Model model;
};

TEST(GradientsOfOneRank, BackwardAddsToOneTensor) {
  const auto group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
  auto a = torch::ones({2, 2}).set_requires_grad(true);
  auto b = torch::ones({3}).set_requires_grad(true);
  Gradients gradients({{"a", a}, {"b", b}}, *group, false);
  gradients.begin(2);
  (2 * a.sum() + b.sum()).backward();
  gradients.close_micro_batch();
  (a.sum()).backward();
  gradients.close_micro_batch();
  EXPECT_TRUE(a.grad().equal(torch::full({2, 2}, 3.0)));
  EXPECT_NEAR(gradients.clip(0), std::sqrt(4 * 9 + 3), 1e-5);
  EXPECT_TRUE(b.grad().equal(torch::ones({3})));
  gradients.clip(1.0);
  EXPECT_NEAR(gradients.clip(0), 1.0, 1e-5);
  gradients.begin(1);
  EXPECT_TRUE(a.grad().equal(torch::zeros({2, 2})));
}

TEST_F(GradientsTest, OnlyTheLastMicroBatchSendsAndItSendsDuringTheBackwardPass) {
  Gradients gradients(model.parameters(), group, false);
  gradients.begin(2);
  model.loss(1).backward();
  EXPECT_THAT(group.started, IsEmpty());
  gradients.close_micro_batch();
  model.loss(2).backward();
  EXPECT_THAT(group.started, SizeIs(2)) << "under way before the pass is closed";
  gradients.close_micro_batch();
  EXPECT_THAT(group.started, SizeIs(2));
  EXPECT_TRUE(model.first.grad().equal(torch::full({kMebi}, 103.0)));
  EXPECT_TRUE(model.last.grad().equal(torch::full({3 * kMebi}, 103.0)));

  gradients.begin(1);
  model.loss(5).backward();
  gradients.close_micro_batch();
  EXPECT_TRUE(model.first.grad().equal(torch::full({kMebi}, 105.0))) << "a step begins at zero";
}

TEST_F(GradientsTest, AParameterWithoutGradientIsSentNevertheless) {
  Gradients gradients(model.parameters(), group, false);
  gradients.begin(1);
  model.first.sum().backward();
  gradients.close_micro_batch();
  EXPECT_THAT(group.started, testing::UnorderedElementsAre(kMebi, 3 * kMebi));
  EXPECT_TRUE(model.last.grad().equal(torch::full({3 * kMebi}, 100.0)));
}

// Without it, what comes first would wait for the bucket that is first in the tensor.
TEST_F(GradientsTest, FromTheSecondStepOnBucketsGoInTheOrderInWhichTheyCome) {
  Gradients gradients({{"last", model.last}, {"first", model.first}}, group, false);
  const auto started_behind = [&](const torch::Tensor& parameter) {
    std::size_t count = 0;
    gradients.begin(1);
    group.started.clear();
    parameter.sum().backward();
    count = group.started.size();
    gradients.close_micro_batch();
    return count;
  };
  EXPECT_EQ(started_behind(model.last), 0u) << "the other bucket stands first";
  EXPECT_EQ(group.broadcasts, 1);
  EXPECT_EQ(started_behind(model.last), 1u);
  EXPECT_THAT(group.started, ElementsAre(3 * kMebi, kMebi));
  EXPECT_EQ(group.broadcasts, 1);
}

TEST_F(GradientsTest, DeterministicSumsAddMicroBatchByMicroBatchInRankOrder) {
  Gradients gradients(model.parameters(), group, true);
  gradients.begin(3);
  float expected = 0;
  for (const float x : {1e8F, -1e8F}) {
    model.loss(x).backward();
    EXPECT_THAT(group.started, SizeIs(2));
    gradients.close_micro_batch();
    group.started.clear();
    expected = expected + x;
    expected = expected + 100;
  }
  gradients.close_micro_batch();  // an empty one
  expected = expected + 100;
  EXPECT_THAT(group.started, SizeIs(2));
  EXPECT_TRUE(model.last.grad().equal(torch::full({3 * kMebi}, expected)));
  EXPECT_NE(expected, 300.0F) << "another order would give another sum";

  gradients.begin(1);
  model.loss(2).backward();
  gradients.close_micro_batch();
  EXPECT_TRUE(model.last.grad().equal(torch::full({3 * kMebi}, 102.0)));
}

}  // namespace
}  // namespace midillama::train
