// A stage is a row of the table: this file is all that a new one needs.
#include "midillama/core/file.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trainer_state.h"
#include "midillama/train/stage.h"
#include "midillama/weights/safetensors.h"
#include "support/binary.h"
#include "support/error_of.h"
#include "train/tiny_world.h"

#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::error_of;

// Learns the mean of numbers: example i is the number i.
class ToyStage final : public Stage {
 public:
  explicit ToyStage(const StageContext& context) {
    model_.register_parameter("mean", torch::zeros({1}));
    if (!context.resume_from) return;
    const torch::NoGradGuard no_grad;
    const weights::SafetensorsFile file(*context.resume_from / kFile);
    file.copy_into("mean", mean());
  }

  std::vector<std::string> essentials() const override { return {"lora.alpha"}; }
  torch::nn::Module& module() override { return model_; }
  std::int64_t size(Split split) const override { return split == Split::train ? 5 : 0; }
  std::int64_t tokens(const Draw&) const override { return 1; }
  Example example(const Draw& draw) const override { return {std::to_string(draw.index), static_cast<double>(draw.index), 1, 1}; }
  std::string data_fingerprint() const override { return "numbers"; }

  torch::Tensor loss(std::span<const Example> batch) override {
    torch::Tensor sum = torch::zeros({});
    for (const Example& example : batch) sum = sum + (mean() - std::any_cast<double>(example.content)).square().sum();
    return sum;
  }

  void save(const fs::path& directory) override { weights::write_safetensors(directory / kFile, {{"mean", mean().detach()}}); }

 private:
  static constexpr const char* kFile = "mean.safetensors";

  torch::Tensor mean() const { return model_.named_parameters()["mean"]; }

  torch::nn::Module model_;
};

std::unique_ptr<Stage> make_toy_stage(const StageContext& context) {
  return std::make_unique<ToyStage>(context);
}

class Toy : public testing::Test {
 protected:
  Toy() {
    stage_table().push_back({"toy", false, "", make_toy_stage});
    config_.run.dir = folder_.path() / "run";
    config_.run.device = "cpu";
    config_.run.threads = 1;
    config::Train& train = config_.stages["toy"];
    train.batch_size = 2;
    train.max_steps = 10;
    train.checkpoint_every = 4;
    train.learning_rate = 0.1;
  }
  ~Toy() override { stage_table().pop_back(); }

  TemporaryDirectory folder_;
  config::Config config_;
};

TEST_F(Toy, TrainsLeavesCheckpointsAndGoesOn) {
  const fs::path directory = train(config_, {.stage = "toy"});
  const auto losses = losses_of(directory);
  const std::string result = read_binary(directory / "last/mean.safetensors");
  ASSERT_EQ(losses.size(), 10u);

  fs::remove_all(directory / "checkpoints/step-000010");
  EXPECT_EQ(runs::TrainerState::read(*runs::last_checkpoint(config_, "toy")).step, 8);
  train(config_, {.stage = "toy", .resume = true});
  EXPECT_EQ(losses_of(directory), losses);
  EXPECT_EQ(read_binary(directory / "last/mean.safetensors"), result);

  config_.lora.alpha = 3;
  EXPECT_THAT(error_of([&] { train(config_, {.stage = "toy", .resume = true}); }), HasSubstr("lora.alpha was 16.0, is 3.0"));
}

TEST_F(Toy, IsKnownByName) {
  EXPECT_THAT(error_of([&] { train(config_, {.stage = "tox"}); }),
              testing::AllOf(HasSubstr("there are pretrain-encoder, pretrain-llm, align, sft, classify, melody, toy")));
  EXPECT_THAT(error_of([&] { train(config_, {.stage = "toy", .init = "somewhere"}); }), HasSubstr("--init has no meaning for toy"));
}

TEST(StageTable, HasTheNamesThatTheCommandLineKnows) {
  std::vector<std::string> names;
  for (const StageRow& row : stage_table()) names.push_back(row.name);
  EXPECT_EQ(names, config::stage_names());
}

}  // namespace
}  // namespace midillama::train
