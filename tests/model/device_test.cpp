// The models on a device whose memory the host may not read (support/device_backend.h) compute what they compute on the processor.
#include "golden_midi_llama.h"
#include "midillama/core/file.h"
#include "midillama/model/music_encoder.h"
#include "midillama/model/next_token_loss.h"
#include "midillama/weights/safetensors.h"
#include "support/device_backend.h"
#include "tiny_models.h"

#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

namespace midillama::model {

// Has a name in a backtrace.
[[gnu::noinline]] float read_on_the_host(const torch::Tensor& x) {
  return x.const_data_ptr<float>()[1];
}

namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_support::host_waits;
using testing_support::strict_device;

// ---- that the net holds ----

struct StrictDeviceDeathTest : testing::Test {
  StrictDeviceDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(StrictDeviceDeathTest, AHostThatTouchesItsMemoryDiesAndTellsWhere) {
  const torch::Tensor x = at::ones({4}, strict_device());
  EXPECT_DEATH(std::cerr << read_on_the_host(x), "the host touched memory of the strict device, here:(.|\n)*model::read_on_the_host");
  EXPECT_DEATH(x.mutable_data_ptr<float>()[3] = 1, "the host touched memory of the strict device");
  EXPECT_TRUE(x.cpu().equal(at::ones({4})));
}

TEST(StrictDevice, OperandsOnTwoDevicesAreRefused) {
  const torch::Tensor x = at::ones({2, 3}, strict_device()), y = at::ones({2, 3}), rows = torch::tensor({1}, torch::kInt64);
  const auto refused = ThrowsMessage<c10::Error>(HasSubstr("Expected all tensors to be on the same device"));
  EXPECT_THAT([&] { x.mm(y.t()); }, refused);
  EXPECT_THAT([&] { y.mm(x.t()); }, refused);
  EXPECT_THAT([&] { x + y; }, refused);
  EXPECT_THAT([&] { y.mul_(x); }, refused);
  EXPECT_THAT([&] { at::cat({x, y}); }, refused);
  EXPECT_THAT([&] { x.index_select(0, rows); }, refused);
  EXPECT_THAT([&] { at::embedding(x, rows); }, refused);
  EXPECT_THAT([&] { at::linear(x, x, y[0]); }, refused);
  const torch::Tensor number = at::scalar_tensor(2.0);
  EXPECT_THAT([&] { at::addmm(number, x, x.t()); }, refused) << "a product takes no scalar of the host";
  EXPECT_THAT([&] { at::addcmul(x, number, number); }, ThrowsMessage<c10::Error>(HasSubstr("too many CPU scalars")));
  EXPECT_THAT([&] { at::scalar_tensor(1.0).add_(x[0][0]); }, refused) << "the result cannot lie on the host";
}

TEST(StrictDevice, WhatCudaTakesFromTheHostIsTaken) {
  const torch::Tensor y = at::arange(6, torch::kFloat32).view({2, 3}), x = y.to(strict_device());
  const torch::Tensor number = at::scalar_tensor(2.0), rows = torch::tensor({1}, torch::kInt64);
  for (const torch::Tensor& product : {x * number, number * x, x * 2}) {
    EXPECT_EQ(product.device(), strict_device());
    EXPECT_TRUE(product.cpu().equal(y * 2));
  }
  EXPECT_TRUE(x.index({rows}).cpu().equal(y.index({rows})));
  EXPECT_TRUE(at::where(x > 2, x, 0.0).cpu().equal(at::where(y > 2, y, 0.0)));
}

TEST(StrictDevice, FreshMemoryHoldsNoNumbers) {
  EXPECT_TRUE(at::empty({3}, strict_device()).isnan().all().item<bool>());
}

TEST(StrictDevice, ItsDrawsAreItsOwnAndSeededLikeTheProcessors) {
  torch::manual_seed(3);
  const torch::Tensor on_device = at::rand({4}, strict_device());
  const torch::Tensor on_host = at::rand({4});
  EXPECT_TRUE(on_device.cpu().equal(on_host));
}

TEST(StrictDevice, WaitsAreCounted) {
  const torch::Tensor x = at::arange(4, strict_device());
  const auto waits_of = [&](const std::function<void()>& run) {
    const auto before = host_waits();
    run();
    return host_waits() - before;
  };
  EXPECT_EQ(waits_of([&] { (x * 2).add_(1).sum(); }), 0);
  EXPECT_EQ(waits_of([&] { x.cpu(); }), 1);
  EXPECT_EQ(waits_of([&] { x[1].item(); }), 1);
  EXPECT_EQ(waits_of([&] { x.nonzero(); }), 1);
  EXPECT_EQ(waits_of([&] { x.index({x > 1}); }), 1);
  EXPECT_EQ(waits_of([&] { x.index({x}); }), 0);
}

// ---- the models on it ----

using Gradients = std::map<std::string, torch::Tensor>;

Gradients gradients_of(const torch::nn::Module& module) {
  Gradients gradients;
  for (const auto& item : module.named_parameters()) {
    if (item.value().grad().defined()) gradients[item.key()] = item.value().grad().cpu();
  }
  return gradients;
}

void expect_equal(const Gradients& gradients, const Gradients& expected, double tolerance) {
  ASSERT_EQ(gradients.size(), expected.size());
  for (const auto& [name, gradient] : expected) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    EXPECT_TRUE(at::allclose(gradients.at(name).to(torch::kFloat32), gradient.to(torch::kFloat32), tolerance, tolerance))
        << name << ": " << largest_difference(gradients.at(name), gradient);
  }
}

struct Case {
  const char* name;
  torch::ScalarType dtype = torch::kFloat32;
  double dropout = 0;
  bool recompute = false;
  bool trains_decoder = false;
  double tolerance = 1e-4;
};

class DeviceMidiLlama : public testing::TestWithParam<Case> {
 protected:
  // In training, with projector and adapter to train, or everything.
  static MidiLlama model_on(torch::Device device) {
    const Case& kind = GetParam();
    MidiLlama model = golden_midi_llama(device, kind.dtype);
    for (const auto& item : model->named_parameters()) {
      const bool is_trained = item.key().starts_with("projector.") || item.key().find(".lora_") != std::string::npos;
      item.value().set_requires_grad(is_trained || kind.trains_decoder);
    }
    for (const auto& module : model->modules()) {
      if (auto* layer = dynamic_cast<LoraLinearImpl*>(module.get())) layer->dropout = kind.dropout;
    }
    model->llama->recompute_layers = kind.recompute;
    model->train();
    return model;
  }
};

TEST_P(DeviceMidiLlama, LossesAndGradientsEqualTheProcessors) {
  const auto batch = golden_batch();
  const auto run = [&](MidiLlama& model) {
    torch::manual_seed(7);
    const auto before = host_waits();
    LossSum loss = model->loss(batch);
    loss.sum.backward();
    EXPECT_EQ(host_waits(), before) << "the host can go on";
    return loss;
  };
  MidiLlama cpu = model_on(torch::kCPU), strict = model_on(strict_device());
  const LossSum expected = run(cpu), loss = run(strict);
  EXPECT_EQ(loss.sum.device(), strict_device());
  EXPECT_TRUE(at::allclose(loss.per_example.cpu(), expected.per_example, GetParam().tolerance, GetParam().tolerance));
  EXPECT_EQ(loss.targets_per_example, expected.targets_per_example);
  const Gradients gradients = gradients_of(*cpu);
  EXPECT_GT(gradients.size(), 2u);
  expect_equal(gradients_of(*strict), gradients, 10 * GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(
    All, DeviceMidiLlama,
    testing::Values(Case{.name = "Plain"}, Case{.name = "Dropout", .dropout = 0.3},
                    Case{.name = "Recomputed", .dropout = 0.3, .recompute = true}, Case{.name = "Decoder", .trains_decoder = true},
                    Case{.name = "DecoderRecomputed", .recompute = true, .trains_decoder = true},
                    Case{.name = "Bfloat16", .dtype = torch::kBFloat16, .tolerance = 2e-2},
                    Case{.name = "Bfloat16Recomputed", .dtype = torch::kBFloat16, .recompute = true, .tolerance = 2e-2}),
    [](const auto& info) { return info.param.name; });

TEST(DeviceLlama, AStepOfFixedShapesNeverWaitsForTheDevice) {
  const torch::NoGradGuard no_grad;
  const LlamaConfig config = tiny_llama_config();
  const torch::Tensor ids = at::arange(27, torch::kInt64).remainder(config.vocab_size).view({3, 9});
  const auto run = [&](torch::Device device) {
    Llama llama = tiny_llama();
    llama->to(device);
    KeyValueCache cache(config.num_hidden_layers, 3, config.num_key_value_heads, 12, config.head_dim, device, torch::kFloat32);
    AttentionContext context;
    context.cache = &cache;
    const torch::Tensor placed = ids.to(device);
    std::vector<torch::Tensor> logits = {llama->logits(llama->forward(llama->embed(placed.narrow(1, 0, 4)), context)).select(1, 3)};
    cache.fix_shapes();
    const auto before = host_waits();
    for (std::int64_t token = 4; token < 9; ++token)
      logits.push_back(llama->logits(llama->forward(llama->embed(placed.narrow(1, token, 1)), context)).select(1, 0));
    EXPECT_EQ(host_waits(), before);
    return at::stack(logits).cpu();
  };
  EXPECT_LT(largest_difference(run(strict_device()), run(torch::kCPU)), 1e-4);
}

TEST(DeviceLlama, ALossInSlicesEqualsTheProcessors) {
  torch::manual_seed(2);
  const torch::Tensor hidden_states = at::randn({7, 6}), weight = at::randn({11, 6}), targets = at::arange(7, torch::kInt64);
  const auto run = [&](torch::Device device) {
    const torch::Tensor x = hidden_states.to(device, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true);
    const torch::Tensor w = weight.to(device, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true);
    const TokenLosses losses = next_token_loss(x, w, targets.to(device), 25);
    losses.sum.backward();
    return at::cat({losses.per_token.cpu(), x.grad().cpu().flatten(), w.grad().cpu().flatten()});
  };
  EXPECT_LT(largest_difference(run(strict_device()), run(torch::kCPU)), 1e-5);
}

TEST(DeviceTrainedFiles, WhatIsSavedThereIsWhatTheProcessorSaves) {
  const TemporaryDirectory folder;
  const torch::Tensor music = at::randn({20, 6});
  const auto save = [&](torch::Device device, const std::filesystem::path& directory) {
    MidiLlama model = golden_midi_llama(device);
    model->projector->start_whitened(std::vector{music}, 0.5, 1);
    std::filesystem::create_directories(directory);
    save_trained(model, directory, "some/llama");
    return model->project(music).cpu();
  };
  const torch::Tensor expected = save(torch::kCPU, folder.path() / "cpu"), projected = save(strict_device(), folder.path() / "strict");
  EXPECT_LT(largest_difference(projected, expected), 1e-5);
  for (const char* file : {"projector.safetensors", "projector_whitened.safetensors", "adapter/adapter_model.safetensors"}) {
    const auto tensors = weights::read_safetensors(folder.path() / "strict" / file);
    for (const auto& [name, tensor] : weights::read_safetensors(folder.path() / "cpu" / file))
      EXPECT_LT(largest_difference(tensors.at(name), tensor), 1e-5) << file << ", " << name;
  }
  MidiLlama loaded = golden_midi_llama(strict_device());
  load_trained(loaded, folder.path() / "strict");
  EXPECT_LT(largest_difference(loaded->project(music).cpu(), expected), 1e-4);
  loaded->projector->load_to_train(folder.path() / "strict");
  EXPECT_TRUE(loaded->project(music).cpu().equal(projected));
}

// Clips of several windows and of unequal length, in one batch.
TEST(DeviceMusicEncoder, EmbeddingsEqualTheProcessors) {
  std::vector<std::vector<octuple::Octuple>> clips;
  for (const int notes : {3, 12, 40}) {
    auto& clip = clips.emplace_back();
    for (int i = 0; i < notes; ++i) clip.push_back({i / 4, i % 4, 0, 40 + i, 10, 16, 9, 30});
  }
  for (const std::int64_t tokens : {1, 4}) {
    for (const char* hidden_states : {"before_upsampling", "after_upsampling"}) {
      config::MusicEncoder config;
      config.path = "tests/golden/model/musicbert";
      config.tokens = tokens;
      config.hidden_states = hidden_states;
      const torch::Tensor expected = MusicEncoder(config, torch::kCPU).encode(clips);
      EXPECT_LT(largest_difference(MusicEncoder(config, strict_device()).encode(clips), expected), 1e-5) << tokens << hidden_states;
    }
  }
}

}  // namespace
}  // namespace midillama::model
