#include "midillama/classes/logistic_regression.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace midillama::classes {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

using Truth = std::vector<std::vector<bool>>;

Truth truth_of(const Json& rows) {
  Truth truth;
  for (const Json& row : rows) {
    auto& bits = truth.emplace_back();
    for (const Json& bit : row) bits.push_back(bit.get<int>() != 0);
  }
  return truth;
}

// tests/golden/classes/make_regression.py
TEST(GoldenLogisticRegression, IsScikitLearns) {
  const Json cases = read_json("tests/golden/classes/regression.json").at("cases");
  ASSERT_EQ(cases.size(), 6u);
  for (const Json& row : cases) {
    const bool exclusive = row.at("exclusive");
    const auto examples = row.at("examples").get<Features>(), others = row.at("others").get<Features>();
    const LogisticRegression model(examples, truth_of(row.at("truth")), exclusive, row.at("c"));
    for (std::size_t i = 0; i < others.size(); ++i) {
      const auto expected = row.at("probabilities").at(i).get<std::vector<double>>();
      const auto told = model.probabilities(others[i]);
      ASSERT_EQ(told.size(), expected.size());
      for (std::size_t c = 0; c < told.size(); ++c) EXPECT_NEAR(told[c], expected[c], 1e-5) << "C " << row.at("c") << " example " << i;
      const double sum = std::accumulate(told.begin(), told.end(), 0.);
      EXPECT_TRUE(!exclusive || std::abs(sum - 1) < 1e-12) << sum;
    }
  }
}

TEST(LogisticRegression, WhereItStartsFromChangesNothing) {
  const Json row = read_json("tests/golden/classes/regression.json").at("cases").at(1);
  const auto examples = row.at("examples").get<Features>();
  const Truth truth = truth_of(row.at("truth"));
  const LogisticRegression weak(examples, truth, true, .01), fresh(examples, truth, true, 1), started(examples, truth, true, 1, &weak);
  EXPECT_NEAR(fresh.loss(examples, truth), started.loss(examples, truth), 1e-7);
  EXPECT_LT(fresh.loss(examples, truth), weak.loss(examples, truth) - .05);
}

TEST(LogisticRegression, SaysWhatIsNoExample) {
  EXPECT_THAT(error_of([] { LogisticRegression({}, {}, true, 1); }), HasSubstr("needs examples"));
  EXPECT_THAT(error_of([] { LogisticRegression({{1, 2}, {1}}, {{true}, {false}}, true, 1); }), HasSubstr("example 1 has 1 features"));
}

}  // namespace
}  // namespace midillama::classes
