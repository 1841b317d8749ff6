#include "model/text_attention.h"

#include "model/attention.h"
#include "tiny_models.h"

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

TEST(AttendTexts, OutputsAndGradientsEqualAtensInFloat64) {
  torch::manual_seed(4);
  const std::vector<std::int64_t> lengths = {1, 5, 32, 33, 70, 16};
  AttentionContext context;
  context.lengths = lengths;
  for (const HeadLayout layout : {HeadLayout{4, 4, 16}, HeadLayout{8, 2, 32}, HeadLayout{3, 1, 48}, HeadLayout{2, 1, 128}}) {
    SCOPED_TRACE(testing::Message() << layout.queries << " heads of " << layout.size);
    const auto exact = at::randn({1, 157, layout.width()}, torch::kFloat64).set_requires_grad(true);
    const auto expected = attend(exact, layout, 0, context);
    const auto weights = at::randn(expected.sizes(), torch::kFloat64);
    (expected * weights).sum().backward();

    const auto heads = exact.detach().to(torch::kFloat32).squeeze(0).set_requires_grad(true);
    ASSERT_TRUE(can_attend_texts(heads, layout));
    const auto attended = attend_texts(heads, layout, lengths);
    EXPECT_LT(largest_relative_difference(attended, expected.squeeze(0)), 1e-6);
    (attended * weights.squeeze(0).to(torch::kFloat32)).sum().backward();
    EXPECT_LT(largest_relative_difference(heads.grad(), exact.grad().squeeze(0)), 2e-6);
  }
}

TEST(AttendTexts, RowsAreTextsWhereNoLengthsAreGiven) {
  torch::manual_seed(4);
  const HeadLayout layout{4, 2, 16};
  const auto rows = at::randn({3, 7, layout.width()});
  AttentionContext laid_end_to_end;
  laid_end_to_end.lengths = {7, 7, 7};
  EXPECT_TRUE(
      at::equal(attend(rows, layout, 0, {}).flatten(0, 1), attend(rows.flatten(0, 1).unsqueeze(0), layout, 0, laid_end_to_end).squeeze(0)));
}

// Scores far from each other, where a softmax that did not subtract the greatest would overflow.
TEST(AttendTexts, LargeScoresStayFinite) {
  torch::manual_seed(4);
  const HeadLayout layout{1, 1, 16};
  const auto heads = at::randn({40, layout.width()}).mul_(100).set_requires_grad(true);
  const auto attended = attend_texts(heads, layout, {40});
  attended.sum().backward();
  EXPECT_TRUE(attended.isfinite().all().item<bool>());
  EXPECT_TRUE(heads.grad().isfinite().all().item<bool>());
}

TEST(AttendTexts, IsNotForOtherTypesNorOtherHeadSizes) {
  EXPECT_FALSE(can_attend_texts(at::ones({4, 48}, torch::kFloat64), {1, 1, 16}));
  EXPECT_FALSE(can_attend_texts(at::ones({4, 24}), {1, 1, 8}));
  EXPECT_FALSE(can_attend_texts(at::ones({48, 4}).t(), {1, 1, 16}));
}

}  // namespace
}  // namespace midillama::model
