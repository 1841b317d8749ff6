#include "midillama/catalog/import.h"

#include "catalog/notes.h"
#include "midillama/core/base64.h"
#include "midillama/midi/file.h"
#include "midillama/works/files.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <map>
#include <set>
#include <thread>

namespace midillama::catalog {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

// `count` eighth notes that no other seed has.
midi::Score tune(int seed, int count = 8) {
  midi::Score score;
  midi::Instrument instrument;
  for (int i = 0; i < count; ++i) {
    const int pitch = 30 + (i < 4 ? (seed >> (4 * i)) & 15 : i % 64);
    instrument.notes.push_back({midi::Tick{i * 240}, midi::Tick{i * 240 + 200}, static_cast<std::uint8_t>(pitch), 80});
  }
  score.instruments.push_back(instrument);
  return score;
}

class Import : public testing::Test {
 protected:
  Import() {
    fs::create_directory(midis());
    config_.source = "csv";
    config_.path = midis().string();
    config_.metadata = (folder_.path() / "catalog.csv").string();
  }

  fs::path midis() const { return folder_.path() / "midis"; }
  fs::path data() const { return folder_.path() / "data"; }
  void write(const std::string& name, const midi::Score& score) { midi::write_midi(score, midis() / name); }
  void write_catalog(const std::string& rows) { write_atomically(config_.metadata, "file,title,composer,mood\n" + rows); }

  std::vector<Json> pieces() {
    import_pieces(config_, data());
    std::vector<Json> rows;
    for_each_json_line(data() / works::kPiecesFile, [&](const Json& row, std::size_t) { rows.push_back(row); });
    return rows;
  }
  // "name: reason" of each that is in one of the lists.
  std::vector<std::string> list(const std::string& kind) const {
    const OrderedJson report = import_report(data());
    std::vector<std::string> names;
    for (const auto& row : report.at(kind)) names.push_back(row.at("name").get<std::string>() + ": " + row.at("reason").get<std::string>());
    EXPECT_EQ(report.at("counts").at(kind), names.size());
    return names;
  }
  std::string report() const { return read_binary(data() / kImportFile); }
  std::string written() const { return read_binary(data() / works::kPiecesFile); }

  TemporaryDirectory folder_;
  config::Corpus config_;
};

TEST_F(Import, APieceForEachFileOfTheCatalog) {
  write("b.mid", tune(1));
  write("deep/Étude.MID", tune(2));
  write("a.mid", tune(3));
  write_catalog("b.mid,\"Waltz, Op.1 No.2\",Ada Berg,sad\n./deep//Étude.MID,WALTZ op. 1 nr 2,ada bérg,\na.mid,,Ada Berg,3\n");
  const auto rows = pieces();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], Json({{"piece", "b"},
                           {"file", "b.mid"},
                           {"title", "Waltz, Op.1 No.2"},
                           {"composer", "Ada Berg"},
                           {"work", "ada berg: waltz op 1 no 2"},
                           {"source", "csv"},
                           {"labels", {{"mood", "sad"}}}}));
  EXPECT_EQ(rows[1]["file"], "deep/Étude.MID");
  EXPECT_EQ(rows[1]["work"], rows[0]["work"]);
  EXPECT_EQ(rows[1]["labels"], Json::object());
  EXPECT_EQ(rows[2]["work"], "a") << "the piece is a work of its own";
  EXPECT_EQ(rows[2]["labels"]["mood"], 3);
  const OrderedJson counts = import_report(data())["counts"];
  EXPECT_EQ(counts["rows"], 3);
  EXPECT_EQ(counts["pieces"], 3);
  EXPECT_EQ(counts["works"], 2);
  EXPECT_EQ(works::read_works(data()).size(), 2u) << "the next step reads them";
}

TEST_F(Import, IdsAreFitForFileNamesAndDependOnTheFileAlone) {
  for (const char* name : {"a b.mid", "a_b.mid", "a/b.mid", "a_b.midi"})
    write(name, tune(static_cast<int>(std::string(name).size()) * 7 + name[1]));
  write_catalog("a b.mid,,,\na_b.mid,,,\na/b.mid,,,\na_b.midi,,,\n");
  std::set<std::string> ids;
  std::string of_spaces;
  for (const Json& row : pieces()) {
    const std::string id = row["piece"];
    ids.insert(id);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-"), std::string::npos) << id;
    if (row["file"] == "a b.mid") of_spaces = id;
  }
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_TRUE(ids.contains("a_b"));
  write_catalog("a b.mid,,,\n");
  EXPECT_EQ(pieces().at(0)["piece"], of_spaces);
}

