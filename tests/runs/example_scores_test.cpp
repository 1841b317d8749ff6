#include "midillama/runs/example_scores.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::runs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::error_of;

ExampleScores two_examples() {
  ExampleScores scores{.ids = {"q1", "q2"}, .pieces = {"reel", "jig"}};
  scores.metrics = {{"bleu", metrics::bleu_of_counts({1, 0, 0, 0, 2, 1, 0, 0, 2, 3, 4, 3, 2, 1, 4, 3, 2, 1, 4, 4})},
                    {"meteor", metrics::mean_of_each(std::vector<double>{0.25, 1.0 / 3})}};
  scores.accuracies = {{"key", metrics::shares(std::vector<double>{1, 0}, std::vector<double>{1, 1})},
                       {"meter", metrics::shares(std::vector<double>{0, 0}, std::vector<double>{0, 1})}};
  return scores;
}

TEST(ExampleScores, ComeBackToTheLastBit) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "eval/qa/true" / kExampleScoresFile;
  const ExampleScores written = two_examples();
  write_example_scores(file, written);
  const ExampleScores read = read_example_scores(file);
  EXPECT_EQ(read.ids, written.ids);
  EXPECT_EQ(read.pieces, written.pieces);
  for (const char* name : {"bleu", "meteor"}) {
    const auto *one = ExampleScores::find(read.metrics, name), *other = ExampleScores::find(written.metrics, name);
    ASSERT_TRUE(one != nullptr && other != nullptr);
    EXPECT_EQ(one->counts, other->counts);
    EXPECT_EQ(one->value_of_all(), other->value_of_all());
  }
  EXPECT_EQ(ExampleScores::find(read.accuracies, "key")->value_of_all(), 0.5);
  EXPECT_THAT(ExampleScores::find(read.accuracies, "meter")->counts, ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(ExampleScores::find(read.metrics, "rouge_l"), nullptr);
}

TEST(ExampleScores, NameThePlaceOfWhatIsWrong) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / kExampleScoresFile;
  const auto error = [&](const std::string& text) {
    write_atomically(file, text);
    return error_of([&] { read_example_scores(file); });
  };
  EXPECT_THAT(error(""), HasSubstr("no example"));
  EXPECT_THAT(error("{\"piece\": \"a\", \"facts\": {}}\n"), AllOf(HasSubstr("line 1"), HasSubstr("\"id\"")));
  EXPECT_THAT(error("{\"id\": \"a\", \"piece\": \"a\"}\n"), AllOf(HasSubstr("line 1"), HasSubstr("\"facts\"")));
  EXPECT_THAT(error("{\"id\": \"a\", \"piece\": \"a\", \"facts\": {\"key\": 3}}\n"), HasSubstr("\"facts\""));
  const std::string line = "{\"id\": \"a\", \"piece\": \"a\", \"meteor\": 0.5, \"facts\": {}}\n";
  EXPECT_THAT(error(line + "{\"id\": \"b\", \"piece\": \"a\", \"facts\": {}}\n"), AllOf(HasSubstr("line 2"), HasSubstr("\"meteor\"")));
  EXPECT_THAT(error("{\"id\": \"a\", \"piece\": \"a\", \"bleu\": [1, 2], \"facts\": {}}\n"), HasSubstr("10 counts"));
  EXPECT_THAT(error("{\"id\": \"a\", \"piece\": \"a\", \"bleu\": [\"x\"], \"facts\": {}}\n"), HasSubstr("\"bleu\""));
}

}  // namespace
}  // namespace midillama::runs
