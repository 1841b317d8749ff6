#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "midillama/music/abc_check.h"
#include "midillama/music/clip_text.h"
#include "midillama/music/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace midillama::music {
namespace {

constexpr int kQuarter = 480;

midi::Note note(std::int64_t start, std::int64_t length, int pitch) {
  return {{start}, {start + length}, static_cast<std::uint8_t>(pitch), 64};
}

midi::Instrument instrument(std::vector<midi::Note> notes, int program = 0, bool is_drum = false) {
  return {.program = static_cast<std::uint8_t>(program), .is_drum = is_drum, .name = {}, .notes = std::move(notes)};
}

// One after the other, in ticks.
midi::Score tune(const std::vector<std::pair<int, std::int64_t>>& pitches_and_lengths, midi::TimeSignature meter = {}) {
  midi::Score score;
  score.time_signatures = {meter};
  score.tempos = {{{0}, 100}};
  std::vector<midi::Note> notes;
  std::int64_t time = 0;
  for (const auto& [pitch, length] : pitches_and_lengths) {
    if (pitch > 0) notes.push_back(note(time, length, pitch));
    time += length;
  }
  score.instruments = {instrument(notes)};
  return score;
}

std::string music_of(const midi::Score& score, int grid = 12) {
  const std::string text = abc(score, {.grid = grid}).text();
  return text.substr(text.find("K:"));
}

// Many voices and instruments, notes of all lengths, meters and tempos that change.
midi::Score made_up(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  midi::Score score;
  for (int bar = 0; bar < 6; bar += 1 + below(3)) {
    score.tempos.push_back({{bar * 4 * kQuarter}, 60.0 + below(100)});
    score.time_signatures.push_back({{bar * 4 * kQuarter}, 2 + below(10), 1 << (1 + below(4))});
  }
  const int instruments = 1 + below(4);
  for (int i = 0; i < instruments; ++i) {
    std::vector<midi::Note> notes;
    for (int n = 0; n < 60; ++n) notes.push_back(note(below(30 * kQuarter), 1 + below(3 * kQuarter), 30 + below(60)));
    const bool is_drum = i == 3;
    score.instruments.push_back(instrument(notes, is_drum ? 0 : below(128), is_drum));
  }
  return score;
}

TEST(Abc, ATuneOfOneVoiceHasNothingButItsNotes) {
  const auto score = tune({{67, 240}, {69, 240}, {71, 240}, {72, 480}, {74, 240}, {76, 240}, {75, 240}, {74, 240}, {66, 720}}, {{0}, 6, 8});
  EXPECT_EQ(abc(score, {}).text(), "X:1\nM:6/8\nL:1/8\nQ:1/4=100\nK:G\nGABc2d|e^d=dF3|");
}

TEST(Abc, TripletsAndDottedPairsAreWrittenAsSuch) {
  EXPECT_EQ(music_of(tune({{60, 160}, {62, 160}, {64, 160}, {65, 360}, {67, 120}, {69, 120}, {71, 360}, {72, 320}, {71, 160}})),
            "K:C\n(3CDEF>GA<B(3:2:2c2B|");
}

TEST(Abc, LinesHaveFourMeasuresAndHeldNotesAreTied) {
  EXPECT_EQ(music_of(tune({{60, 1920}, {62, 2400}, {0, 1440}, {64, 1920}, {65, 1920}})), "K:C\nC4|D4-|Dz3|E4|\nF4|");
}

TEST(Abc, NotesThatOverlapAreInVoices) {
  midi::Score score = tune({{60, 480}, {64, 480}});
  score.instruments[0].notes.push_back(note(0, 480, 67));
  score.instruments[0].notes.push_back(note(240, 960, 72));
  score.instruments.push_back(instrument({note(480, 480, 36)}, 0, true));
  score.instruments.push_back(instrument({note(1920, 480, 50)}, 40));
  EXPECT_EQ(music_of(score), "K:C\nV:1\n[CG]E|\nV:2\nz/c2|\nV:3\n%%MIDI channel 10\nzC,,|\nV:4\n%%MIDI program 40\nz4|D,|");
}

TEST(Abc, ChangesAreInTheirMeasure) {
  midi::Score score = tune({{60, 1920}, {62, 1440}, {64, 1440}});
  score.time_signatures.push_back({{1920}, 3, 4});
  score.tempos.push_back({{3360}, 80});
  EXPECT_EQ(music_of(score), "K:C\nC8|[M:3/4]D6|[Q:1/4=80]E6|");
}

TEST(Abc, TheKeyIsTheNotesNotTheFiles) {
  midi::Score score = tune({{70, 480}, {75, 480}, {67, 480}, {68, 480}});
  score.key_signatures = {{{0}, 5, false}};
  EXPECT_EQ(music_of(score), "K:Eb\nBeGA|");
}

TEST(Abc, NotesThatBecomeOneAreLost) {
  midi::Score score = tune({{60, 480}});
  score.instruments[0].notes.push_back(note(3, 480, 60));
  const Notation notation = abc(score, {});
  EXPECT_EQ(notation.notes, 2);
  EXPECT_EQ(notation.lost_notes, 1);
}

TEST(Abc, AVoiceThatIsSilentInAllMeasuresIsLeftOut) {
  midi::Score score = tune({{60, 1920}, {62, 1920}});
  score.instruments.push_back(instrument({note(1920, 1920, 50)}, 40));
  const Notation notation = abc(score, {});
  EXPECT_EQ(notation.measures(), 2U);
  EXPECT_EQ(notation.text(1), "X:1\nM:4/4\nL:1/8\nQ:1/4=100\nK:C\nV:1\nC8|");
  EXPECT_EQ(notation.text(0), "");
}

TEST(Abc, WhatNobodyCouldReadIsRefused) {
  midi::Score score = tune({{60, 480}});
  for (int i = 0; i < 100; ++i) score.instruments.push_back(instrument({note(20'000LL * 4 * kQuarter, 480, 60)}, i));
  EXPECT_THROW(abc(score, {}), Error);
}

TEST(Abc, AClipWithoutNotesIsEmpty) {
  EXPECT_EQ(abc({}, {}).text(), "");
  EXPECT_EQ(abc({}, {}).notes, 0);
}

TEST(Abc, Abc2midiReadsEveryNoteBack) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const midi::Score score = made_up(seed);
    for (const int grid : {1, 4, 10, 12, 480}) {
      const AbcCheck check = check_abc(score, {.grid = grid});
      EXPECT_GT(check.notes, 0);
      EXPECT_EQ(check.missing, 0) << "seed " << seed << ", grid " << grid << "\n" << abc(score, {.grid = grid}).text();
      EXPECT_EQ(check.added, 0) << "seed " << seed << ", grid " << grid;
    }
  }
}

// See tests/golden/music/make_abc.py.
TEST(Abc, Music21ReadsTheSameNotes) {
  const Json golden = Json::parse(read_text("tests/golden/music/abc.json"));
  for (const Json& golden_case : golden.at("cases")) {
    const midi::Score score = made_up(golden_case.at("seed"));
    EXPECT_EQ(abc(score, {.grid = 4}).text(), golden_case.at("abc").get<std::string>());
    std::vector<std::vector<double>> notes;
    for (const auto& instrument : quantize(score, 4).instruments) {
      for (const GridNote& note : instrument.notes) {
        notes.push_back(
            {static_cast<double>(note.pitch), static_cast<double>(note.start) / 4, static_cast<double>(note.end - note.start) / 4});
      }
    }
    std::ranges::sort(notes);
    EXPECT_EQ(notes, golden_case.at("notes").get<std::vector<std::vector<double>>>()) << golden_case.at("seed");
  }
}

TEST(Abc, MeasuresAreKeptWholeWithinABudget) {
  const Notation notation = abc(tune({{60, 1920}, {62, 1920}, {64, 1920}}), {});
  const CountTokens letters = [](std::string_view text) { return std::ssize(text); };
  EXPECT_EQ(measures_within(notation, 0, letters), 3U);
  EXPECT_EQ(measures_within(notation, std::ssize(notation.text()), letters), 3U);
  EXPECT_EQ(measures_within(notation, std::ssize(notation.text()) - 1, letters), 2U);
  EXPECT_EQ(measures_within(notation, std::ssize(notation.text(1)), letters), 1U);
  EXPECT_EQ(measures_within(notation, 5, letters), 0U);
}

TEST(Quantize, APerformanceIsHeardOnItsBeats) {
  // Quarter notes at 100 a minute, written down against a clock of 120 with 384 ticks, a little early or late.
  midi::Score score;
  score.ticks_per_quarter = 384;
  std::vector<midi::Note> notes;
  constexpr int kTicksOfABeat = 461;
  for (int i = 0; i < 32; ++i) {
    const std::int64_t start = 100 + i * kTicksOfABeat + (i * 7 % 5 - 2) * 3;
    notes.push_back(note(start, kTicksOfABeat - 10, 60 + i % 8));
  }
  score.instruments = {instrument(notes)};
  const GridClip clip = quantize(score, 4);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    EXPECT_EQ(clip.instruments[0].notes[i].start, 4 * static_cast<std::int64_t>(i));
    EXPECT_EQ(clip.instruments[0].notes[i].end, 4 * static_cast<std::int64_t>(i) + 4);
  }
  EXPECT_EQ(clip.measures.size(), 8U);
  EXPECT_FALSE(clip.measures[0].meter);
  EXPECT_NEAR(static_cast<double>(clip.measures[0].tempo), 100, 1);
  EXPECT_NE(abc(score, {.grid = 4}).text().find("M:none"), std::string::npos);
}

TEST(Quantize, AScoreThatWasExportedWithoutATempoIsNone) {
  midi::Score score = tune({{60, 480}, {62, 160}, {64, 160}, {65, 160}, {67, 960}});
  score.tempos.clear();
  score.time_signatures.clear();
  EXPECT_TRUE(quantize(score, 12).measures[0].meter);
}

TEST(Quantize, ANoteKeepsAtLeastOnePart) {
  const GridClip clip = quantize(tune({{60, 3}, {62, 477}}), 4);
  EXPECT_EQ(clip.instruments[0].notes[0], (GridNote{0, 1, 60}));
  EXPECT_EQ(clip.instruments[0].notes[1], (GridNote{0, 4, 62}));
}

TEST(Quantize, MeasuresHaveNoGaps) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const GridClip clip = quantize(made_up(seed), 1);
    std::int64_t end = 0;
    for (const Measure& measure : clip.measures) {
      EXPECT_EQ(measure.start, end);
      EXPECT_GT(measure.end, measure.start);
      end = measure.end;
    }
    for (const auto& instrument : clip.instruments) EXPECT_LE(instrument.notes.back().end, end);
  }
}

}  // namespace
}  // namespace midillama::music
