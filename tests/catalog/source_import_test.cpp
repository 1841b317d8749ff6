// Sources without a catalog: ABC tune books and folders of MIDI files.
#include "corpus/tunes.h"
#include "midillama/catalog/import.h"
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "midillama/works/files.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::catalog {
namespace {

namespace fs = std::filesystem;
using corpus::random_tune;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

class SourceImport : public testing::Test {
 protected:
  SourceImport() {
    config_.source = "abc";
    config_.path = (folder_.path() / "tunes").string();
    fs::create_directory(config_.path);
  }

  fs::path data() const { return folder_.path() / "data"; }
  void write(const std::string& name, const std::string& text) const { corpus::write_text(fs::path(config_.path) / name, text); }

  std::vector<Json> pieces() const {
    import_pieces(config_, data());
    std::vector<Json> rows;
    for_each_json_line(data() / works::kPiecesFile, [&](const Json& row, std::size_t) { rows.push_back(row); });
    return rows;
  }
  std::vector<std::string> names_in(const fs::path& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }

  TemporaryDirectory folder_;
  config::Corpus config_;
};

TEST_F(SourceImport, APieceForEachTuneWithWhatItsFieldsSay) {
  const std::string fields = "T:The Red Reel\nC:Ada Berg\nR:reel\nM:C|\nL:1/8\nK:G\n";
  write("book.abc", random_tune(1, fields, 1, 16) + random_tune(2, "T:Other\nM:C|\nL:1/8\nK:Ador\n", 2, 16));
  const auto rows = pieces();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].at("file"), "midi/" + rows[0].at("piece").get<std::string>() + ".mid");
  EXPECT_EQ(rows[0].at("title"), "The Red Reel");
  EXPECT_EQ(rows[0].at("composer"), "Ada Berg");
  EXPECT_EQ(rows[0].at("source"), "abc");
  const Json& labels = rows[0].at("labels");
  EXPECT_EQ(labels.at("dance"), "reel");
  EXPECT_EQ(labels.at("key"), "G major");
  EXPECT_EQ(labels.at("meter"), "2/2");
  EXPECT_EQ(labels.at("composer"), "Ada Berg");
  EXPECT_EQ(labels.at("collection"), "tunes");
  EXPECT_EQ(rows[1].at("labels").at("key"), "A dorian");
  EXPECT_FALSE(rows[1].at("labels").contains("dance"));
  EXPECT_NE(rows[0].at("work"), rows[1].at("work"));
  EXPECT_EQ(midi::read_midi(data() / rows[0].at("file").get<std::string>()).note_count(), 128u);
  EXPECT_EQ(names_in(data() / "midi").size(), 2u) << "nothing half-written stays";
}

TEST_F(SourceImport, BarsAreTheTunesOwnAndAnUpbeatIsAShortOne) {
  std::string tune = random_tune(1, "T:With an upbeat\nM:C|\nL:1/8\nK:C\n", 1, 16);
  tune.insert(tune.find("K:C\n") + 4, "G2|");
  write("book.abc", tune);
  const midi::Score score = midi::read_midi(data() / pieces().at(0).at("file").get<std::string>());
  const auto bars = midi::bar_starts(score);
  ASSERT_GE(bars.size(), 17u);
  EXPECT_EQ(bars[1].value, score.ticks_per_quarter);
  for (std::size_t i = 2; i < 17; ++i) EXPECT_EQ((bars[i] - bars[i - 1]).value, 4 * score.ticks_per_quarter);
}

TEST_F(SourceImport, OneOfCopiesStaysAndRelatedTunesAreOneWork) {
  const std::string first = random_tune(1, "M:C|\nL:1/8\nK:C\n", 1, 16), own = random_tune(1, "", 9, 26);
  write("a.abc", first);
  write("b.abc", random_tune(2, "T:A copy a fourth higher\nM:C|\nL:1/8\nK:F\n", 1, 16, 3));
  // The first tune, and more that is its own: too much to be the same tune.
  write("c.abc", first.substr(0, first.size() - 2) + own.substr(own.find('\n') + 1));
  const auto rows = pieces();
  const OrderedJson report = import_report(data());
  ASSERT_EQ(rows.size(), 2u) << report.dump(1);
  EXPECT_EQ(rows[0].at("work"), rows[1].at("work"));
  EXPECT_EQ(report.at("counts").at("duplicates"), 1) << report.dump(1);
  EXPECT_THAT(report.at("duplicates")[0].at("reason").get<std::string>(), HasSubstr("is the same tune as"));
  EXPECT_EQ(report.at("counts").at("rows"), 3);
  EXPECT_THAT(report_text(report), HasSubstr("works"));
}

TEST_F(SourceImport, IsCurrentUntilFilesOrSettingsChange) {
  write("book.abc", random_tune(1, "M:C|\nL:1/8\nK:G\n", 1, 16));
  pieces();
  const std::string written = read_binary(data() / works::kPiecesFile) + read_binary(data() / kImportFile);
  EXPECT_TRUE(is_current(config_, data()));
  pieces();
  EXPECT_EQ(read_binary(data() / works::kPiecesFile) + read_binary(data() / kImportFile), written);
  config_.duplicate_similarity = 0.9;
  EXPECT_FALSE(is_current(config_, data()));
  config_.duplicate_similarity = config::Corpus().duplicate_similarity;
  write("more.abc", random_tune(2, "M:C|\nL:1/8\nK:G\n", 2, 16));
  EXPECT_FALSE(is_current(config_, data()));
}

