#include "midillama/corpus/abc_converter.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace midillama::corpus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

ConvertedTune convert(const std::string& text) {
  const TemporaryDirectory scratch;
  return convert_tune(parse_tunebook(text, "book.abc").at(0), scratch.path(), "tune");
}

std::vector<int> pitches(const midi::Score& score) {
  std::vector<int> result;
  for (const auto& note : score.instruments.at(0).notes) result.push_back(note.pitch);
  return result;
}

std::vector<std::int64_t> starts(const midi::Score& score) {
  std::vector<std::int64_t> result;
  for (const auto& note : score.instruments.at(0).notes) result.push_back(note.start.value - score.instruments[0].notes[0].start.value);
  return result;
}

TEST(AbcConverter, PlaysTheMelodyUnderItsKeyAndMeter) {
  const auto tune = convert("X:1\nM:6/8\nL:1/8\nK:D\nDEF GAB|c3 d3|\n");
  EXPECT_THAT(pitches(tune.score), ElementsAre(62, 64, 66, 67, 69, 71, 73, 74));
  ASSERT_EQ(tune.score.time_signatures.size(), 1u);
  EXPECT_EQ(tune.score.time_signatures[0].numerator, 6);
}

// Kind C20: what one tune may take.
TEST(AbcConverter, ATuneThatTakesAllMemoryIsRefused) {
  EXPECT_THAT(error_of([] { convert("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|Z20000000|\n"); }), HasSubstr("takes more than 20 seconds or 512 MiB"));
}

TEST(AbcConverter, PlaysTheTempoOfEveryForm) {
  const auto quarters = [](const char* field) {
    return convert(std::string("X:1\nM:4/4\nL:1/4\nQ:") + field + "\nK:C\nCDEF|\n").score.tempos.at(0).bpm;
  };
  EXPECT_NEAR(quarters("\"Allegro\" 1/4=180"), 180, .01);
  EXPECT_NEAR(quarters("3/8=60 \"Slow\""), 90, .01);
  EXPECT_NEAR(quarters("\"swing\" 1/4 3/8 1/4 3/8=40"), 200, .01);
}

// Kind C20: a '!' that breaks a line in print takes no music with it.
TEST(AbcConverter, ABreakOfLinesIsNoDecoration) {
  EXPECT_THAT(pitches(convert("X:1\nM:2/4\nL:1/4\nK:C\nCD|!EF|!GA|\n").score), ElementsAre(60, 62, 64, 65, 67, 69));
  EXPECT_THAT(pitches(convert("X:1\nM:2/4\nL:1/4\nK:C\nC!trill!D|!crescendo(!EF!crescendo)!|\n").score), ElementsAre(60, 62, 64, 65));
}

TEST(AbcConverter, PlaysRepeats) {
  EXPECT_THAT(pitches(convert("X:1\nM:2/4\nL:1/4\nK:C\n|:CD:|EF|\n").score), ElementsAre(60, 62, 60, 62, 64, 65));
}

TEST(AbcConverter, LeavesOutChordNamesAndGraceNotes) {
  EXPECT_THAT(pitches(convert("X:1\nM:2/4\nL:1/4\nK:C\n\"Am\"{g}C\"G7\"D|\n").score), ElementsAre(60, 62));
}

// abc2midi plays the broken rhythms of hornpipes, told by their R: field, another way: the label would be heard.
TEST(AbcConverter, TheLabelCannotBeHeard) {
  const auto with = [](const char* rhythm) {
    return starts(convert(std::string("X:1\nR:") + rhythm + "\nM:C|\nL:1/8\nK:G\nG>AB>c d>ed>B|\n").score);
  };
  EXPECT_EQ(with("hornpipe"), with("reel"));
}

