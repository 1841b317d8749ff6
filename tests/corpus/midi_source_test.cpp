#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/corpus/dataset.h"
#include "midillama/midi/file.h"
#include "midillama/records/question_file.h"
#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

namespace midillama::corpus {
namespace {

class MidiSource : public testing::Test {
 protected:
  MidiSource() {
    config_.source = "midi";
    config_.path = (root_.path() / "mine").string();
  }

  void write(const std::string& name, const midi::Score& score) { midi::write_midi(score, root_.path() / "mine" / name); }
  Facts labels() { return read_source(config_).pieces.at(0).labels; }

  TemporaryDirectory root_;
  config::Corpus config_;
};

TEST_F(MidiSource, ReadsFoldersAndNamesPiecesByTheirPath) {
  write("b.mid", random_score(1, 64));
  write("deep/down/a.MID", random_score(2, 64));
  write_text(root_.path() / "mine" / "notes.txt", "no music");
  const auto reading = read_source(config_);
  ASSERT_EQ(reading.pieces.size(), 2u);
  EXPECT_EQ(reading.pieces[0].id, "b");
  EXPECT_EQ(reading.pieces[1].id, "deep_down_a");
  EXPECT_EQ(reading.pieces[1].collection, "down");
  EXPECT_EQ(reading.provenance.files.size(), 2u);
}

TEST_F(MidiSource, IdsAreUnique) {
  write("a b.mid", random_score(1, 64));
  write("a_b.mid", random_score(2, 64));
  const auto reading = read_source(config_);
  EXPECT_NE(reading.pieces.at(0).id, reading.pieces.at(1).id);
}

// A transcriber's 120 BPM in 4/4 is no fact.
TEST_F(MidiSource, TimingIsAFactOnlyWhereTheFileStatesIt) {
  auto score = random_score(1, 64);
  score.tempos = {{midi::Tick{0}, 120.0}};
  score.time_signatures = {{midi::Tick{0}, 4, 4}};
  write("a.mid", score);
  EXPECT_EQ(labels().count("tempo") + labels().count("meter"), 0u);
  EXPECT_EQ(labels().count("key"), 1u);

  score.time_signatures = {{midi::Tick{0}, 6, 8}};
  score.tempos = {{midi::Tick{0}, 90.0}};
  write("a.mid", score);
  EXPECT_EQ(labels().at("meter"), "6/8");
  EXPECT_EQ(labels().at("tempo"), "slow") << "90 quarter notes are 60 dotted ones";
}

TEST_F(MidiSource, ABadFileIsSkipped) {
  write("good.mid", random_score(1, 64));
  write_text(root_.path() / "mine" / "bad.mid", "MThd but no more");
  const auto reading = read_source(config_);
  EXPECT_EQ(reading.pieces.size(), 1u);
  ASSERT_EQ(reading.skipped.size(), 1u);
  EXPECT_EQ(reading.skipped[0].place, "bad.mid");
  EXPECT_THAT(reading.skipped[0].reason, testing::HasSubstr("offset"));
}

TEST_F(MidiSource, AHugeFileIsSkippedByName) {
  write("good.mid", random_score(1, 64));
  write_text(root_.path() / "mine" / "huge.mid", "");
  std::filesystem::resize_file(root_.path() / "mine" / "huge.mid", 300 << 20);
  const auto reading = read_source(config_);
  EXPECT_EQ(reading.pieces.size(), 1u);
  ASSERT_EQ(reading.skipped.size(), 1u);
  EXPECT_EQ(reading.skipped[0].place, "huge.mid");
  EXPECT_THAT(reading.skipped[0].reason, testing::StartsWith("offset 0x0: no MIDI file"));
}

// A clip of them would be music that the file does not hold.
TEST_F(MidiSource, PatternsThatDoNotSoundTogetherAreSkippedByName) {
  write("good.mid", random_score(1, 64));
  auto bytes = midi::to_midi(random_score(2, 64));
  ASSERT_GT(bytes[11], 1) << "tracks";
  bytes[9] = 2;
  write_text(root_.path() / "mine" / "patterns.mid", std::string(bytes.begin(), bytes.end()));
  const auto reading = read_source(config_);
  EXPECT_EQ(reading.pieces.size(), 1u);
  ASSERT_EQ(reading.skipped.size(), 1u);
  EXPECT_EQ(reading.skipped[0].place, "patterns.mid");
  EXPECT_THAT(reading.skipped[0].reason, testing::StartsWith("is of format 2"));
}

TEST_F(MidiSource, GivesAWholeDataset) {
  for (std::uint64_t i = 0; i < 12; ++i) write("tune" + std::to_string(i) + ".mid", random_score(i, 300));
  const auto report = build_dataset(config_, root_.path() / "data");
  EXPECT_EQ(report.pieces, 12u);
  EXPECT_EQ(report.clips, 36u);
  EXPECT_THAT(check_dataset(root_.path() / "data"), testing::IsEmpty());
}

TEST_F(MidiSource, RefusesAFolderWithoutMidiFiles) {
  write_text(root_.path() / "mine" / "notes.txt", "no music");
  EXPECT_THROW(read_source(config_), InputError);
}

// The facts of the first piece's clips, in order.
class MidiFacts : public MidiSource {
 protected:
  std::vector<Facts> facts() {
    config_.tag_file = "configs/midi/tags.yaml";
    config_.tags = {};
    build_dataset(config_, root_.path() / "data");
    std::map<std::filesystem::path, Facts> by_clip;
    for (const auto* split : {"train", "valid", "test"}) {
      const auto questions = records::open_optional_questions(root_.path() / "data", split);
      if (questions) questions->for_each([&](const records::Question& question) { by_clip[question.clip] = question.facts; });
    }
    std::vector<Facts> all;
    for (const auto& [clip, facts] : by_clip) all.push_back(facts);
    return all;
  }
};

TEST_F(MidiFacts, TempoCountsTheMetersBeatAlsoWhereTheMeterChanges) {
  auto score = random_score(1, 64);
  score.time_signatures = {{midi::Tick{0}, 6, 8}, {midi::Tick{2880}, 9, 8}, {midi::Tick{5040}, 6, 8}};
  score.tempos = {{midi::Tick{0}, 120.0}};
  write("a.mid", score);
  const auto clip = facts().at(0);
  EXPECT_EQ(clip.at("tempo"), "moderate") << "80 dotted quarters";
  EXPECT_EQ(clip.count("meter"), 0u);
}

TEST_F(MidiFacts, AFactHoldsForTheWholeClip) {
  auto score = random_score(1, 400);  // 50 s, then twice as slow
  score.time_signatures = {{midi::Tick{48000}, 3, 4}};
  score.tempos = {{midi::Tick{48000}, 60.0}};
  write("a.mid", score);
  const auto clips = facts();
  ASSERT_EQ(clips.size(), 3u);
  EXPECT_EQ(clips[0].at("meter"), "4/4") << "the default is in force until the first event";
  EXPECT_EQ(clips[0].at("tempo"), "fast");
  EXPECT_EQ(clips[2].at("meter"), "3/4");
  EXPECT_EQ(clips[2].at("tempo"), "slow");
}

// The pen was lifted: the notes sound under defaults that nobody wrote down.
TEST_F(MidiFacts, AnEventAfterTheLastNoteMakesNoFact) {
  auto score = random_score(1, 64);
  score.time_signatures = {{midi::Tick{48000}, 3, 4}};
  score.tempos = {{midi::Tick{48000}, 60.0}};
  write("a.mid", score);
  const auto clip = facts().at(0);
  EXPECT_EQ(clip.count("meter"), 0u);
  EXPECT_EQ(clip.count("tempo"), 0u);
}

TEST_F(MidiFacts, AKeyIsMeasuredOnTheClip) {
  constexpr int kTune[] = {60, 64, 67, 72, 67, 64, 62, 60, 65, 69, 72, 71, 67, 62, 64, 60};
  auto score = random_score(3, 400);
  auto& notes = score.instruments[0].notes;
  for (std::size_t i = 0; i < notes.size(); ++i) notes[i].pitch = static_cast<std::uint8_t>(kTune[i % 16] + (i < 200 ? 0 : 6));
  write("a.mid", score);
  const auto clips = facts();
  ASSERT_EQ(clips.size(), 3u);
  EXPECT_EQ(clips[0].at("key"), "C major");
  EXPECT_EQ(clips[2].at("key"), "F sharp major");
}

TEST_F(MidiFacts, BoundsAreQuantilesOfTheCorpus) {
  for (std::uint64_t i = 0; i < 9; ++i) write(std::to_string(i) + ".mid", random_score(i, 64, static_cast<int>(i)));
  std::map<std::string, int> counts;
  for (const auto& clip : facts()) ++counts[clip.at("register")];
  EXPECT_EQ(counts, (std::map<std::string, int>{{"low", 3}, {"middle", 3}, {"high", 3}}));
}

TEST_F(MidiFacts, WhatIsDroppedIsToldAndATagOfOneValueIsWarnedOf) {
  config_.min_label_pieces = 3;
  for (std::uint64_t i = 0; i < 6; ++i) {
    auto score = random_score(i, 64);
    score.time_signatures = {{midi::Tick{0}, static_cast<std::uint8_t>(i == 0 ? 3 : 2), 4}};
    write(std::to_string(i) + ".mid", score);
  }
  facts();
  const auto statistics = dataset_statistics(root_.path() / "data");
  EXPECT_THAT(statistics_text(statistics), testing::ContainsRegex("meter 3/4 +1"));
  EXPECT_THAT(dataset_warnings(root_.path() / "data"), testing::Contains(testing::HasSubstr("the tag \"meter\" has one value, 2/4")));
}

TEST_F(MidiFacts, WhatIsBuiltCanBeTrainedOn) {
  write("a.mid", random_score(1, 64));
  write("b.mid", random_score(2, 64));
  facts();
  EXPECT_FALSE(records::read_questions(root_.path() / "data", "train").empty());
  EXPECT_FALSE(records::open_optional_questions(root_.path() / "data", "valid"));
  EXPECT_THAT(check_dataset(root_.path() / "data"), testing::IsEmpty());
}

TEST_F(MidiSource, NoFileNameEndsABuild) {
  write("\x83\x65\x83\x58\x83\x67.mid", random_score(1, 64));  // Shift-JIS
  write(std::string(60, 'd') + "/" + std::string(200, 'f') + ".mid", random_score(2, 64));
  write("three.mid", random_score(3, 64));
  write_text(root_.path() / "mine" / "\xff.mid", "no music");
  const auto report = build_dataset(config_, root_.path() / "data");
  EXPECT_EQ(report.pieces, 3u);
  EXPECT_EQ(report.skipped.size(), 1u);
  EXPECT_THAT(check_dataset(root_.path() / "data"), testing::IsEmpty());
  EXPECT_TRUE(is_current(config_, root_.path() / "data"));
}

TEST_F(MidiSource, TheDatasetIsNoSourceAndWhatCannotBeReadIsListed) {
  for (std::uint64_t i = 0; i < 4; ++i) write(std::to_string(i) + ".mid", random_score(i, 64));
  const auto data = root_.path() / "mine" / "data";
  EXPECT_EQ(build_dataset(config_, data).pieces, 4u);
  const auto& mine = root_.path() / "mine";
  std::filesystem::create_symlink("loop.mid", mine / "loop.mid");
  std::filesystem::create_symlink("nowhere", mine / "gone.mid");
  ASSERT_EQ(::mkfifo((mine / "pipe.mid").c_str(), 0600), 0);
  midi::write_midi(random_score(9, 64), root_.path() / "elsewhere" / "linked.mid");
  std::filesystem::create_directory_symlink(root_.path() / "elsewhere", mine / "link");
  std::filesystem::create_directory_symlink(mine, mine / "link_to_itself");
  const auto report = build_dataset(config_, data);
  EXPECT_EQ(report.pieces, 5u);
  std::map<std::string, std::string> skipped;
  for (const auto& [place, reason] : report.skipped) skipped[place] = reason;
  EXPECT_THAT(skipped["data"], testing::HasSubstr("is a dataset"));
  EXPECT_THAT(skipped["loop.mid"], testing::HasSubstr("cannot be read"));
  EXPECT_THAT(skipped["gone.mid"], testing::HasSubstr("link to nothing"));
  EXPECT_THAT(skipped["pipe.mid"], testing::HasSubstr("no regular file"));
}

// Its clips would be pieces that were cut already.
TEST_F(MidiSource, ADatasetIsRefusedAsASource) {
  for (std::uint64_t i = 0; i < 4; ++i) write(std::to_string(i) + ".mid", random_score(i, 64));
  const auto data = root_.path() / "data", link = root_.path() / "link";
  build_dataset(config_, data);
  std::filesystem::create_directory_symlink(data / "clips", link);
  for (const auto& path : {data, data / "clips", data / "clips/", link, data / "../data"}) {
    config_.path = path.string();
    EXPECT_THAT([&] { read_source(config_); },
                testing::ThrowsMessage<InputError>(testing::AllOf(testing::HasSubstr("corpus.path"), testing::HasSubstr("is a dataset"))))
        << path;
  }
  std::filesystem::remove(data / "dataset.json");
  config_.path = (data / "clips").string();
  EXPECT_EQ(read_source(config_).pieces.size(), 4u) << "a folder of that name alone is none";
}

TEST(Source, RefusesOtherKinds) {
  config::Corpus config;
  config.source = "vinyl";
  EXPECT_THROW(read_source(config), ConfigError);
}

}  // namespace
}  // namespace midillama::corpus