TEST_F(SourceImport, AFolderOfMidiFilesIsOneToo) {
  config_.source = "midi";
  fs::create_directory(fs::path(config_.path) / "deep");
  midi::write_midi(corpus::random_score(1, 64), fs::path(config_.path) / "deep/one.mid");
  midi::write_midi(midi::Score(), fs::path(config_.path) / "silent.mid");
  write("broken.mid", "MThd and no more");
  const auto rows = pieces();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].at("piece"), "deep_one");
  EXPECT_EQ(rows[0].at("labels").at("collection"), "deep");
  EXPECT_EQ(import_report(data()).at("counts").at("silent"), 1);
  EXPECT_EQ(import_report(data()).at("counts").at("unreadable"), 1);
}

TEST_F(SourceImport, OfPiecesWithTheSameNotesOneStaysAlsoWithoutAMelody) {
  config_.source = "midi";
  const auto strokes = [](int pitch, int count, bool is_drum) {
    midi::Score score;
    midi::Instrument instrument{.program = 0, .is_drum = is_drum, .name = {}, .notes = {}};
    for (int i = 0; i < count; ++i)
      instrument.notes.push_back({midi::Tick{240 * i * i}, midi::Tick{240 * i * i + 100}, static_cast<std::uint8_t>(pitch), 80});
    score.instruments.push_back(instrument);
    return score;
  };
  const std::vector<std::pair<std::string, midi::Score>> scores = {
      {"drums", strokes(38, 30, true)}, {"pitch", strokes(60, 30, false)}, {"short", strokes(60, 2, false)}};
  for (const auto& [name, score] : scores) {
    for (const char* copy : {"-1.mid", "-2.mid"}) midi::write_midi(score, fs::path(config_.path) / (name + copy));
  }
  const auto rows = pieces();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].at("piece"), "drums-1");
  EXPECT_EQ(rows[2].at("piece"), "short-1");
  const OrderedJson report = import_report(data());
  ASSERT_EQ(report.at("counts").at("duplicates"), 3);
  EXPECT_EQ(report.at("duplicates")[0].at("reason"), "has the notes of drums-1.mid");
  EXPECT_EQ(names_in(data() / "midi").size(), 3u);
}

TEST_F(SourceImport, DoesNotWriteWhereItReads) {
  config_.source = "midi";
  config_.path = (data() / "midi").string();
  fs::create_directories(config_.path);
  midi::write_midi(corpus::random_score(1, 64), fs::path(config_.path) / "one.mid");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("is where the import writes"));
  EXPECT_THAT(names_in(config_.path), ElementsAre("one.mid"));
}

TEST_F(SourceImport, ASourceBelowOrAroundWhatIsWrittenIsRefused) {
  config_.source = "midi";
  const fs::path around = folder_.path() / "all";
  midi::write_midi(corpus::random_score(1, 64), around / "one.mid");
  const auto refusal = [&](const fs::path& source, const fs::path& directory) {
    config_.path = source.string();
    return error_of([&] { import_pieces(config_, directory); });
  };
  EXPECT_THAT(refusal(around, around / "data"), HasSubstr("all: corpus.path: is where the import writes"));
  EXPECT_THAT(refusal(around, around), HasSubstr("is where the import writes"));
  fs::create_directory_symlink(around, folder_.path() / "link");
  EXPECT_THAT(refusal(folder_.path() / "link/", around / "data"), HasSubstr("is where the import writes"));
  midi::write_midi(corpus::random_score(1, 64), data() / "midi/deep/one.mid");
  EXPECT_THAT(refusal(data() / "midi/deep", data()), HasSubstr("is where the import writes"));
  config_.collections = {"data"};
  EXPECT_THAT(refusal(folder_.path(), data() / "other"), HasSubstr("corpus.path: is where"));
  config_.collections = {"../data/midi"};
  EXPECT_THAT(refusal(around, data()), HasSubstr("corpus.collections: is where the import writes"));
  EXPECT_TRUE(fs::exists(data() / "midi/deep/one.mid"));
  config_.collections.clear();
  EXPECT_EQ(refusal(around, folder_.path() / "all-pieces"), "no error") << "a name that begins alike is another folder";
}

TEST_F(SourceImport, AMidiFolderThatItDidNotMakeIsNamedAndLeftAlone) {
  write("book.abc", random_tune(1, "M:C|\nL:1/8\nK:G\n", 1, 16));
  write_atomically(data() / "midi/mine.mid", "mine");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("data/midi: was not made by `midillama data import`"));
  write_atomically(data() / kImportFile, R"({"settings": {"source": "csv"}})");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("was not made by")) << "the import of a catalog writes no music";
  EXPECT_THAT(names_in(data() / "midi"), ElementsAre("mine.mid"));
  fs::remove_all(data());
  EXPECT_EQ(pieces().size(), 1u);
  fs::remove(data() / works::kPiecesFile);
  EXPECT_EQ(pieces().size(), 1u) << "its own, also where it was ended before the pieces were written";
}

TEST_F(SourceImport, LeavesADatasetAlone) {
  write_atomically(data() / "dataset.json", "{}");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("holds a dataset"));
  EXPECT_THAT(names_in(data()), ElementsAre("dataset.json"));
}

}  // namespace
}  // namespace midillama::catalog
