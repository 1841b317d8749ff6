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

 private:
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
  EXPECT_EQ(fault("genre", " ", "It is a waltz."), "missing");
}

TEST_F(GroundingTest, ACaptionStatesFactsAndNoOthers) {
  EXPECT_EQ(fault_of_caption("A calm waltz in F sharp minor at about 72 bpm."), "");
  EXPECT_EQ(fault_of_caption("A calm mazurka in F sharp minor."), "not grounded");
  EXPECT_EQ(fault_of_caption("A calm waltz in the manner of Chopin."), "not grounded");
  EXPECT_EQ(fault_of_caption("Some music."), "not grounded");
  EXPECT_EQ(fault_of_caption(""), "missing");
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
