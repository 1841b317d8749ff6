#include "midillama/octuple/note_order.h"

#include "midillama/octuple/octuple.h"

#include <gtest/gtest.h>

namespace midillama::octuple {
namespace {

midi::Note note(std::int64_t start, std::uint8_t pitch) {
  return {{start}, {start + 240}, pitch, 64};
}

TEST(NoteOrder, IsThatOfTheOctuples) {
  midi::Score score;
  score.instruments = {{.program = 40, .name = {}, .notes = {note(480, 60), note(0, 72), note(0, 60)}},
                       {.is_drum = true, .name = {}, .notes = {note(0, 38)}},
                       {.program = 3, .name = {}, .notes = {note(0, 72), note(480, 50)}}};
  const auto order = note_order(score);
  EXPECT_EQ(order, (std::vector<NoteIndex>{{2, 0}, {0, 2}, {0, 1}, {1, 0}, {2, 1}, {0, 0}}));
  const auto octuples = encode(score);
  ASSERT_EQ(octuples.size(), order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    EXPECT_EQ(octuples[i].pitch % 128, score.instruments[order[i].instrument].notes[order[i].note].pitch);
}

TEST(NoteOrder, NotesOfOneOctupleKeepTheirs) {
  midi::Score score;
  score.instruments = {{.name = {}, .notes = {note(1, 60), note(0, 60)}}};
  EXPECT_EQ(note_order(score), (std::vector<NoteIndex>{{0, 0}, {0, 1}}));
}

TEST(NoteOrder, NotesBeyondTheTimelineAreNotInIt) {
  midi::Score score;
  score.instruments = {{.name = {}, .notes = {note(std::int64_t{kMaxPositions} * 30, 60), note(0, 61)}}};
  EXPECT_EQ(note_order(score), (std::vector<NoteIndex>{{0, 1}}));
}

TEST(NoteOrder, WhatMakesNoOctuplesIsRefused) {
  midi::Score score;
  score.smpte = midi::SmpteDivision{};
  EXPECT_THROW(note_order(score), OctupleError);
}

}  // namespace
}  // namespace midillama::octuple
