// A GPU writes what the CPU writes, with its steps captured as a CUDA graph and without. Skipped where there is none.
#include "generate/cuda_graph.h"
#include "generate/tiny_model.h"
#include "midillama/generate/generator.h"

#include <torch/cuda.h>

#include <gtest/gtest.h>

namespace midillama::generate {
namespace {

struct CudaGenerator : testing::Test {
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  }
  const torch::Device gpu{torch::kCUDA, 0};
};

TEST_F(CudaGenerator, ACapturedStepGoesOnWhereTheLastOneEnded) {
  const torch::Tensor x = at::zeros({3}, gpu);
  CudaGraph graph([&] { return x.add_(1) * 2; }, gpu);
  for (int run = 1; run <= 5; ++run) EXPECT_TRUE(graph.run().eq(2.0 * run).all().item<bool>()) << run;
}

TEST_F(CudaGenerator, TokensWithAndWithoutAGraphAreTheCpus) {
  TinyModel tiny = load_tiny_model();
  SamplingOptions options{.max_new_tokens = 64, .stop_ids = {46, 20}, .batch_size = 4};
  const auto expected = generate(tiny.model, tiny.prompts(), options);
  tiny.model->to(gpu);
  for (const bool fixed_shapes : {true, false}) {
    options.fixed_shapes = fixed_shapes;
    const auto completions = generate(tiny.model, tiny.prompts(), options);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(completions[i].token_ids, expected[i].token_ids) << "prompt " << i << ", fixed shapes: " << fixed_shapes;
    }
  }
}

}  // namespace
}  // namespace midillama::generate
