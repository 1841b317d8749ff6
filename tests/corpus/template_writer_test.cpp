#include "midillama/corpus/question_writer.h"

#include <gtest/gtest.h>

#include <set>

namespace midillama::corpus {
namespace {

const Facts kFacts = {{"dance", "slip jig"}, {"key", "F sharp minor"}, {"meter", "9/8"},    {"origin", "United States"},
                      {"tempo", "moderate"}, {"register", "low"},      {"density", "dense"}};

std::vector<QuestionAnswer> write(const config::Corpus& config, const Facts& facts, std::uint64_t seed = 1) {
  Random random(seed);
  return TemplateWriter(config, records::read_tags(records::kFolkTags)).write({"clip", facts}, random);
}

TEST(TemplateWriter, AsksAboutEveryKnownTagAndCaptions) {
  const auto written = write({}, {{"key", "G major"}, {"register", "low"}, {"density", "dense"}});
  ASSERT_EQ(written.size(), 4u);
  EXPECT_EQ(written[0].tag, "key");
  EXPECT_EQ(written[0].task, "qa");
  EXPECT_EQ(written[3].tag, "caption");
  EXPECT_EQ(written[3].task, "caption");
}

TEST(TemplateWriter, ACaptionThatStatesNothingIsNotWritten) {
  EXPECT_TRUE(write({}, {}).empty());
  const auto tags = records::read_tags("configs/giantmidi/tags.yaml");
  const auto captions = [&](const Facts& facts) {
    std::set<std::string> texts;
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      Random random(seed);
      for (const auto& written : TemplateWriter({}, tags).write({"clip", facts}, random)) {
        if (written.task == "caption") texts.insert(written.answer);
      }
    }
    return texts;
  };
  EXPECT_TRUE(captions({}).empty());
  EXPECT_EQ(captions({{"key", "G major"}}), (std::set<std::string>{"A piece, in G major.", "This is a piece in G major."}));
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

// Kind C20: one clip without a fact that a caption's part needs.
TEST(TemplateWriter, ACaptionsPartThatNeedsAnUnknownFactIsLeftOut) {
  const auto tags = records::parse_tags(
      "tags:\n  - {name: mood, kind: closed, values: [{value: sad}, {value: gay}]}\n  - {name: key, kind: key}\n"
      "captions: {questions: [\"Well?\"], parts: [{wordings: [\"A {mood} piece.\"]}, {wordings: [\" It is in {key}.\"]}]}\n",
      "tags.yaml");
  const TemplateWriter writer({}, tags);
  const auto caption = [&](const Facts& facts) {
    Random random(1);
    const auto written = writer.write({"clip", facts}, random);
    return written.empty() ? "" : written.back().answer;
  };
  EXPECT_EQ(caption({{"key", "G major"}}), " It is in G major.");
  EXPECT_EQ(caption({{"mood", "sad"}}), "A sad piece.");
  EXPECT_EQ(caption({}), "");
}

}  // namespace
}  // namespace midillama::corpus
