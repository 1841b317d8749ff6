#include "systems/most_frequent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::systems {
namespace {

records::Question question(const std::string& task, const std::string& tag, const std::string& answer, const Json& facts) {
  records::Question question;
  question.task = task;
  question.tag = tag;
  question.answer = answer;
  if (facts.is_object()) question.facts = facts.get<records::Facts>();
  return question;
}

records::EachQuestion each_of(std::vector<records::Question> questions) {
  return [questions = std::move(questions)](const records::OnQuestion& record) { std::ranges::for_each(questions, record); };
}

const records::Tags& folk_tags() {
  static const auto tags = records::read_tags(records::kFolkTags);
  return tags;
}
records::Question asked(const std::string& task, const std::string& tag, std::vector<std::string> also = {},
                        const std::string& yes_if = "") {
  auto result = question(task, tag, "", {});
  result.also = std::move(also);
  result.yes_if = yes_if;
  return result;
}

TEST(MostFrequentAnswers, ValueFirstThenWording) {
  const Json g = {{"key", "G major"}};
  const Json d = {{"key", "D major"}};
  const std::vector<records::Question> training = {
      question("qa", "key", "D major.", d),    question("qa", "key", "D major.", d),
      question("qa", "key", "In G major.", g), question("qa", "key", "It is G major.", g),
      question("qa", "key", "In G major.", g), question("qa", "dance", "A reel.", {{"dance", "reel"}})};
  const MostFrequentAnswers answers(folk_tags(), each_of(training));
  EXPECT_EQ(answers.to(asked("qa", "key")), "In G major.");
  EXPECT_EQ(answers.to(asked("qa", "dance")), "A reel.");
  EXPECT_EQ(answers.to(asked("qa", "meter")), "");
  EXPECT_EQ(answers.to(asked("caption", "caption")), "");
}

TEST(MostFrequentAnswers, ACaptionIsOfTheMostFrequentFacts) {
  const Json reel = {{"dance", "reel"}, {"key", "G major"}};
  const Json jig = {{"dance", "jig"}, {"key", "G major"}};
  const std::vector<records::Question> training = {question("caption", "caption", "A jig, B.", jig),
                                                   question("caption", "caption", "A jig, A.", jig),
                                                   question("caption", "caption", "A reel.", reel)};
  EXPECT_EQ(MostFrequentAnswers(folk_tags(), each_of(training)).to(asked("caption", "caption")), "A jig, A.");
}

// A control that answers another kind of question than is asked makes the music seem to bring more than it does.
TEST(MostFrequentAnswers, EachKindOfQuestionHasItsOwn) {
  const auto training_question = [](const std::string& tag, const std::string& answer, const Json& facts, std::vector<std::string> also,
                                    const std::string& yes_if) {
    auto result = question("qa", tag, answer, facts);
    result.also = std::move(also);
    result.yes_if = yes_if;
    return result;
  };
  const Json minor = {{"key", "G minor"}, {"dance", "jig"}};
  const Json major = {{"key", "G major"}, {"dance", "reel"}};
  const std::vector<records::Question> training = {training_question("key", "G minor.", minor, {}, ""),
                                                   training_question("key", "G minor.", minor, {}, ""),
                                                   training_question("key", "G major.", major, {}, ""),
                                                   training_question("dance", "A reel.", major, {}, ""),
                                                   training_question("key", "No.", major, {}, "minor"),
                                                   training_question("key", "No, it is not.", major, {}, "minor"),
                                                   training_question("key", "No, it is not.", major, {}, "minor"),
                                                   training_question("key", "Yes.", minor, {}, "minor"),
                                                   training_question("key", "A reel in G major.", major, {"dance"}, "")};
  const MostFrequentAnswers answers(folk_tags(), each_of(training));
  EXPECT_EQ(answers.to(asked("qa", "key")), "G minor.");
  EXPECT_EQ(answers.to(asked("qa", "key", {}, "minor")), "No, it is not.");
  EXPECT_EQ(answers.to(asked("qa", "dance", {"key"})), "A reel in G major.") << "the same facts in another order";
  EXPECT_EQ(answers.to(asked("qa", "key", {}, "G")), "Yes.") << "as the facts asked for have it, where training never asks that";
  EXPECT_EQ(answers.to(asked("qa", "key", {}, "major")), "No.");

  const MostFrequentAnswers of_one_fact(folk_tags(), each_of({training.begin(), training.begin() + 4}));
  EXPECT_EQ(of_one_fact.to(asked("qa", "key", {"dance"})), "A reel. G minor.");
  EXPECT_EQ(of_one_fact.to(asked("qa", "tempo", {}, "slow")), "");
}

}  // namespace
}  // namespace midillama::systems
