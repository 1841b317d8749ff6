#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/corpus/dataset.h"
#include "midillama/midi/file.h"
#include "tunes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Source, RefusesOtherKinds) {
  config::Corpus config;
  config.source = "vinyl";
  EXPECT_THROW(read_source(config), ConfigError);
}

}  // namespace
}  // namespace midillama::corpus
