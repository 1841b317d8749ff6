#include "systems/most_frequent.h"

#include "midillama/systems/checked_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::systems {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

records::Question question(const std::string& task, const std::string& tag, const std::string& answer, const Json& facts) {
  records::Question question;
  question.task = task;
  question.tag = tag;
  question.answer = answer;
  if (facts.is_object()) question.facts = facts.get<records::Facts>();
  return question;
}

const records::Tags& folk_tags() {
  static const auto tags = records::read_tags(records::kFolkTags);
  return tags;
}
records::Facts checked_facts(const records::Question& question) {
  return systems::checked_facts(folk_tags(), question);
}
std::map<std::string, std::string> most_frequent_answers(std::span<const records::Question> training, const std::string& task) {
  return systems::most_frequent_answers(folk_tags(), training, task);
}

const Json kFacts = {{"dance", "jig"}, {"key", "G major"}, {"meter", "6/8"}, {"composer", "unknown"}};

TEST(CheckedFacts, AQuestionIsCheckedForItsOwnTag) {
  EXPECT_THAT(checked_facts(question("qa", "key", "", kFacts)), ElementsAre(Pair("key", "G major")));
  EXPECT_THAT(checked_facts(question("qa", "tempo", "", kFacts)), ElementsAre());
  EXPECT_THAT(checked_facts(question("qa", "composer", "", kFacts)), ElementsAre()) << "no reader knows this tag";
  EXPECT_THAT(checked_facts(question("qa", "key", "", "no object")), ElementsAre());
}

TEST(CheckedFacts, ACaptionIsCheckedForTheFactsThatTheTrueOneStates) {
  EXPECT_THAT(checked_facts(question("caption", "caption", "A jig in G major.", kFacts)),
              UnorderedElementsAre(Pair("dance", "jig"), Pair("key", "G major")));
  EXPECT_THAT(checked_facts(question("caption", "caption", "A lively tune.", kFacts)), ElementsAre());
}

TEST(MostFrequentAnswers, ValueFirstThenWording) {
  const Json g = {{"key", "G major"}};
  const Json d = {{"key", "D major"}};
  const std::vector<records::Question> training = {
      question("qa", "key", "D major.", d),    question("qa", "key", "D major.", d),
      question("qa", "key", "In G major.", g), question("qa", "key", "It is G major.", g),
      question("qa", "key", "In G major.", g), question("qa", "dance", "A reel.", {{"dance", "reel"}})};
  EXPECT_THAT(most_frequent_answers(training, "qa"), UnorderedElementsAre(Pair("key", "In G major."), Pair("dance", "A reel.")));
  EXPECT_THAT(most_frequent_answers(training, "caption"), ElementsAre());
}

TEST(MostFrequentAnswers, ACaptionIsOfTheMostFrequentFacts) {
  const Json reel = {{"dance", "reel"}, {"key", "G major"}};
  const Json jig = {{"dance", "jig"}, {"key", "G major"}};
  const std::vector<records::Question> training = {question("caption", "caption", "A jig, B.", jig),
                                                   question("caption", "caption", "A jig, A.", jig),
                                                   question("caption", "caption", "A reel.", reel)};
  EXPECT_THAT(most_frequent_answers(training, "caption"), ElementsAre(Pair("caption", "A jig, A.")));
}

}  // namespace
}  // namespace midillama::systems