TEST_F(Import, WhatKilledImportsLeftGoes) {
  write("a.mid", tune(1));
  write_catalog("a.mid,,,\n");
  write_atomically(data() / "pieces.jsonl.tmp-12-34", "{");
  write_atomically(data() / "import.json.tmp-12-34", "{");
  pieces();
  EXPECT_EQ(std::distance(fs::directory_iterator(data()), {}), 2) << "pieces.jsonl and import.json";
}

TEST_F(Import, WhatIsNoPieceIsListedWithTheReason) {
  write("good.mid", tune(1));
  write("other.mid", tune(2));
  write("silent.mid", midi::Score{});
  write_atomically(midis() / "broken.mid", "MThd and no more");
  write_atomically(midis() / "empty.mid", "");
  write_atomically(midis() / ".hidden.mid", "x");
  write_atomically(midis() / "notes.txt", "x");
  fs::create_symlink("nowhere", midis() / "link.mid");
  auto patterns = midi::to_midi(tune(3));
  ASSERT_GT(patterns[11], 1) << "tracks";
  patterns[9] = 2;
  write_atomically(midis() / "patterns.mid", std::string(patterns.begin(), patterns.end()));
  write_catalog(
      "good.mid,,,\nsilent.mid,,,\nbroken.mid,,,\nempty.mid,,,\ngone.mid,,,\ngood.mid,,,\n../out.mid,,,\n/etc/passwd,,,\na/../../x.mid,,,\n"
      "short,row\n,,,\nlink.mid,,,\nnotes.txt,,,\npatterns.mid,,,\n");
  ASSERT_EQ(pieces().size(), 1u);
  EXPECT_THAT(list("silent"), ElementsAre("silent.mid: has no notes"));
  EXPECT_THAT(list("unreadable"), ElementsAre("link.mid: line 13: is a link to nothing", HasSubstr("broken.mid: offset 0x"),
                                              HasSubstr("empty.mid: offset 0x0"), HasSubstr("patterns.mid: is of format 2")));
  EXPECT_THAT(list("missing"), ElementsAre("gone.mid: line 6: there is no such .mid or .midi file",
                                           "notes.txt: line 14: there is no such .mid or .midi file"));
  EXPECT_THAT(list("repeated"), ElementsAre("good.mid: line 7: is the file of line 2 already"));
  EXPECT_THAT(list("refused"),
              ElementsAre("../out.mid: line 8: leads out of corpus.path", HasSubstr("/etc/passwd: line 9"), HasSubstr("a/../../x.mid")));
  EXPECT_THAT(list("malformed"), ElementsAre("line 11: has 2 cells, and the table has 4 columns", "line 12: names no file"));
  EXPECT_THAT(list("not_in_catalog"), ElementsAre("other.mid: no row names it"));
  EXPECT_THAT(list("passed_over"), ElementsAre(".hidden.mid: is a hidden file", "link.mid: is a link to nothing"));
  EXPECT_THAT(list("not_chosen"), IsEmpty());
  const std::string table = report_text(import_report(data()));
  EXPECT_THAT(table, AllOf(HasSubstr("rows                                14\n"), HasSubstr("without notes"),
                           HasSubstr("there, not in the catalog")));
  EXPECT_THAT(table, testing::Not(HasSubstr("left out by settings"))) << "of none there is no row";
}

TEST_F(Import, CopiesAreDuplicatesWhateverTheirTempoResolutionAndNames) {
  const midi::Score first = tune(1);
  midi::Score other = first;
  other.ticks_per_quarter = 960;
  other.tempos = {{midi::Tick{0}, 90.0}};
  other.instruments[0].name = "Piano";
  other.instruments[0].program = 4;
  for (midi::Note& note : other.instruments[0].notes) {
    note.start = {note.start.value * 2 + 960};
    note.end = {note.start.value + 100};
    note.velocity = 33;
  }
  midi::Score slower = first;
  slower.instruments[0].notes.back().start = {7 * 240 + 100};
  write("a.mid", first);
  fs::copy_file(midis() / "a.mid", midis() / "b.mid");
  write("c.mid", other);
  write("d.mid", slower);
  write_catalog("b.mid,,,\nc.mid,,,\nd.mid,,,\na.mid,,,\n");
  EXPECT_EQ(pieces().size(), 2u);
  EXPECT_THAT(list("duplicates"), ElementsAre("c.mid: has the notes of b.mid", "a.mid: has the notes of b.mid"))
      << "the catalog's first stays";
}

TEST_F(Import, DrumsAndRhythmsMakeADifference) {
  midi::Score drums = tune(1);
  drums.instruments[0].is_drum = true;
  EXPECT_NE(notes_fingerprint(drums), notes_fingerprint(tune(1)));
  EXPECT_NE(notes_fingerprint(tune(1, 8)), notes_fingerprint(tune(1, 9)));
  EXPECT_EQ(notes_fingerprint(midi::Score{}), notes_fingerprint(midi::Score{}));
}

