#include "train/optimizer.h"

#include "midillama/core/file.h"
#include "train/gradients.h"
#include "train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::train {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const Json& golden() {
  static const Json json = read_json("tests/golden/train/optimizer.json");
  return json;
}

torch::Tensor values(const Json& list) {
  return torch::tensor(list.get<std::vector<double>>(), torch::kFloat32);
}

TEST(GoldenSchedule, RatesAreThoseOfTransformers) {
  for (const Json& run : golden()["schedules"]) {
    const Schedule schedule(run["learning_rate"], run["warmup_ratio"], run["steps"]);
    for (std::int64_t step = 1; step <= run["steps"]; ++step) {
      const double expected = run["rates"][static_cast<std::size_t>(step - 1)];
      EXPECT_NEAR(schedule.at(step), expected, 1e-12) << run["steps"] << " steps, step " << step;
    }
  }
}

TEST(GoldenAdamW, UpdatesAndClippingAreThoseOfTorch) {
  for (const Json& run : golden()["adamw"]) {
    NamedTensors parameters;
    for (const auto& [name, start] : run["start"].items()) parameters.emplace_back(name, values(start).set_requires_grad(true));
    config::Train config;
    config.beta1 = run["options"]["betas"][0];
    config.beta2 = run["options"]["betas"][1];
    config.epsilon = run["options"]["eps"];
    config.weight_decay = run["options"]["weight_decay"];
    AdamW optimizer(parameters, config);
    const auto group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
    Gradients gradients(parameters, *group, false);
    for (const Json& step : run["steps"]) {
      for (auto& [name, parameter] : parameters) parameter.mutable_grad().copy_(values(step["gradients"][name]));
      const double norm = gradients.clip(run["max_norm"]);
      if (!step["norm"].is_null()) {
        EXPECT_NEAR(norm, step["norm"], 1e-5 * norm);
      }
      optimizer.step(step["learning_rate"]);
      for (const auto& [name, parameter] : parameters) {
        EXPECT_TRUE(torch::allclose(parameter.detach(), values(step["after"][name]), 1e-5, 1e-7)) << name;
      }
    }
  }
}

TEST(AdamW, StateGoesThroughAFile) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "optimizer.safetensors";
  const auto make = [] {
    auto parameter = torch::linspace(-1, 1, 6).view({2, 3}).set_requires_grad(true);
    parameter.mutable_grad() = torch::full({2, 3}, 0.5);
    return parameter;
  };
  auto whole = make();
  AdamW uninterrupted({{"w", whole}}, {});
  uninterrupted.step(0.1);
  uninterrupted.save(file);
  auto resumed = whole.detach().clone().set_requires_grad(true);
  resumed.mutable_grad() = whole.grad().clone();
  AdamW other({{"w", resumed}}, {});
  other.load(file);
  uninterrupted.step(0.05);
  other.step(0.05);
  EXPECT_TRUE(whole.detach().equal(resumed.detach()));

  AdamW more({{"w", make()}, {"v", make()}}, {});
  try {
    more.load(file);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("optimizer.safetensors"), HasSubstr("v.exp_avg is missing")));
  }
}

}  // namespace
}  // namespace midillama::train
