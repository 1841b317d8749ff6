#include "model/row_passes.h"

#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/thread_team.h"
#include "midillama/model/team_scope.h"
#include "tiny_models.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <limits>

namespace midillama::model {
namespace {

// Rows of a cache that has room for more keys than there are.
struct Cached {
  Cached(std::int64_t batch, std::int64_t heads, std::int64_t key_heads, std::int64_t length, std::int64_t size)
      : queries(at::randn({batch, 1, heads, size}).transpose(1, 2)),
        keys(at::randn({batch, key_heads, length + 5, size}).narrow(2, 0, length)),
        values(at::randn({batch, key_heads, length + 5, size}).narrow(2, 0, length)),
        mask((at::arange(length + 5) >= at::arange(batch).view({-1, 1, 1, 1})).narrow(-1, 0, length)) {}

  torch::Tensor expected(bool masked) const {
    const auto group = queries.size(1) / keys.size(1);
    const auto wide = [group](const torch::Tensor& x) { return x.to(torch::kFloat64).repeat_interleave(group, 1); };
    auto scores = queries.to(torch::kFloat64).matmul(wide(keys).transpose(2, 3)) / std::sqrt(static_cast<double>(queries.size(3)));
    if (masked) scores = scores.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
    return scores.softmax(-1).matmul(wide(values)).transpose(1, 2).flatten(2);
  }

