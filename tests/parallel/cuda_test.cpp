#include "midillama/parallel/self_test.h"

#include <torch/cuda.h>

#include <gtest/gtest.h>

namespace midillama::parallel {
namespace {

TEST(CudaAllReduce, GoesThroughNccl) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  EXPECT_EQ(test_all_reduce(torch::Device(torch::kCUDA, 0)), "NCCL");
}

}  // namespace
}  // namespace midillama::parallel
