// The decoder on a GPU computes what it computes on the CPU. Skipped where there is none.
#include "golden_midi_llama.h"
#include "midillama/model/to_device.h"
#include "model/attention.h"
#include "tiny_models.h"

#include <torch/cuda.h>

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

class CudaMidiLlama : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  }
};

TEST_F(CudaMidiLlama, LossesAndGradientsEqualTheCpus) {
  const auto texts = golden_batch();
  MidiLlama cpu = golden_midi_llama(torch::kCPU), gpu = golden_midi_llama(torch::Device(torch::kCUDA, 0));
  const LossSum expected = cpu->loss(texts), loss = gpu->loss(texts);
  EXPECT_TRUE(at::allclose(loss.per_example.cpu(), expected.per_example, 1e-3, 1e-4));
  expected.sum.backward();
  loss.sum.backward();
  EXPECT_TRUE(at::allclose(linear_projector(gpu)->weight.grad().cpu(), linear_projector(cpu)->weight.grad(), 1e-2, 1e-4));
}

// bfloat16 goes through the flash attention that takes all texts of a batch at once.
TEST_F(CudaMidiLlama, TextsTogetherInBfloat16EqualTextsAlone) {
  const auto texts = golden_batch();
  MidiLlama gpu = golden_midi_llama(torch::Device(torch::kCUDA, 0), torch::kBFloat16);
  const LossSum together = gpu->loss(texts);
  together.sum.backward();
  const auto gradient = linear_projector(gpu)->weight.grad().clone();
  gpu->zero_grad();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const LossSum alone = gpu->loss(std::span(texts).subspan(i, 1));
    alone.sum.backward();
    EXPECT_TRUE(at::allclose(together.per_example[static_cast<std::int64_t>(i)], alone.per_example[0], 2e-2, 2e-2)) << i;
  }
  EXPECT_TRUE(at::allclose(gradient, linear_projector(gpu)->weight.grad(), 5e-2, 5e-2));
}

// Head sizes that flash attention takes, and one that it does not.
TEST_F(CudaMidiLlama, TextsLaidEndToEndAttendAsOnTheCpu) {
  const std::vector<std::int64_t> lengths = {7, 20, 1, 13};
  for (const std::int64_t size : {64, 128, 4}) {
    const auto run = [&](torch::TensorOptions options) {
      torch::manual_seed(1);
      std::vector<torch::Tensor> inputs, results;
      for (const std::int64_t heads : {4, 2, 2}) {
        inputs.push_back(at::randn({1, heads, 41, size}).to(torch::kBFloat16).to(options.device(), options.dtype().toScalarType()));
        inputs.back().set_requires_grad(true);
      }
      results.push_back(attend(inputs[0], inputs[1], inputs[2], {}, lengths, true));
      results[0].square().sum().backward();
      for (const auto& input : inputs) results.push_back(input.grad());
      for (auto& result : results) result = result.detach().to(torch::kCPU, torch::kFloat32);
      return results;
    };
    const auto expected = run(torch::dtype(torch::kFloat32)), results = run(torch::dtype(torch::kBFloat16).device(torch::kCUDA, 0));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_LT(at::norm(results[i] - expected[i]).item<double>(), 2e-2 * at::norm(expected[i]).item<double>()) << size << " " << i;
    }
  }
}

// The pinned memory of a copy under way is not given to the next one.
TEST_F(CudaMidiLlama, CopiesThatOvertakeEachOtherArriveWhole) {
  const torch::Device gpu(torch::kCUDA, 0);
  std::vector<torch::Tensor> arrived;
  for (std::int64_t i = 0; i < 50; ++i) arrived.push_back(to_device(at::full({1 << 20}, i, torch::kInt64), gpu));
  for (std::int64_t i = 0; i < 50; ++i) EXPECT_TRUE(arrived[static_cast<std::size_t>(i)].eq(i).all().item<bool>()) << i;
  EXPECT_TRUE(to_device(std::vector<std::int64_t>{4, 5}, gpu).cpu().equal(torch::tensor({4, 5}, torch::kInt64)));
}

}  // namespace
}  // namespace midillama::model
