#include "midillama/parallel/agreement.h"

#include "midillama/core/error.h"
#include "support/error_of.h"

#include <torch/nn/modules/linear.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::parallel {
namespace {

using testing_support::error_of;

// This rank beside others that said what they said.
class AmongOthers final : public ProcessGroup {
 public:
  explicit AmongOthers(std::vector<Json> others) : others_(std::move(others)) {}
  int rank() const override { return 0; }
  int size() const override { return static_cast<int>(others_.size()) + 1; }
  std::unique_ptr<Pending> start_all_reduce_sum(torch::Tensor) override { return nullptr; }
  std::unique_ptr<Pending> start_all_gather(torch::Tensor, torch::Tensor) override { return nullptr; }
  void broadcast(torch::Tensor, int) override {}
  void barrier() override {}
  std::vector<std::string> all_gather(const std::string& text) override {
    std::vector<std::string> texts = {text};
    for (const Json& other : others_) texts.push_back(other.dump());
    return texts;
  }

 private:
  std::vector<Json> others_;
};

TEST(Agreement, TheFirstRankAndKeyThatDifferAreNamedWithBothValues) {
  const Json values = {{"lora.rank", 8}, {"run.seed", 1}};
  const auto among = [&](std::vector<Json> others) {
    return error_of([&] {
      AmongOthers group(std::move(others));
      require_agreement(group, values);
    });
  };
  EXPECT_EQ(among({}), "no error");
  EXPECT_EQ(among({values, values}), "no error");
  EXPECT_EQ(among({values, {{"lora.rank", 8}, {"run.seed", 9}}}),
            "the ranks would not do the same: run.seed is 1 on rank 0 and 9 on rank 2");
  EXPECT_EQ(among({{{"run.seed", 1}}}), "the ranks would not do the same: lora.rank is 8 on rank 0 and null on rank 1");
}

TEST(Agreement, AnotherModelOfTheSameShapeHasOtherParameters) {
  const torch::NoGradGuard no_grad;
  torch::nn::Linear one(40, 30), other(40, 30);
  for (const auto& module : {one, other}) {
    module->weight.copy_(at::arange(1200).view({30, 40}));
    module->bias.zero_();
  }
  EXPECT_EQ(parameters_fingerprint(*one), parameters_fingerprint(*other));
  other->bias[29] = 1;
  EXPECT_NE(parameters_fingerprint(*one), parameters_fingerprint(*other));
  other->bias[29] = 0;
  other->weight.add_(1e-3);
  EXPECT_NE(parameters_fingerprint(*one), parameters_fingerprint(*other));
}

}  // namespace
}  // namespace midillama::parallel