TEST_F(Import, NamesOfAnyEncoding) {
  const std::string shift_jis = "\x83\x5c\x83\x69\x83\x5e.mid";
  write(shift_jis, tune(1));
  write("e\u0301tude.mid", tune(2));  // decomposed, as some archives have it
  write_catalog(shift_jis + ",\x83\x5c,\x83\x69,\x83\x5c\n\u00e9tude.mid,,,\n");
  const auto rows = pieces();
  ASSERT_EQ(rows.size(), 2u) << "both files are found";
  EXPECT_EQ(from_base64(rows[0]["file_bytes"].get<std::string>()), shift_jis);
  EXPECT_THAT(rows[0]["file"].get<std::string>(), HasSubstr("\ufffd"));
  EXPECT_EQ(rows[1]["file"], "e\u0301tude.mid") << "as the folder has it";
  EXPECT_FALSE(rows[1].contains("file_bytes"));
  EXPECT_THAT(list("not_in_catalog"), IsEmpty());
  EXPECT_THAT(list("warnings"), ElementsAre(HasSubstr("line 2: title, composer or labels are not UTF-8")));
}

TEST_F(Import, ALabelThatIsNotUtf8IsWarnedOf) {
  write("a.mid", tune(1));
  write_catalog("a.mid,A,B,\xcele\n");
  ASSERT_EQ(pieces().size(), 1u);
  EXPECT_THAT(list("warnings"), ElementsAre(HasSubstr("line 2: title, composer or labels are not UTF-8")));
}

TEST_F(Import, AFileThatIsReadWithAWarningStays) {
  auto bytes = midi::to_midi(tune(1));
  bytes.resize(bytes.size() - 4);
  write_atomically(midis() / "cut.mid", std::string(bytes.begin(), bytes.end()));
  write_catalog("cut.mid,,,\n");
  EXPECT_EQ(pieces().size(), 1u);
  EXPECT_THAT(list("warnings"), ElementsAre(HasSubstr("cut.mid: the last track is truncated")));
}

TEST_F(Import, TracksOfLakhThatShareAFileAreOneWork) {
  config_.source = "lakh";
  config_.style_map = "";
  const auto md5 = [](char digit) { return std::string(32, digit); };
  const auto track = [](char letter) { return std::string("A/TR") + std::string(16, letter); };
  const auto put = [&](char letter, char digit, int seed) {
    fs::create_directories(midis() / track(letter));
    write(track(letter) + "/" + md5(digit) + ".mid", tune(seed));
  };
  put('A', '1', 1), put('B', '2', 2);
  put('B', '3', 3), put('C', '3', 3);                    // a file of B and C
  put('C', '4', 4), put('D', '4', 4), put('D', '5', 5);  // B, C and D are one by way of C
  put('E', '6', 6), put('F', '7', 6), put('F', '8', 8);  // E and F have the same notes in two files
  OrderedJson map;
  for (const char digit : std::string("12345678")) map["topmagd"][md5(digit)] = {"Rap"};
  write_atomically(config_.metadata, map.dump());
  std::map<char, std::set<std::string>> of_track;
  for (const Json& row : pieces()) of_track[row.at("file").get<std::string>()[4]].insert(row.at("work").get<std::string>());
  const auto work = [&](char letter) { return std::set<std::string>{track(letter).substr(2)}; };
  EXPECT_EQ(of_track, (std::map<char, std::set<std::string>>{
                          {'A', work('A')}, {'B', work('B')}, {'C', work('B')}, {'D', work('B')}, {'E', work('E')}, {'F', work('E')}}));
  EXPECT_THAT(list("copies"), ElementsAre(track('C') + "/" + md5('3') + ".mid: \"" + md5('3') + "\": is the same file as " + track('B') +
                                              "/" + md5('3') + ".mid",
                                          HasSubstr(track('D') + "/" + md5('4'))));
  EXPECT_THAT(list("not_in_catalog"), IsEmpty());
  EXPECT_EQ(import_report(data()).at("counts").at("works"), 3);
}

TEST_F(Import, OfGiantMidiTheCuratedPart) {
  config_.source = "giantmidi";
  const std::string header =
      "surname\tfirstname\tmusic\tnationality\tbirth\tdeath\tyoutube_id\tsimilarity\tpiano_solo_prob\taudio_name\tgiant_midi_piano\tsplit\t"
      "surname_in_youtube_title\n";
  write_atomically(config_.metadata, header + "Berg\tAda\tSong\t\t1801\t\tx\t\t\tBerg, Ada, Song, x\t1\ttrain\t1\n" +
                                         "Low\tIda\tSong\t\t\t\ty\t\t\tLow, Ida, Song, y\t1\ttest\t0\n");
  write("Berg, Ada, Song, x.mid", tune(1));
  write("Low, Ida, Song, y.mid", tune(2));
  ASSERT_EQ(pieces().size(), 1u);
  EXPECT_THAT(list("not_chosen"), ElementsAre(HasSubstr("Low, Ida, Song, y.mid: line 3: the video's title")));
  EXPECT_THAT(list("not_in_catalog"), IsEmpty());
  EXPECT_TRUE(is_current(config_, data()));
  config_.curated = false;
  EXPECT_FALSE(is_current(config_, data()));
  EXPECT_EQ(pieces().size(), 2u);
}

