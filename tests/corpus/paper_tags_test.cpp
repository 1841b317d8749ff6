// The paper's tags need no C++: a declaration alone builds, reads and checks them.
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/question_writer.h"
#include "midillama/midi/file.h"
#include "midillama/records/stated_value.h"
#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::corpus {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPaperTags = "configs/giantmidi/tags.yaml";

const Facts kFacts = {{"genre", "nocturne"},
                      {"style", "Romantic"},
                      {"background", "Written in Paris in 1832 and dedicated to a pupil."},
                      {"expressive intent", "A song of the night, tender and remote."},
                      {"perceived emotion", "melancholic"},
                      {"key", "E flat major"},
                      {"time signature", "12/8"},
                      {"tempo", "66"}};

config::Corpus all_tags() {
  config::Corpus config;
  config.tag_file = kPaperTags;
  config.tags = {};
  config.questions_per_tag = 2;
  config.captions = 2;
  return config;
}

class PaperTags : public testing::Test {
 protected:
  PaperTags() {
    write_atomically(folder_.path() / "tags.yaml", tags_.text);
    for (const std::string split : {"train", "valid", "test"}) write_split(split);
  }

  void write_split(const std::string& split) {
    midi::write_midi(random_score(split.size() + static_cast<std::uint64_t>(split[0]), 64), folder_.path() / (split + ".mid"));
    Random random(1);
    std::string lines;
    int number = 0;
    for (const auto& written : TemplateWriter(all_tags(), tags_).write({split, kFacts}, random)) {
      lines += json_line(records::to_json({split + std::to_string(++number), split, split + ".mid", 0, 16, written.task, written.tag,
                                           written.question, written.answer, kFacts, ""},
                                          tags_.names()));
    }
    write_atomically(folder_.path() / (split + ".jsonl"), lines);
  }

  TemporaryDirectory folder_;
  records::Tags tags_ = records::read_tags(kPaperTags);
};

TEST_F(PaperTags, AreAskedAboutAndPassTheCheck) {
  EXPECT_THAT(check_dataset(folder_.path()), IsEmpty());
  std::set<std::string> asked;
  for (const auto& question : records::read_questions(folder_.path(), "train")) asked.insert(question.tag);
  for (const auto& tag : tags_.names()) EXPECT_THAT(asked, Contains(tag));
  EXPECT_THAT(asked, Contains("caption"));
}

TEST_F(PaperTags, ClosedOnesAreHeldToTheirFacts) {
  const auto file = folder_.path() / "train.jsonl";
  auto text = read_text(file);
  text.replace(text.find("nocturne."), 9, "a mazurka");
  write_atomically(file, text);
  EXPECT_THAT(check_dataset(folder_.path()), Contains(HasSubstr("does not state the fact \"nocturne\"")));
}

TEST_F(PaperTags, ValuesAreFoundInOtherWords) {
  const auto stated = [&](const char* tag, const char* text) { return records::stated_value(tags_.at(tag), text).value_or(""); };
  EXPECT_EQ(stated("genre", "This is a prelude and fugue in C minor."), "prelude and fugue");
  EXPECT_EQ(stated("style", "a work of late Romanticism? No: of the late romantic style"), "Romantic");
  EXPECT_EQ(stated("perceived emotion", "It sounds wistful."), "melancholic");
  EXPECT_EQ(stated("time signature", "in common time"), "4/4");
  EXPECT_EQ(stated("tempo", "about 72.5 BPM"), "72.5");
  EXPECT_EQ(stated("background", "Written in 1832."), "");
}

// What a source states under other names becomes the tags' facts.
TEST_F(PaperTags, AreBuiltFromMidiFiles) {
  for (std::uint64_t i = 0; i < 8; ++i) {
    auto score = random_score(i, 300);
    score.time_signatures = {{midi::Tick{0}, 6, 8}};
    score.tempos = {{midi::Tick{0}, 90.0}};
    midi::write_midi(score, folder_.path() / "mine" / (std::to_string(i) + ".mid"));
  }
  auto config = all_tags();
  config.source = "midi";
  config.path = (folder_.path() / "mine").string();
  const auto directory = folder_.path() / "data";
  build_dataset(config, directory);
  EXPECT_THAT(check_dataset(directory), IsEmpty());
  for (const auto& question : records::read_questions(directory, "train")) {
    EXPECT_EQ(question.facts.at("time signature"), "6/8");
    EXPECT_EQ(question.facts.at("tempo"), "60") << "90 quarter notes are 60 dotted ones";
  }
}

}  // namespace
}  // namespace midillama::corpus
