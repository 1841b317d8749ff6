#include "model/attention.h"

#include "tiny_models.h"

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

// In float64, which the loops of the CPU do not take.
TEST(Attention, HeadsThatShareKeysAttendAsIfEachHadItsOwn) {
  torch::manual_seed(4);
  const auto queries = at::randn({3, 6, 1, 8}, torch::kFloat64);
  const auto keys = at::randn({3, 2, 5, 8}, torch::kFloat64), values = at::randn({3, 2, 5, 8}, torch::kFloat64);
  const auto repeated = [](const torch::Tensor& x) { return x.repeat_interleave(3, 1); };
  const auto open = (at::arange(5) >= at::arange(3).view({3, 1})).view({3, 1, 1, 5});
  for (const auto& mask : {torch::Tensor(), open}) {
    const auto allowed = mask.defined() ? std::optional(mask) : std::nullopt;
    const auto expected = at::scaled_dot_product_attention(queries, repeated(keys), repeated(values), allowed).transpose(1, 2).flatten(2);
    EXPECT_LT(largest_difference(attend(queries, keys, values, mask, {}, true), expected), 1e-12);
  }
}

}  // namespace
}  // namespace midillama::model