  torch::Tensor queries, keys, values, mask;
};

TEST(AttendNext, EqualsAttentionInFloat64) {
  torch::manual_seed(2);
  const torch::NoGradGuard no_grad;
  for (const auto& [heads, key_heads] :
       {std::pair{4, 4}, std::pair{8, 2}, std::pair{8, 1}, std::pair{6, 2}, std::pair{11, 1}, std::pair{16, 1}}) {
    for (const std::int64_t length : {3, 16, 50}) {
      for (const std::int64_t size : {4, 32, 40}) {
        const Cached cached(3, heads, key_heads, length, size);
        ASSERT_TRUE(can_attend_next(cached.queries, cached.keys, cached.values));
        EXPECT_LT(largest_difference(attend_next(cached.queries, cached.keys, cached.values, {}), cached.expected(false)), 1e-6);
        EXPECT_LT(largest_difference(attend_next(cached.queries, cached.keys, cached.values, cached.mask), cached.expected(true)), 1e-6);
      }
    }
  }
}

TEST(AttendNext, IsNotForTrainingNorForSeveralTokensNorForOtherTypes) {
  const Cached cached(2, 4, 2, 5, 8);
  EXPECT_FALSE(can_attend_next(cached.queries, cached.keys, cached.values));  // gradients are recorded
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(can_attend_next(cached.queries, cached.keys, cached.values));
  EXPECT_FALSE(can_attend_next(at::randn({2, 4, 2, 8}), cached.keys, cached.values));
  const auto narrow = [](const torch::Tensor& x) { return x.to(torch::kBFloat16); };
  EXPECT_FALSE(can_attend_next(narrow(cached.queries), narrow(cached.keys), narrow(cached.values)));
  const std::int64_t too_many = 2 * (kernels::kFewRows + 1);  // heads for two key heads
  EXPECT_FALSE(can_attend_next(at::randn({2, 1, too_many, 8}).transpose(1, 2), cached.keys, cached.values));
}

TEST(MatrixProduct, SharedOrNotEqualsAtensInFloat64) {
  torch::manual_seed(2);
  const int threads = at::get_num_threads();
  for (const int of_team : {1, 2, 3}) {
    at::set_num_threads(of_team);
    const TeamScope team(at::zeros({1}));
    for (const auto& [m, k, n] :
         {std::tuple{1, 1, 1}, std::tuple{50, 3, 700}, std::tuple{700, 64, 50}, std::tuple{8, 900, 1000}, std::tuple{0, 4, 5}}) {
      const auto a = at::randn({k, m}).t(), b = at::randn({k, n}), wide = at::randn({m, n + 9}), out = wide.narrow(1, 3, n);
      const auto exact = a.to(torch::kFloat64).mm(b.to(torch::kFloat64)), before = wide.clone();
      const auto near = [&](const torch::Tensor& actual, const torch::Tensor& expected) {
        return m == 0 || largest_difference(actual, expected) < 1e-5 * (1 + expected.abs().max().item<double>());
      };
      EXPECT_TRUE(near(matrix_product(a, b), exact)) << m << " x " << k << " x " << n;
      add_matrix_product_(out, a, b, 1, 0.5);
      EXPECT_TRUE(near(out, before.narrow(1, 3, n) + 0.5 * exact));
      EXPECT_TRUE(wide.narrow(1, 0, 3).equal(before.narrow(1, 0, 3)) && wide.narrow(1, n + 3, 6).equal(before.narrow(1, n + 3, 6)));
      add_matrix_product_(out, a, b, 0);
      EXPECT_TRUE(near(out, exact));
    }
  }
  at::set_num_threads(threads);
}

// Whatever processor this is.
TEST(MatrixProduct, OneDnnsEqualsAtensInFloat64HoweverTheOperandsLie) {
  torch::manual_seed(3);
  const auto lie = [](std::int64_t rows, std::int64_t columns) {
    return std::vector{at::randn({rows, columns}), at::randn({columns, rows}).t(), at::randn({rows, columns + 9}).narrow(1, 4, columns),
                       at::randn({columns, rows + 9}).narrow(1, 4, rows).t(), at::randn({rows, 2 * columns}).slice(1, 0, 2 * columns, 2)};
  };
  for (const auto& a : lie(33, 40)) {
    for (const auto& b : lie(40, 70)) {
      for (const auto& [kept, factor] : {std::pair{0.0, 1.0}, {0.0, 0.5}, {1.0, 1.0}, {0.5, -2.0}}) {
        const auto wide = at::randn({33, 80}), before = wide.clone(), out = wide.narrow(1, 3, 70);
        const auto exact = kept * before.narrow(1, 3, 70) + factor * a.to(torch::kFloat64).mm(b.to(torch::kFloat64));
        add_one_dnn_product_(out, a, b, kept, factor);
        EXPECT_LT(largest_difference(out, exact), 1e-4) << a.strides() << b.strides() << kept << factor;
        EXPECT_TRUE(wide.narrow(1, 0, 3).equal(before.narrow(1, 0, 3)) && wide.narrow(1, 73, 7).equal(before.narrow(1, 73, 7)));
      }
    }
  }
}

TEST(TeamScope, GivesLibTorchItsThreadsBack) {
  const int threads = at::get_num_threads();
  EXPECT_EQ(TeamScope::team(), nullptr);
  {
    at::set_num_threads(3);
    const TeamScope scope(at::zeros({1}));
    ASSERT_NE(TeamScope::team(), nullptr);
    EXPECT_EQ(TeamScope::team()->threads(), 3);
    EXPECT_EQ(at::get_num_threads(), 1);
    const TeamScope inner(at::zeros({1}));
    EXPECT_EQ(TeamScope::team()->threads(), 3);
  }
  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_EQ(TeamScope::team(), nullptr);
  const TeamScope other_type(at::zeros({1}, torch::kBFloat16));
  EXPECT_EQ(TeamScope::team(), nullptr);
  at::set_num_threads(threads);
}

TEST(CrossEntropy, LossesAndGradientsEqualAtensInFloat64) {
  torch::manual_seed(2);
  for (const std::int64_t vocabulary : {2, 16, 37, 5000}) {
    const auto exact = (at::randn({7, vocabulary}, torch::kFloat64) * 20).set_requires_grad(true);
    const auto targets = at::randint(vocabulary, {7}, torch::kInt64);
    const auto expected = at::nll_loss(exact.log_softmax(1), targets, {}, at::Reduction::None);
    expected.sum().backward();
    const auto logits = exact.detach().to(torch::kFloat32);
    EXPECT_LT(largest_difference(cross_entropy_(logits, targets), expected.detach()), 2e-5);
    EXPECT_LT(largest_difference(logits, exact.grad()), 1e-6);
  }
}

TEST(CrossEntropy, FarLogitsStayFinite) {
  const auto logits = torch::tensor({1e4F, -1e4F, 0.0F, -std::numeric_limits<float>::infinity()}).view({1, 4});
  EXPECT_FLOAT_EQ(cross_entropy_(logits.clone(), torch::tensor({std::int64_t{1}})).item<float>(), 2e4F);
  const auto gradient = logits.clone();
  EXPECT_FLOAT_EQ(cross_entropy_(gradient, torch::tensor({std::int64_t{0}})).item<float>(), 0);
  EXPECT_TRUE(at::allclose(gradient, torch::zeros({1, 4}), 0, 1e-30));
}

TEST(Product, RecordsGradientsWhereTheyAreWanted) {
  const auto x = at::randn({3, 5}).set_requires_grad(true);
  const auto weight = at::randn({4, 5});
  product(x, weight).sum().backward();
  EXPECT_LT(largest_difference(x.grad(), weight.sum(0).expand({3, 5})), 1e-6);
}

}  // namespace
}  // namespace midillama::model