TEST(AbcConverter, BarLinesBeginBehindThePickup) {
  const auto tune = convert("X:1\nM:3/4\nL:1/4\nK:C\nG|CDE|FGA|Bcd|e2|\n");
  const auto first = tune.score.instruments.at(0).notes.at(0).start.value;
  std::vector<std::int64_t> lines;
  for (const auto line : tune.bar_lines) lines.push_back(line.value - first);
  EXPECT_THAT(lines, ElementsAre(480, 480 + 1440, 480 + 2 * 1440, 480 + 3 * 1440));
}

TEST(AbcConverter, BarLinesUnderHeldNotesAreFilledIn) {
  const auto tune = convert("X:1\nM:2/4\nL:1/4\nK:C\nCD|E2-|E2|FG|AB|\n");
  const auto first = tune.score.instruments.at(0).notes.at(0).start.value;
  std::vector<std::int64_t> lines;
  for (const auto line : tune.bar_lines) lines.push_back(line.value - first);
  EXPECT_THAT(lines, ElementsAre(0, 960, 1920, 2880, 3840));
}

TEST(AbcConverter, RefusesTunesWhoseNotesWereNotUnderstood) {
  try {
    convert("X:1\nM:2/4\nL:1/4\nK:C\nC>D2 [CE|\n");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("abc2midi: "));
  }
}

TEST(AbcConverter, ATuneThatIsLongerThanTheConverterWritesIsTheTunesFault) {
  std::string text = "X:1\nM:4/4\nL:1/8\nK:C\n";
  for (int bar = 0; bar < 20'000; ++bar) text += "CDEF GABc|";
  const TemporaryDirectory scratch;
  EXPECT_THAT(error_of([&] { convert_tune(parse_tunebook(text + "\n", "book.abc").at(0), scratch.path(), "tune"); }),
              HasSubstr("abc2midi: the tune is too long"));
}

// A tune of one kilobyte, whose MIDI file has several, where no file may become longer than `bytes`: what becomes of it.
enum Outcome { converted, skipped, ended };
Outcome convert_with_room_for(rlim_t bytes) {
  std::string text = "X:1\nM:4/4\nL:1/8\nK:C\n";
  for (int bar = 0; bar < 100; ++bar) text += "CDEFGABc|\n";
  const TemporaryDirectory scratch;
  const auto tune = parse_tunebook(text, "book.abc").at(0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Outcome outcome = converted;
    try {
      convert_tune(tune, scratch.path(), "tune");
    } catch (const ConverterError&) {
      outcome = ended;
    } catch (const Error&) {
      outcome = skipped;
    }
    ::_exit(outcome);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return static_cast<Outcome>(WEXITSTATUS(status));
}

// The tune is whole: a disk that is full must neither shorten it nor count as its fault.
TEST(AbcConverter, AFullDiskIsNoTunesFault) {
  EXPECT_EQ(convert_with_room_for(1 << 20), converted);
  for (const rlim_t bytes : {0, 500, 1500, 3000}) EXPECT_EQ(convert_with_room_for(bytes), ended) << bytes;
  EXPECT_THROW(convert_tune(parse_tunebook("X:1\nK:C\nC|\n", "book.abc").at(0), "no/such/folder", "tune"), ConverterError);
}

TEST(AbcConverter, RefusesTunesWithoutNotes) {
  EXPECT_THROW(convert("X:1\nT:nothing\n"), Error);
}

TEST(NoteErrors, AreThoseThatLoseNotes) {
  EXPECT_THAT(note_errors("Error in line-char 3-4 : Malformed note : expecting a-g or A-G\nwriting MIDI file t.mid\n"),
              ElementsAre("Malformed note : expecting a-g or A-G"));
  EXPECT_THAT(note_errors("Error in line-char 3-4 : Could not find note to be tied\nError in line-char 9-1 : Missing :| at end of tune\n"
                          "Warning in line-char 9-1 : Assuming repeat\n"),
              ElementsAre());
}

TEST(Abc2midi, TellsItsVersion) {
  EXPECT_THAT(abc2midi_version(), HasSubstr("abc2midi"));
}

}  // namespace
}  // namespace midillama::corpus
