#include "midillama/metrics/classification.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::metrics {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

// tests/golden/metrics/make_classification.py
TEST(GoldenClassification, EveryMetricIsScikitLearns) {
  const Json cases = read_json("tests/golden/metrics/classification.json").at("cases");
  ASSERT_EQ(cases.size(), 8u);
  for (const Json& row : cases) {
    const auto bits = [&](const char* key) {
      std::vector<bool> bits;
      for (const int bit : row.at(key).get<std::vector<int>>()) bits.push_back(bit != 0);
      return bits;
    };
    const Classification told(
        {.classes = row.at("classes"), .truth = bits("truth"), .answers = bits("answers"), .scores = row.at("scores")});
    const auto weights = row.at("weights").get<std::vector<double>>();
    const Json& values = row.at("values");
    ASSERT_EQ(classification_metrics().size(), values.size());
    for (const ClassificationMetric& metric : classification_metrics())
      EXPECT_NEAR(metric.value(told, weights), values.at(metric.name).get<double>(), 1e-12) << metric.name;
  }
}

// Three examples, classes a and b; the third example is of neither and was told to be of neither.
Told three() {
  return {.classes = 2,
          .truth = {true, false, true, false, false, false},
          .answers = {true, false, false, false, false, false},
          .scores = {.9, .2, .4, .1, .3, .2}};
}

TEST(Classification, AClassThatIsNotThereHasF1ZeroAndNoArea) {
  const Classification told(three());
  const std::vector<double> once(3, 1);
  EXPECT_NEAR(told.f1(once, Average::macro), (2. / 3 + 0) / 2, 1e-12) << "b counts";
  EXPECT_NEAR(told.f1(once, Average::weighted), 2. / 3, 1e-12);
  EXPECT_EQ(told.roc_auc(once, Average::macro), 1) << "a alone";
  EXPECT_NEAR(told.f1(once, Average::samples), 1. / 3, 1e-12);
  EXPECT_NEAR(told.accuracy(once), 2. / 3, 1e-12);
  EXPECT_NEAR(told.hit_rate(once), 2. / 3, 1e-12);
}

TEST(Classification, WithoutExamplesOfBothKindsAnAreaIsNoNumber) {
  const Classification told(three());
  EXPECT_TRUE(std::isnan(told.roc_auc(std::vector<double>{1, 1, 0}, Average::macro)));
  EXPECT_TRUE(std::isnan(told.roc_auc(std::vector<double>{0, 0, 1}, Average::micro)));
  EXPECT_TRUE(std::isnan(told.accuracy(std::vector<double>{0, 0, 0})));
}

TEST(Classification, EqualScoresAreHalfRight) {
  const Classification told({.classes = 1, .truth = {true, false, false}, .answers = {false, false, false}, .scores = {.5, .5, .5}});
  EXPECT_EQ(told.roc_auc(std::vector<double>{1, 1, 1}, Average::micro), .5);
}

TEST(Classification, ListsMustBeOfExamplesTimesClasses) {
  EXPECT_THAT(error_of([] { Classification({.classes = 2, .truth = {true}, .answers = {true}, .scores = {1}}); }),
              HasSubstr("1 truths, 1 answers and 1 scores are not of examples with 2 classes each"));
  EXPECT_THAT(error_of([] { Classification({}); }), HasSubstr("0 truths"));
}

}  // namespace
}  // namespace midillama::metrics
