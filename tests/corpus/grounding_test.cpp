#include "corpus/grounding.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::corpus {
namespace {

const Facts kFacts = {
    {"genre", "waltz"}, {"style", "Romantic"},         {"key", "F sharp minor"},
    {"tempo", "71.8"},  {"perceived emotion", "calm"}, {"background", "Composed in 1834 for a pupil in Paris, after a long journey."}};

class GroundingTest : public testing::Test {
 protected:
  std::string fault(const std::string& tag, const std::string& question, const std::string& answer) const {
    return grounding_.fault_of({"qa", tag, question, answer}, kFacts).kind;
  }
  std::string fault_of_caption(const std::string& caption) const {
    return grounding_.fault_of({"caption", "caption", "", caption}, kFacts).kind;
  }

  records::Tags tags_ = records::read_tags("configs/giantmidi/tags.yaml");
  Grounding grounding_{config::Writing{}, tags_};
};

TEST_F(GroundingTest, AnAnswerStatesItsValue) {
  EXPECT_EQ(fault("genre", "What do you hear?", "You hear a waltz."), "");
  EXPECT_EQ(fault("genre", "What do you hear?", "You hear a valse, for it is in three."), "") << "an alias";
  EXPECT_EQ(fault("genre", "What do you hear?", "You hear a march."), "not grounded");
  EXPECT_EQ(fault("genre", "What do you hear?", "You hear a lovely dance."), "not grounded");
  EXPECT_EQ(fault("key", "Where is home?", "It rests on F# minor."), "");
  EXPECT_EQ(fault("key", "Where is home?", "It rests on A major."), "not grounded");
  EXPECT_EQ(fault("tempo", "How fast is it?", "It moves at about 72 beats per minute."), "") << "within the tolerance";
  EXPECT_EQ(fault("tempo", "How fast is it?", "It moves at 90 beats per minute."), "not grounded");
}

TEST_F(GroundingTest, AnAnswerContradictsNoOtherFact) {
  EXPECT_EQ(fault("perceived emotion", "How does it feel?", "This waltz in F sharp minor feels calm."), "");
  EXPECT_EQ(fault("perceived emotion", "How does it feel?", "This nocturne feels calm."), "not grounded");
  EXPECT_EQ(fault("perceived emotion", "How does it feel?", "It feels calm, in 3/4 time."), "not grounded") << "the meter is not known";
}

TEST_F(GroundingTest, NoNameOrNumberComesFromElsewhere) {
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz by Chopin."), "not grounded");
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz of the 19th century."), "not grounded");
  EXPECT_EQ(fault("genre", "What is it?", "Calm waltz. Romantic, I think."), "") << "a sentence begins with a capital letter";
}

TEST_F(GroundingTest, AnAnswerStatesNoSecondValue) {
  for (const char* answer :
       {"It is a waltz, or rather a nocturne.", "It is either a waltz or a fugue.", "It is a waltz. A march comes later."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "not grounded") << answer;
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz, a valse for two."), "") << "twice the same";
  EXPECT_EQ(fault("key", "Where is home?", "It is in F sharp minor. C minor comes later."), "not grounded");
  EXPECT_EQ(fault("key", "Where is home?", "It begins in F# minor and ends in E flat major."), "not grounded");
  EXPECT_EQ(fault("tempo", "How fast is it?", "It moves at 72 bpm, then at 90 bpm."), "not grounded");
  EXPECT_EQ(fault("tempo", "How fast is it?", "It moves at 72 bpm, or 72 beats per minute."), "");
}

TEST_F(GroundingTest, NoValueOfAnyOtherTagIsStatedThatIsNotKnown) {
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz and it feels joyful and playful."), "not grounded");
  EXPECT_EQ(fault("genre", "What is it?", "It is a calm waltz in F sharp minor, at 72 bpm."), "");
  EXPECT_EQ(fault("genre", "What is it?", "It is a calm and tender waltz."), "not grounded") << "the second, too";
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz at 90 bpm."), "not grounded");
  EXPECT_EQ(fault_of_caption("A waltz that feels joyful."), "not grounded");
  EXPECT_EQ(fault("genre", "Which type of work is this, in D minor?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "The tempo is 90 bpm; what is it?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "What feels so joyful?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "What feels so calm in F# minor?", "It is a waltz."), "");
}

TEST_F(GroundingTest, AFactMayBeSaidInItsOwnWords) {
  const Facts facts = {{"perceived emotion", "calm"}, {"background", "It was not published before 1834, a gentle gift."}};
  const auto of = [&](const std::string& tag, const std::string& answer) {
    return grounding_.fault_of({"qa", tag, "What do you know?", answer}, facts).kind;
  };
  EXPECT_EQ(of("background", "It was not published before 1834, a gentle gift."), "");
  EXPECT_EQ(of("background", "As a gentle gift, it was not published before 1834."), "");
  EXPECT_EQ(of("background", "It was published in 1834, a gentle gift, not before."), "not grounded");
  EXPECT_EQ(of("perceived emotion", "It is not joyful but calm."), "not grounded");
}

TEST_F(GroundingTest, NamesAreToldInEveryScriptAndAtTheBeginningOfASentence) {
  for (const char* name :
       {"Frédéric Chopin", "Чайковский, Пётр", "Antonín Dvořák", "A. Berg", "The Beatles", "Turlough O'Carolan", "de la Rue"})
    grounding_.add_composer(name);
  for (const char* answer :
       {"Chopin wrote this waltz.", "It is a waltz. Chopin's pupil got it.", "Chopin’s waltz.", "Чайковский wrote this waltz.",
        "It is a waltz for Élise.", "It is a waltz by Чайковский.", "Dvorak wrote this waltz.", "It is a waltz by B.", "Berg: a waltz.",
        "O'Carolan made this waltz.", "BEATLES made this waltz."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "not grounded") << answer;
  for (const char* answer : {"The waltz.", "A waltz.", "I hear a waltz, and I'd say it is calm.", "It is a waltz at 72 BPM.",
                             "De facto a waltz.", "Écoutez: a waltz."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "") << answer;
  EXPECT_EQ(fault("genre", "Which type of work by Beethoven is it?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "Chopin wrote what?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault_of_caption("Chopin's waltz, calm and Romantic."), "not grounded");
  EXPECT_EQ(
      grounding_
          .fault_of({"qa", "background", "Who was it for?", "Chopin wrote it in Paris."}, {{"background", "Chopin wrote it in Paris."}})
          .kind,
      "");
}

TEST_F(GroundingTest, NumbersInWordsAreNumbers) {
  for (const char* answer :
       {"It is a waltz at ninety beats per minute.", "It is a waltz in three-four time.", "It is a waltz at sixty bpm.",
        "It is a waltz of six beats per minute.", "It is a waltz from eighteen hundred and ninety.",
        "It is a waltz of the nineteenth century.", "It is a waltz in three time.", "It is a waltz with two sharps."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "not grounded") << answer;
  EXPECT_EQ(fault("genre", "What is it?", "It is a waltz, for one hears three parts and a second theme."), "") << "everyday senses";
  const Facts in_three = {{"genre", "waltz"}, {"time signature", "3/4"}};
  EXPECT_EQ(grounding_.fault_of({"qa", "genre", "What is it?", "It is a waltz in three-four time."}, in_three).kind, "");
  EXPECT_EQ(grounding_.fault_of({"qa", "genre", "What is it?", "It is a waltz in six-eight time."}, in_three).kind, "not grounded");
  EXPECT_EQ(fault("genre", "Which work of 1890 is it?", "It is a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "In 20 words, what is it?", "It is a waltz."), "");
}

TEST_F(GroundingTest, NothingIsDenied) {
  for (const char* answer : {"It is not a waltz.", "I do not hear a waltz here.", "It isn't a waltz.", "It isn’t a waltz.",
                             "It can never be a waltz.", "It is no waltz.", "It cannot be a waltz.", "I am not sure, but perhaps a waltz."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "not grounded") << answer;
  EXPECT_EQ(fault_of_caption("This is not a waltz."), "not grounded");
  EXPECT_EQ(fault("genre", "Isn't it a march?", "It is a waltz."), "");
}

TEST_F(GroundingTest, TextsHaveWords) {
  for (const char* question : {"???", "… !", "1?"}) EXPECT_EQ(fault("genre", question, "It is a waltz."), "missing") << question;
  EXPECT_EQ(fault("background", "What?", "♪ …"), "missing");
  EXPECT_EQ(fault_of_caption("--- ♫"), "missing");
  EXPECT_EQ(fault("genre", "何?", "It is a waltz."), "");
}

TEST_F(GroundingTest, FreeTextStaysWithItsFact) {
  const std::string question = "How did it come about?";
  EXPECT_EQ(fault("background", question, "It was composed for a pupil in Paris in 1834, after a journey."), "");
  EXPECT_EQ(fault("background", question, "It was composed for a pupil in Vienna."), "not grounded");
  EXPECT_EQ(fault("background", question, "It was composed for a pupil in 1835."), "not grounded");
  EXPECT_EQ(fault("background", question, "The melody wanders through soft harmonies while the left hand keeps dancing."), "not grounded");
}

TEST_F(GroundingTest, AQuestionDoesNotGiveItsAnswerAway) {
  EXPECT_EQ(fault("genre", "Why is this waltz so slow?", "It is a waltz."), "gives the answer away");
  EXPECT_EQ(fault("genre", "Is this a march?", "It is a waltz."), "");
  EXPECT_EQ(fault("key", "Is it in F# minor?", "It is in F sharp minor."), "gives the answer away");
}

TEST_F(GroundingTest, SpeaksOfMusicOnly) {
  EXPECT_EQ(fault("genre", "What is it?", "Based on the given data, it is a waltz."), "speaks of other things");
  EXPECT_EQ(fault("genre", "What genre is the MIDI file?", "It is a waltz."), "speaks of other things");
  EXPECT_EQ(fault("genre", "What is it?", "As an AI, I hear a waltz."), "speaks of other things");
  for (const char* answer : {"As the given description states, it is a waltz.", "From what I was told, it is a waltz.",
                             "According to the information, it is a waltz.", "It is a waltz, by the description provided."})
    EXPECT_EQ(fault("genre", "What is it?", answer), "speaks of other things") << answer;
  EXPECT_EQ(fault("genre", " ", "It is a waltz."), "missing");
}

TEST_F(GroundingTest, ACaptionStatesFactsAndNoOthers) {
  EXPECT_EQ(fault_of_caption("A calm waltz in F sharp minor at about 72 bpm."), "");
  EXPECT_EQ(fault_of_caption("A calm mazurka in F sharp minor."), "not grounded");
  EXPECT_EQ(fault_of_caption("A calm waltz in the manner of Chopin."), "not grounded");
  EXPECT_EQ(fault_of_caption("Some music."), "not grounded");
  EXPECT_EQ(fault_of_caption(""), "missing");
}

// Every value of every tag, as far as it is told from the facts beside it.
TEST(Grounding, WhatTheTemplatesAnswerHolds) {
  for (const char* file : {"configs/giantmidi/tags.yaml", "configs/midi/tags.yaml", records::kFolkTags}) {
    const auto tags = records::read_tags(file);
    const Grounding grounding(config::Writing{}, tags);
    config::Corpus config;
    config.questions_per_tag = 10;
    config.captions = 10;
    const TemplateWriter writer(config, tags);
    for (std::size_t i = 0; i < 40; ++i) {
      ClipFacts clip{.id = std::to_string(i), .facts = {}};
      for (const auto& tag : tags.tags) {
        if (tag.kind == "closed") clip.facts[tag.name] = tag.values[i % tag.values.size()].value;
        if (tag.kind == "key") clip.facts[tag.name] = i % 2 == 0 ? "B flat minor" : "A mixolydian";
        if (tag.kind == "meter") clip.facts[tag.name] = i % 2 == 0 ? "6/8" : "2/4";
        if (tag.kind == "number") clip.facts[tag.name] = "71.8";
        if (tag.kind == "text")
          clip.facts[tag.name] = "Fryderyk never wrote a calm or lively song for two, not in 1834 nor in his eighteenth year.";
      }
      Random random(i);
      for (const auto& text : writer.write(clip, random)) {
        if (!text.also.empty() || !text.yes_if.empty()) continue;
        const auto fault = grounding.fault_of(text, clip.facts);
        EXPECT_TRUE(fault.is_none() || fault.kind == "gives the answer away") << file << ": " << text.answer << ": " << fault.what;
      }
    }
  }
}

TEST(Grounding, WordingsThatAreHeldBackAreNotAskedInTraining) {
  const auto tags = records::read_tags(records::kFolkTags);
  const Grounding grounding(config::Writing{}, tags);
  const auto tag = std::ranges::find_if(tags.tags, [](const records::Tag& one) { return one.name == "key" && !one.unseen.empty(); });
  ASSERT_NE(tag, tags.tags.end());
  const auto fault = grounding.fault_of({"qa", "key", tag->unseen.front(), "It is in G major."}, {{"key", "G major"}});
  EXPECT_EQ(fault.kind, "held back");
}

}  // namespace
}  // namespace midillama::corpus
