#include "midillama/eval/accuracy.h"

#include "midillama/core/error.h"
#include "midillama/records/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace midillama::eval {
namespace {

records::Question question(const std::string& task, const std::string& tag, const std::string& answer, const Json& facts) {
  static int piece = 0;
  records::Question question;
  question.piece = std::to_string(piece++);
  question.task = task;
  question.tag = tag;
  question.answer = answer;
  question.facts = facts.get<records::Facts>();
  return question;
}

const records::Tags& folk_tags() {
  static const auto tags = records::read_tags(records::kFolkTags);
  return tags;
}
std::vector<TagAccuracy> fact_accuracy(std::span<const records::Question> questions, std::span<const std::string> answers) {
  return eval::fact_accuracy(folk_tags(), questions, check_facts(folk_tags(), questions, answers));
}

const Json kFacts = {{"dance", "jig"}, {"key", "G major"}, {"meter", "6/8"}, {"composer", "unknown"}};

TEST(FactAccuracy, CountsWhatEachTextStates) {
  const std::vector<records::Question> questions = {question("qa", "key", "", kFacts), question("qa", "key", "", kFacts),
                                                    question("qa", "dance", "", kFacts),
                                                    question("caption", "caption", "A jig in G major, 6/8 time.", kFacts)};
  const std::vector<std::string> answers = {"It is in G major.", "It is in G minor.", "A reel.", "A jig in 6/8 and in D major."};
  const auto accuracy = fact_accuracy(questions, answers);
  ASSERT_EQ(accuracy.size(), 3U);
  EXPECT_EQ(accuracy[0].tag, "dance");
  EXPECT_EQ(accuracy[0].correct, 1);
  EXPECT_EQ(accuracy[0].total, 2);
  EXPECT_EQ(accuracy[1].tag, "key");
  EXPECT_EQ(accuracy[1].correct, 1);
  EXPECT_EQ(accuracy[1].total, 3);
  EXPECT_EQ(accuracy[2].tag, "meter");
  EXPECT_EQ(accuracy[2].correct, 1);
  EXPECT_EQ(accuracy[2].total, 1);
  EXPECT_DOUBLE_EQ(accuracy[1].value(), 1.0 / 3.0);
  // statsmodels 0.14: proportion_confint(1, 3, method="wilson")
  EXPECT_NEAR(accuracy[1].interval.low, 0.0614922, 1e-6);
  EXPECT_NEAR(accuracy[1].interval.high, 0.7923403, 1e-6);
}

TEST(FactAccuracy, IsLessCertainOfQuestionsAboutOnePiece) {
  std::vector<records::Question> questions(4, question("qa", "key", "", kFacts));
  const std::vector<std::string> answers = {"G major.", "G major.", "A minor.", "A minor."};
  for (std::size_t i = 0; i < questions.size(); ++i) questions[i].piece = i < 2 ? "one" : "other";
  const auto of_pieces = fact_accuracy(questions, answers)[0].interval;
  for (std::size_t i = 0; i < questions.size(); ++i) questions[i].piece = std::to_string(i);
  const auto of_questions = fact_accuracy(questions, answers)[0].interval;
  EXPECT_LT(of_pieces.low, of_questions.low);
  EXPECT_DOUBLE_EQ(of_pieces.low, metrics::wilson_interval(1, 2).low);
  EXPECT_DOUBLE_EQ(of_questions.low, metrics::wilson_interval(2, 4).low);
}

TEST(FactAccuracy, WantsAnAnswerForEachQuestion) {
  EXPECT_THROW(fact_accuracy(std::vector{question("qa", "key", "", kFacts)}, std::vector<std::string>{}), Error);
}

// The paper's tags come from a declaration: closed ones are right or wrong, numbers within their tolerance, free text is never counted.
TEST(FactAccuracy, OfTagsThatOnlyADeclarationKnows) {
  const auto tags = records::read_tags("configs/giantmidi/tags.yaml");
  const Json facts = {{"genre", "etude"}, {"tempo", "100"}, {"background", "Written in 1832."}, {"perceived emotion", "calm"}};
  const std::vector<records::Question> questions = {question("qa", "genre", "", facts), question("qa", "tempo", "", facts),
                                                    question("qa", "background", "", facts),
                                                    question("qa", "perceived emotion", "", facts)};
  const std::vector<std::string> answers = {"A study.", "It moves at 104 bpm.", "Nobody knows.", "It feels tense."};
  const auto accuracy = eval::fact_accuracy(tags, questions, check_facts(tags, questions, answers));
  ASSERT_EQ(accuracy.size(), 3U);
  EXPECT_EQ(accuracy[0].tag, "genre");
  EXPECT_EQ(accuracy[0].correct, 1);
  EXPECT_EQ(accuracy[1].tag, "perceived emotion");
  EXPECT_EQ(accuracy[1].correct, 0);
  EXPECT_EQ(accuracy[2].tag, "tempo");
  EXPECT_EQ(accuracy[2].correct, 1);
}

TEST(FactAccuracy, OfSeveralFactsAndOfYesAndNo) {
  auto both = question("qa", "key", "", kFacts);
  both.also = {"meter"};
  auto yes = question("qa", "key", "", kFacts);
  yes.yes_if = "major";
  auto later = question("qa", "dance", "", kFacts);
  later.earlier = {{"How high?", "High."}};
  const std::vector<records::Question> questions = {both, yes, yes, later};
  const std::vector<std::string> answers = {"In G major, the meter is 9/8.", "Yes, it is.", "It is in G major.", "A jig."};
  const auto all = fact_accuracy(questions, answers);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].tag, "key");
  EXPECT_EQ(all[1].correct, 2) << "an answer that says neither yes nor no is wrong";
  EXPECT_EQ(all[1].total, 3);

  const auto forms = accuracy_by_form(folk_tags(), questions, check_facts(folk_tags(), questions, answers));
  ASSERT_EQ(forms.size(), 3U);
  EXPECT_EQ(forms[0].form, "several-facts");
  EXPECT_EQ(forms[0].accuracy[0].correct, 1);
  EXPECT_EQ(forms[0].accuracy[1].correct, 0);
  EXPECT_EQ(forms[1].form, "yes-no");
  EXPECT_EQ(forms[1].accuracy[0].correct, 1);
  EXPECT_EQ(forms[1].accuracy[0].total, 2);
  EXPECT_EQ(forms[2].form, "later-turn");
  EXPECT_EQ(forms[2].accuracy[0].correct, 1);
}

}  // namespace
}  // namespace midillama::eval
