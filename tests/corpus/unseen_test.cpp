#include "corpus/unseen.h"

#include "midillama/corpus/question_writer.h"
#include "midillama/records/form.h"
#include "midillama/records/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace midillama::corpus {
namespace {

using records::Form;

const Facts kFacts = {{"dance", "jig"},  {"key", "G minor"},  {"meter", "6/8"},    {"origin", "Ireland"},
                      {"tempo", "slow"}, {"register", "low"}, {"density", "dense"}};

constexpr const char* kSmolTags = "configs/folk-smollm2/tags.yaml";

std::vector<QuestionAnswer> unseen(const std::string& tag_file, std::uint64_t seed) {
  Random random(seed);
  return TemplateWriter({}, records::read_tags(tag_file)).write_unseen({"clip", kFacts}, random);
}

records::Question record(const QuestionAnswer& written) {
  records::Question question;
  question.task = written.task;
  question.tag = written.tag;
  question.question = written.question;
  question.answer = written.answer;
  question.facts = kFacts;
  question.also = written.also;
  question.yes_if = written.yes_if;
  question.earlier = written.earlier;
  return question;
}

TEST(Unseen, EveryFormIsWrittenAndTrue) {
  const auto tags = records::read_tags(records::kFolkTags);
  std::map<Form, int> forms;
  for (const auto& written : unseen(records::kFolkTags, 1)) {
    const auto question = record(written);
    ++forms[records::form_of(question)];
    EXPECT_THAT(records::mistakes_in_facts(question, tags), testing::IsEmpty()) << question.question << question.answer;
  }
  EXPECT_EQ(forms[Form::one_fact], 7);
  EXPECT_EQ(forms[Form::several_facts], 1);
  EXPECT_EQ(forms[Form::later_turn], 1);
  EXPECT_EQ(forms[Form::yes_no], 11) << "of them the dataset keeps as many of either answer";
}

TEST(Unseen, NoWordingIsOneOfTraining) {
  for (const char* file : {records::kFolkTags, kSmolTags}) {
    const TemplateWriter writer({}, records::read_tags(file));
    std::set<std::string> trained;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      Random random(seed);
      for (const auto& written : writer.write({"clip", kFacts}, random)) trained.insert(records::plain_words(written.question));
    }
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      for (const auto& written : unseen(file, seed))
        EXPECT_FALSE(trained.contains(records::plain_words(written.question))) << written.question;
    }
  }
}

// Both decoders are asked the same.
TEST(Unseen, TheLanguageModelsTagsAskTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto folk = unseen(records::kFolkTags, seed), smol = unseen(kSmolTags, seed);
    ASSERT_EQ(folk.size(), smol.size());
    for (std::size_t i = 0; i < folk.size(); ++i) {
      EXPECT_EQ(folk[i].question, smol[i].question);
      if (folk[i].yes_if.empty()) {
        EXPECT_EQ(folk[i].answer, smol[i].answer);
      } else {
        EXPECT_EQ(records::said_of_yes_no(folk[i].answer), records::said_of_yes_no(smol[i].answer));
      }
      EXPECT_EQ(folk[i].earlier.size(), smol[i].earlier.size());
    }
  }
  const auto folk = records::read_tags(records::kFolkTags), smol = records::read_tags(kSmolTags);
  ASSERT_EQ(folk.names(), smol.names());
  for (const auto& name : folk.names()) {
    const auto& trained = smol.at(name).questions;
    EXPECT_EQ(smol.at(name).phrases.size(), folk.at(name).phrases.size());
    for (const auto& question : folk.at(name).questions) EXPECT_THAT(trained, testing::Contains(question));
  }
}

TEST(Unseen, TrainingHasItsOwnQuestionsOfYesAndNo) {
  const auto tags = records::read_tags(kSmolTags);
  const TemplateWriter writer({}, tags);
  std::map<Form, int> forms;
  int yes = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    for (const auto& written : writer.write({"clip", kFacts}, random)) {
      const auto question = record(written);
      if (question.task == "caption") continue;
      ++forms[records::form_of(question)];
      yes += records::said_of_yes_no(question.answer) == "yes" && !question.yes_if.empty() ? 1 : 0;
      EXPECT_THAT(records::mistakes_in_facts(question, tags), testing::IsEmpty()) << question.question;
    }
  }
  EXPECT_EQ(forms[Form::yes_no], 400);
  EXPECT_EQ(forms[Form::several_facts], 400);
  EXPECT_NEAR(yes, 200, 40);
}

TEST(Unseen, YesIsRightAsOftenAsNo) {
  std::vector<records::Question> questions;
  for (int i = 0; i < 300; ++i) {
    records::Question question;
    question.id = std::to_string(i);
    question.tag = "key";
    question.answer = i % 5 == 0 ? "Yes." : "No.";
    if (i % 10 != 1) question.yes_if = i % 2 == 0 ? "minor" : "G";
    question.facts = {{"key", i % 5 == 0 ? "G minor" : "D major"}};
    questions.push_back(question);
  }
  const auto kept = balanced(questions, 1);
  std::map<std::string, int> count;
  for (const auto& question : kept) ++count[question.yes_if + question.answer];
  EXPECT_EQ(count["No."], 30) << "what is not asked for yes or no stays";
  EXPECT_EQ(count["minorYes."], 30);
  EXPECT_EQ(count["minorNo."], 30);
  EXPECT_EQ(count["GYes."], 30);
  EXPECT_EQ(count["GNo."], 30);
  EXPECT_TRUE(std::ranges::is_sorted(kept, {}, [](const auto& question) { return std::stoi(question.id); }));
  EXPECT_EQ(balanced(kept, 2).size(), kept.size());
}

}  // namespace
}  // namespace midillama::corpus
