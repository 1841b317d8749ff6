#include "midillama/records/checked_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::records {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

const Tags& folk_tags() {
  static const auto tags = read_tags(kFolkTags);
  return tags;
}

Question question(const std::string& task, const std::string& tag, const std::string& answer, const Facts& facts) {
  Question question;
  question.task = task;
  question.tag = tag;
  question.answer = answer;
  question.facts = facts;
  return question;
}

Facts facts_of(const Question& question) {
  return checked_facts(folk_tags(), question);
}

const Facts kFacts = {{"dance", "jig"}, {"key", "G major"}, {"meter", "6/8"}, {"composer", "unknown"}};

TEST(CheckedFacts, AQuestionIsCheckedForItsOwnTag) {
  EXPECT_THAT(facts_of(question("qa", "key", "", kFacts)), ElementsAre(Pair("key", "G major")));
  EXPECT_THAT(facts_of(question("qa", "tempo", "", kFacts)), ElementsAre());
  EXPECT_THAT(facts_of(question("qa", "composer", "", kFacts)), ElementsAre()) << "no reader knows this tag";
  EXPECT_THAT(facts_of(question("qa", "key", "", {})), ElementsAre());
}

TEST(CheckedFacts, ACaptionIsCheckedForTheFactsThatTheTrueOneStates) {
  EXPECT_THAT(facts_of(question("caption", "caption", "A jig in G major.", kFacts)),
              UnorderedElementsAre(Pair("dance", "jig"), Pair("key", "G major")));
  EXPECT_THAT(facts_of(question("caption", "caption", "A lively tune.", kFacts)), ElementsAre());
}

TEST(WrongFacts, AreThoseThatAnAnswerStatesWronglyOrNotAtAll) {
  const auto wrong = [](const Question& question, const std::string& text) { return wrong_facts(folk_tags(), question, text); };
  const Question key = question("qa", "key", "G major.", kFacts);
  EXPECT_THAT(wrong(key, "It is in G major."), ElementsAre());
  EXPECT_THAT(wrong(key, "It is in G minor."), ElementsAre("key"));
  EXPECT_THAT(wrong(key, ""), ElementsAre("key"));
  const Question caption = question("caption", "caption", "A jig in G major.", kFacts);
  EXPECT_THAT(wrong(caption, "A jig in 6/8."), ElementsAre("key"));
  EXPECT_THAT(wrong(caption, "A reel in D major."), ElementsAre("dance", "key")) << "in the order of the tags";
}

TEST(WrongFacts, OfAQuestionOfYesOrNoAreJudgedByTheseWords) {
  Question minor = question("qa", "key", "No.", kFacts);
  minor.yes_if = "minor";
  EXPECT_THAT(wrong_facts(folk_tags(), minor, "No, it is not."), ElementsAre());
  EXPECT_THAT(wrong_facts(folk_tags(), minor, "Yes."), ElementsAre("key"));
}

}  // namespace
}  // namespace midillama::records
