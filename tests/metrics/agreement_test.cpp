#include "midillama/metrics/agreement.h"

#include "midillama/core/file.h"

#include <gtest/gtest.h>

#include <vector>

namespace midillama::metrics {
namespace {

using Labels = std::vector<std::string>;

TEST(GoldenAgreement, CohensKappaIsThatOfScikitLearn) {
  const Json golden = read_json("tests/golden/metrics/agreement.json");
  ASSERT_GT(golden["cases"].size(), 20u);
  for (const Json& item : golden["cases"]) {
    const auto kappa = cohen_kappa(item["one"].get<Labels>(), item["other"].get<Labels>());
    ASSERT_TRUE(kappa);
    EXPECT_NEAR(*kappa, item["kappa"].get<double>(), 1e-12);
  }
}

TEST(Agreement, IsUnknownWhereChanceAloneAgrees) {
  EXPECT_FALSE(cohen_kappa({}, {}));
  const Labels same = {"accept", "accept"};
  EXPECT_FALSE(cohen_kappa(same, same));
  const Labels shorter = {"accept"};
  EXPECT_ANY_THROW(cohen_kappa(same, shorter));
}

}  // namespace
}  // namespace midillama::metrics
