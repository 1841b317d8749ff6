#include "midillama/records/wording.h"

#include "midillama/core/error.h"
#include "midillama/records/stated_value.h"

#include <gtest/gtest.h>

namespace midillama::records {
namespace {

const Tags& folk_tags() {
  static const auto tags = read_tags(kFolkTags);
  return tags;
}

std::string fill(std::string_view wording, const Facts& facts) {
  return records::fill(wording, facts, folk_tags());
}
std::optional<std::string> stated_fact(std::string_view tag, std::string_view text) {
  return stated_value(folk_tags().at(tag), text);
}
const Tag& wordings(std::string_view tag) {
  return folk_tags().at(tag);
}
std::vector<std::string> tag_names() {
  return folk_tags().names();
}
const std::vector<std::string>& caption_openings() {
  return folk_tags().captions.parts.at(0).wordings;
}
const std::vector<std::string>& caption_closings() {
  return folk_tags().captions.parts.at(1).wordings;
}

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
      for (const auto& wording : wordings(tag).answers) {
        const auto answer = fill(wording, facts);
        EXPECT_EQ(stated_fact(tag, answer), facts.at(tag)) << answer;
      }
    }
  }
}

TEST(Wordings, EveryCaptionStatesEveryFactThatCanBeHeard) {
  for (const auto& facts : varied_facts()) {
    for (const auto& opening : caption_openings()) {
      for (const auto& closing : caption_closings()) {
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
  for (const auto& opening : caption_openings()) {
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

TEST(Wordings, ArticlesAreThoseOfSpeech) {
  const auto with_article = [](const std::string& value) { return fill("{a dance}", {{"dance", value}}); };
  for (const std::string value :
       {"Irish tune", "English", "E major", "F sharp minor", "A mixolydian", "8/8", "11/8", "18/8", "Österreicher", "allemande"})
    EXPECT_EQ(with_article(value), "An " + value);
  for (const std::string value :
       {"G major", "B flat minor", "C", "6/8", "12/8", "1/4", "European", "one-step", "unison", "Ländler", "reel"})
    EXPECT_EQ(with_article(value), "A " + value);
}

TEST(Wordings, EveryPartIsFilledInByItself) {
  const Facts facts = {{"key", "D major"}, {"meter", "6/8"}};
  EXPECT_EQ(fill("x[ {key} {tempo}][ {meter}] {dance|y}.", facts), "X 6/8 y.");
  EXPECT_EQ(fill("[{tempo} ][{key}]", facts), "D major");
  EXPECT_EQ(named_tags("{a key}[ {meter}] {key|x}"), (std::vector<std::string>{"key", "meter"}));
}

// What stands in braces or brackets alone would be trained on as it is.
TEST(Wordings, BracesAndBracketsComeInPairs) {
  for (const char* wording :
       {"It is {key", "It is key}.", "It is key].", "It is [{key}", "[in [{key}]]", "{register|[}", "{register|[}]", "{a {key}}", "{key[}"})
    EXPECT_THROW(named_tags(wording), Error) << wording;
}

}  // namespace
}  // namespace midillama::records