TEST_F(Import, TheSameInputGivesTheSameBytesWhereverItLies) {
  for (int i = 0; i < 40; ++i) write("t" + std::to_string(i) + ".mid", tune(i / 2));
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += "t" + std::to_string(39 - i) + ".mid,Song " + std::to_string(i % 7) + ",Ada Berg,\n";
  write_catalog(rows);
  EXPECT_EQ(pieces().size(), 20u);
  const std::string first_pieces = written(), first_report = report();
  EXPECT_TRUE(is_current(config_, data()));

  fs::rename(midis(), folder_.path() / "moved");
  config_.path = (folder_.path() / "moved").string();
  EXPECT_TRUE(is_current(config_, data()));
  pieces();
  EXPECT_EQ(written(), first_pieces);
  EXPECT_EQ(report(), first_report);
}

TEST_F(Import, IsCurrentUntilSomethingChanges) {
  write("a.mid", tune(1));
  write("b.mid", tune(2));
  write_catalog("a.mid,,,\n");
  EXPECT_FALSE(is_current(config_, data()));
  pieces();
  EXPECT_TRUE(is_current(config_, data()));

  write("a.mid", tune(3));
  EXPECT_FALSE(is_current(config_, data())) << "another file";
  pieces();
  write_catalog("a.mid,,,sad\n");
  EXPECT_FALSE(is_current(config_, data())) << "another catalog";
  pieces();
  fs::remove(midis() / "b.mid");
  EXPECT_FALSE(is_current(config_, data())) << "one file less";
  pieces();
  std::ofstream(data() / works::kPiecesFile, std::ios::app) << "{}\n";
  EXPECT_FALSE(is_current(config_, data())) << "somebody wrote into it";
  pieces();
  fs::remove_all(midis());
  EXPECT_TRUE(is_current(config_, data())) << "the collection is not there any more";
}

TEST_F(Import, WhatDoesNotGoTogetherIsOneSentence) {
  write("a.mid", tune(1));
  write_catalog("x/a.mid,,,\n");
  EXPECT_THAT(error_of([&] { pieces(); }), AllOf(HasSubstr("corpus.path: not one file of the catalog"), HasSubstr("\"x/a.mid\" for one")));
  write_catalog("");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("has no row of a file to import"));
  write_catalog("a.mid\n");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("catalog.csv: line 2: has 1 cells"));
  write("a.mid", midi::Score{});
  write_catalog("a.mid,,,\n");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("none of the 1 files of the catalog can be used: 0 cannot be read, 1 have no notes"));
  fs::remove(midis() / "a.mid");
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("there are no .mid files below this folder"));
  config_.path = (folder_.path() / "nowhere").string();
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("there is no such folder"));
  config_.source = "midi";
  EXPECT_THAT(error_of([&] { pieces(); }), HasSubstr("there is no such folder"));
  EXPECT_FALSE(fs::exists(data() / works::kPiecesFile)) << "nothing stays of an import that failed";
}

std::int64_t peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class SlowImport : public Import {};

// What is kept of a file and a row is some hundred bytes: neither scores nor rows are in memory together.
TEST_F(SlowImport, TwoThousandFilesTakeLittleMemory) {
  constexpr int kFiles = 2000;
  {
    std::ofstream table(config_.metadata);
    table << "file,title,composer,text\n";
    for (int i = 0; i < kFiles; ++i) {
      const std::string name = std::to_string(i % 10) + "/" + std::to_string(i) + ".mid";
      fs::create_directories(midis() / std::to_string(i % 10));
      const auto bytes = midi::to_midi(tune(i, 500));
      std::ofstream(midis() / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
      table << name << ",Song " << i / 2 << ",Ada Berg," << std::string(20'000, 'x') << '\n';
    }
  }
  const std::int64_t before = peak_kib();
  import_pieces(config_, data());
  const auto threads = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  EXPECT_LT(peak_kib() - before, (15 + 2 * threads) * 1024) << "the rows have 40 MB, the notes 24";
  const OrderedJson counts = import_report(data())["counts"];
  EXPECT_EQ(counts["pieces"], kFiles);
  EXPECT_EQ(counts["works"], kFiles / 2);
}

}  // namespace
}  // namespace midillama::catalog
