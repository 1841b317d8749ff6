#include "midillama/explain/deletion.h"

#include "eval/tiny_world.h"
#include "midillama/core/json_text.h"
#include "midillama/explain/explanation.h"
#include "midillama/records/words.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace midillama::explain {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

constexpr const char* kQuestion = "Which word?";

// A dataset in which the model is right by definition: the fact of most questions is the word that it answers with.
struct DeletionTest : testing::Test {
  DeletionTest() {
    session.sampling.stop_ids.clear();
    for (std::uint64_t seed = 1; seed < 50 && said.empty(); ++seed) {
      world.write_checkpoint(seed);
      model::load_trained(session.model, world.path("checkpoint"));
      const auto words = records::words_in(explain(session, clip(0), {.messages = {{text::Role::user, kQuestion}}}).answer);
      if (!words.empty() && words[0].text.size() > 1) said = words[0].text;
    }
    write_atomically(world.path("data/tags.yaml"),
                     fmt::format("tags:\n"
                                 "  - name: word\n    kind: closed\n    values: [{{value: {}}}, {{value: silence}}]\n"
                                 "    questions: [\"{}\"]\n    answers: [\"{{word}}.\"]\n"
                                 "  - name: story\n    kind: text\n    questions: [\"What?\"]\n    answers: [\"{{story}}.\"]\n",
                                 said, kQuestion));
    std::string lines;
    for (const int piece : {0, 0, 2, 4, 5}) {  // two questions of the first
      const std::string fact = piece == 5 ? "silence" : said;
      lines += Json{{"id", fmt::format("{}", lines.size())},
                    {"piece", fmt::format("{}", piece)},
                    {"clip", fmt::format("clips/test-{}.mid", piece)},
                    {"task", "qa"},
                    {"tag", "word"},
                    {"question", kQuestion},
                    {"answer", fact + "."},
                    {"facts", {{"word", fact}}}}
                   .dump() +
               "\n";
    }
    write_atomically(world.path("data/test.jsonl"), lines);
  }
  midi::Score clip(int number) const { return midi::read_midi(world.path(fmt::format("data/clips/test-{}.mid", number))); }
  std::vector<TagDeletion> curves(const std::vector<std::string>& tags = {"word"}) { return deletion_curves(session, world.config, tags); }

  eval::TinyWorld world;
  generate::Session session{world.config, world.path("checkpoint"), torch::kCPU};
  std::string said;
};

TEST_F(DeletionTest, RightAnswersHaveCurvesFromAllNotesToNone) {
  ASSERT_FALSE(said.empty());
  const auto result = curves();
  ASSERT_EQ(result.size(), 1U);
  EXPECT_EQ(result[0].questions, 4) << "one a piece";
  ASSERT_GT(result[0].right, 0);
  EXPECT_LT(result[0].right, 4);
  ASSERT_EQ(result[0].curves.size(), 3U);
  for (const DeletionCurve& curve : result[0].curves) {
    ASSERT_EQ(curve.values.size(), 21U);
    EXPECT_DOUBLE_EQ(curve.values.front(), 1);
    EXPECT_NEAR(curve.values.back(), result[0].curves[0].values.back(), 1e-6) << "the zero vector in any order";
    double area = 0;
    for (std::size_t i = 1; i < curve.values.size(); ++i) area += (curve.values[i - 1] + curve.values[i]) / 40;
    EXPECT_NEAR(curve.area.value, area, 1e-9);
    EXPECT_NEAR(curve.below_random.value, result[0].curves[2].area.value - curve.area.value, 1e-9);
  }
  EXPECT_EQ(json_text(to_json(result)), json_text(to_json(curves())));
  EXPECT_THAT(to_text(result), AllOf(HasSubstr("of 4 questions answered right"), HasSubstr("left_out"), HasSubstr("random")));
}

TEST_F(DeletionTest, TheFirstStepIsWithoutTheHottestNotes) {
  world.config.eval.max_examples = 1;
  const auto result = curves();
  EXPECT_EQ(result[0].questions, 1);
  // One note of 16 is 6 %: it goes with the first step.
  const Explanation explanation = explain(session, clip(0), {.messages = {{text::Role::user, kQuestion}}});
  const double hottest = std::ranges::max(explanation.notes, {}, &Note::left_out).left_out;
  EXPECT_NEAR(result[0].curves[1].values[1], std::exp(-hottest), 1e-5);
}

TEST_F(DeletionTest, TagsThatCannotBeCheckedAreRefused) {
  EXPECT_THAT(error_of([&] { curves({"story"}); }), HasSubstr("free text"));
  EXPECT_THAT(error_of([&] { curves({"mood"}); }), HasSubstr("mood"));
}

}  // namespace
}  // namespace midillama::explain
