#include "corpus/wordings.h"
#include "midillama/core/error.h"
#include "midillama/corpus/question_writer.h"

#include <gtest/gtest.h>

#include <set>

namespace midillama::corpus {
namespace {

const Facts kFacts = {{"dance", "slip jig"}, {"key", "F sharp minor"}, {"meter", "9/8"},    {"origin", "United States"},
                      {"tempo", "moderate"}, {"register", "low"},      {"density", "dense"}};

// Values of every kind: words with articles, of several words, of several classes.
std::vector<Facts> varied_facts() {
  std::vector<Facts> all = {kFacts};
  all.push_back({{"dance", "allemande"},
                 {"key", "B flat major"},
                 {"meter", "2/2"},
                 {"origin", "Ireland"},
                 {"tempo", "slow"},
                 {"register", "high"},
                 {"density", "sparse"}});
  all.push_back({{"dance", "highland fling"},
                 {"key", "A mixolydian"},
                 {"meter", "12/8"},
                 {"origin", "Netherlands"},
                 {"tempo", "fast"},
                 {"register", "middle"},
                 {"density", "medium"}});
  return all;
}

TEST(Wordings, EveryTagHasSeveral) {
  for (const auto& tag : tag_names()) {
    EXPECT_GE(wordings(tag).questions.size(), 4u) << tag;
    EXPECT_GE(wordings(tag).answers.size(), 3u) << tag;
  }
}

TEST(Wordings, EveryAnswerStatesItsFact) {
  for (const auto& facts : varied_facts()) {
    for (const auto& tag : tag_names()) {
      for (const auto wording : wordings(tag).answers) {
        const auto answer = fill(wording, facts);
        EXPECT_EQ(stated_fact(tag, answer), facts.at(tag)) << answer;
      }
    }
  }
}

TEST(Wordings, EveryCaptionStatesEveryFactThatCanBeHeard) {
  for (const auto& facts : varied_facts()) {
    for (const auto opening : caption_openings()) {
      for (const auto closing : caption_closings()) {
        const auto caption = fill(opening, facts) + fill(closing, facts);
        for (const std::string tag : {"dance", "key", "meter", "tempo", "register", "density"}) {
          EXPECT_EQ(stated_fact(tag, caption), facts.at(tag)) << caption;
        }
        EXPECT_EQ(stated_fact("origin", caption), std::nullopt) << caption;
      }
    }
  }
}

TEST(Wordings, ACaptionStatesNoFactThatIsNotKnown) {
  for (const auto opening : caption_openings()) {
    const auto caption = fill(opening, {{"register", "low"}, {"density", "dense"}});
    for (const std::string tag : {"dance", "key", "meter", "tempo", "origin"})
      EXPECT_EQ(stated_fact(tag, caption), std::nullopt) << caption;
    EXPECT_EQ(caption.find_first_of("{}[]"), std::string::npos) << caption;
  }
}

TEST(Wordings, FillsArticlesAndLeavesOutWhatIsNotKnown) {
  EXPECT_EQ(fill("this is {a dance}[ in {key}].", {{"dance", "allemande"}}), "This is an allemande.");
  EXPECT_EQ(fill("{a dance}[ in {key}].", {{"key", "D major"}}), "A tune in D major.");
  EXPECT_EQ(fill("In {the origin}.", {{"origin", "United States"}}), "In the United States.");
  EXPECT_THROW(fill("In {key}.", {}), Error);
}

std::vector<QuestionAnswer> write(const config::Corpus& config, const Facts& facts, std::uint64_t seed = 1) {
  Random random(seed);
  return TemplateWriter(config).write({"clip", facts}, random);
}

TEST(TemplateWriter, AsksAboutEveryKnownTagAndCaptions) {
  const auto written = write({}, {{"key", "G major"}, {"register", "low"}, {"density", "dense"}});
  ASSERT_EQ(written.size(), 4u);
  EXPECT_EQ(written[0].tag, "key");
  EXPECT_EQ(written[0].task, "qa");
  EXPECT_EQ(written[3].tag, "caption");
  EXPECT_EQ(written[3].task, "caption");
}

TEST(TemplateWriter, AsksAboutConfiguredTagsOnly) {
  config::Corpus config;
  config.tags = {"meter"};
  config.captions = 0;
  const auto written = write(config, kFacts);
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(written[0].tag, "meter");
}

TEST(TemplateWriter, QuestionsOfATagDiffer) {
  config::Corpus config;
  config.tags = {"key"};
  config.questions_per_tag = 3;
  config.captions = 0;
  std::set<std::string> questions;
  for (const auto& written : write(config, kFacts)) questions.insert(written.question);
  EXPECT_EQ(questions.size(), 3u);
}

TEST(TemplateWriter, TheSameSeedWritesTheSame) {
  const auto text = [](std::uint64_t seed) {
    std::string all;
    for (const auto& written : write({}, kFacts, seed)) all += written.question + written.answer;
    return all;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

}  // namespace
}  // namespace midillama::corpus
