// All stages on a device whose memory the host may not read (support/device_backend.h) learn what they learn on the processor.
#include "midillama/runs/checkpoints.h"
#include "support/binary.h"
#include "support/device_backend.h"
#include "train/tiny_world.h"

#include <torch/cuda.h>

#include <gtest/gtest.h>

#include <map>

namespace midillama::train {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* stage;
  void (*change)(TinyWorld&) = nullptr;
  double tolerance = 1e-3;  // of a loss
};

// Losses of training and validation, and gradient norms, row by row.
std::vector<double> numbers_of(const fs::path& stage_dir) {
  std::vector<double> numbers;
  for (const Json& row : read_metrics(stage_dir / "metrics.jsonl")) {
    numbers.push_back(row.at("loss").get<double>());
    if (row.contains("grad_norm")) numbers.push_back(row.at("grad_norm").get<double>());
  }
  return numbers;
}

std::map<std::string, std::string> contents(const fs::path& checkpoint) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(checkpoint)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), checkpoint)] = read_binary(entry.path());
  }
  return files;
}

class DeviceTrain : public testing::TestWithParam<Case> {
 protected:
  DeviceTrain() {
    if (GetParam().change) GetParam().change(world_);
    for (auto& [name, settings] : world_.config.stages) settings.validate_every = 2;
  }

  fs::path train_on(const std::string& device) {
    world_.config.run.device = device;
    world_.config.run.dir = world_.path("run-" + device);
    if (std::string(GetParam().stage) == "sft") world_.train("align");
    return world_.train(GetParam().stage);
  }

  void expect_the_processors_numbers(const std::string& device) {
    const auto expected = numbers_of(train_on("cpu")), numbers = numbers_of(train_on(device));
    ASSERT_EQ(numbers.size(), expected.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_NEAR(numbers[i], expected[i], GetParam().tolerance * expected[i]) << i;
  }

  void expect_the_same_bits_after_a_resume(const std::string& device) {
    const fs::path directory = train_on(device);
    const auto numbers = numbers_of(directory);
    const auto result = contents(directory / "last/");
    const auto checkpoints = runs::CheckpointStore(directory, 2).all();
    ASSERT_EQ(checkpoints.size(), 2u);
    fs::remove_all(checkpoints[1]);
    world_.train(GetParam().stage, true);
    EXPECT_EQ(numbers_of(directory), numbers);
    EXPECT_EQ(contents(directory / "last/"), result);
  }

  TinyWorld world_;
};
using DeviceResume = DeviceTrain;

// The same on a GPU. Skipped where there is none.
struct CudaTrain : DeviceTrain {
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  }
};
using CudaResume = CudaTrain;

TEST_P(DeviceTrain, StepsAndValidationEqualTheProcessors) {
  expect_the_processors_numbers(testing_support::kStrictDevice);
}

TEST_P(DeviceResume, GivesTheSameBits) {
  expect_the_same_bits_after_a_resume(testing_support::kStrictDevice);
}

TEST_P(CudaTrain, StepsAndValidationEqualTheProcessors) {
  world_.config.lora.dropout = world_.config.music_encoder.pretrain.dropout = world_.config.classify.dropout =
      world_.config.melody.dropout = 0;  // a GPU draws other numbers
  expect_the_processors_numbers("cuda");
}

TEST_P(CudaResume, GivesTheSameBits) {
  expect_the_same_bits_after_a_resume("cuda");
}

void recompute(TinyWorld& world) {
  for (auto& [name, settings] : world.config.stages) settings.activation_checkpointing = true;
}

void compute_in_bfloat16(TinyWorld& world) {
  world.config.llm.dtype = "bfloat16";
  world.config.music_encoder.dtype = "bfloat16";
}

void drop(TinyWorld& world) {
  world.config.music_encoder.pretrain.dropout = 0.1;
}

void whiten(TinyWorld& world) {
  world.config.projector.initialization = "whitened";
}

void project_through_two_layers(TinyWorld& world) {
  world.config.projector.kind = "mlp";
}

void pool_by_attention(TinyWorld& world) {
  world.config.music_encoder.pooling = "none";
  world.config.projector.kind = "attention";
  world.config.projector.queries = 2;  // not whitened: ten clips leave directions open, in which notes differ
}

void contrast_answers(TinyWorld& world) {
  world.config.projector.initialization = "contrastive";
  world.config.projector.contrastive.steps = 5;
}

void sum_in_order(TinyWorld& world) {
  for (auto& [name, settings] : world.config.stages) settings.deterministic_reduction = true;
}

void recompute_in_bfloat16(TinyWorld& world) {
  compute_in_bfloat16(world);
  recompute(world);
}

void classify_embeddings(TinyWorld& world) {
  world.config.classify.model = "musicbert";
}

constexpr double kBfloat16 = 0.1;

const auto kTrained = testing::Values(
    Case{"Align", "align"}, Case{"Sft", "sft"}, Case{"SftWhitened", "sft", whiten}, Case{"SftMlp", "sft", project_through_two_layers},
    Case{"SftAttention", "sft", pool_by_attention}, Case{"SftContrastive", "sft", contrast_answers},
    Case{"SftRecomputed", "sft", recompute}, Case{"SftDeterministic", "sft", sum_in_order},
    Case{"SftInBfloat16", "sft", compute_in_bfloat16, kBfloat16}, Case{"PretrainLlm", "pretrain-llm"},
    Case{"PretrainLlmRecomputed", "pretrain-llm", recompute}, Case{"PretrainLlmInBfloat16", "pretrain-llm", compute_in_bfloat16, kBfloat16},
    Case{"PretrainLlmInBfloat16Recomputed", "pretrain-llm", recompute_in_bfloat16, kBfloat16}, Case{"PretrainEncoder", "pretrain-encoder"},
    Case{"PretrainEncoderInBfloat16", "pretrain-encoder", compute_in_bfloat16, kBfloat16}, Case{"Classify", "classify"},
    Case{"ClassifyEmbeddings", "classify", classify_embeddings}, Case{"Melody", "melody"});
const auto kResumed =
    testing::Values(Case{"Align", "align"}, Case{"SftWhitened", "sft", whiten}, Case{"SftAttention", "sft", pool_by_attention},
                    Case{"SftRecomputed", "sft", recompute}, Case{"PretrainLlm", "pretrain-llm"},
                    Case{"PretrainEncoderWithDropout", "pretrain-encoder", drop}, Case{"Classify", "classify"}, Case{"Melody", "melody"});
const auto name_of_case = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Stages, DeviceTrain, kTrained, name_of_case);
INSTANTIATE_TEST_SUITE_P(Stages, CudaTrain, kTrained, name_of_case);
INSTANTIATE_TEST_SUITE_P(StagesThatDraw, DeviceTrain, testing::Values(Case{"PretrainEncoderWithDropout", "pretrain-encoder", drop}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Stages, DeviceResume, kResumed, name_of_case);
INSTANTIATE_TEST_SUITE_P(Stages, CudaResume, kResumed, name_of_case);

}  // namespace
}  // namespace midillama::train
