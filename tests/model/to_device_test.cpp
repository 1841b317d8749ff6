#include "midillama/model/to_device.h"

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

TEST(ToDevice, OnTheCpuATensorStaysWhereItIs) {
  const torch::Tensor x = at::arange(6, torch::kFloat32).view({2, 3});
  EXPECT_TRUE(to_device(x, torch::kCPU).is_same(x));
}

TEST(ToDevice, NumbersBecomeATensor) {
  const torch::Tensor numbers = to_device(std::vector<std::int64_t>{7, -100, 3}, torch::kCPU);
  EXPECT_TRUE(numbers.equal(torch::tensor({7, -100, 3}, torch::kInt64)));
  EXPECT_FALSE(numbers.is_pinned());
  EXPECT_EQ(to_device(std::vector<std::int64_t>(), torch::kCPU).numel(), 0);
}

}  // namespace
}  // namespace midillama::model
