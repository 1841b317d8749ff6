#include "midillama/music/clip_text.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gtest/gtest.h>

namespace midillama::music {
namespace {

midi::Instrument instrument(std::vector<midi::Note> notes, int program = 0, bool is_drum = false) {
  return {.program = static_cast<std::uint8_t>(program), .is_drum = is_drum, .name = {}, .notes = std::move(notes)};
}

midi::Note note(std::int64_t start, std::int64_t length, int pitch) {
  return {{start}, {start + length}, static_cast<std::uint8_t>(pitch), 64};
}

TEST(ClipText, TheNoteListHasALineABar) {
  midi::Score clip;
  clip.ticks_per_quarter = 480;
  clip.time_signatures = {{{0}, 3, 4}};
  clip.instruments = {instrument({note(480, 240, 66), note(0, 480, 62), note(720, 160, 69), note(2880, 1440, 74)}, 40)};
  EXPECT_EQ(note_list(clip, {}).text(),
            "meter 3/4, tempo 120\n"
            "bar 1: 0 D4 1, 1 F#4 0.5, 1.5 A4 0.33\n"
            "bar 3: 0 D5 3\n");
}

TEST(ClipText, InstrumentsAreNamedWhereThereAreSeveral) {
  midi::Score clip;
  clip.instruments = {instrument({note(0, 480, 60)}), instrument({note(240, 120, 36)}, 0, true)};
  EXPECT_EQ(note_list(clip, {}).text(),
            "meter 4/4, tempo 120\n"
            "bar 1, program 0: 0 C4 1\n"
            "bar 1, drums: 0.5 36 0.25\n");
}

TEST(ClipText, ANewMeterOrTempoHasALineBeforeItsBar) {
  midi::Score clip;
  clip.time_signatures = {{{1920}, 6, 8}};
  clip.tempos = {{{0}, 90}, {{3360}, 60.4}};
  clip.instruments = {instrument({note(0, 480, 60), note(1920, 480, 62), note(3360, 480, 64)})};
  EXPECT_EQ(note_list(clip, {}).text(),
            "meter 4/4, tempo 90\nbar 1: 0 C4 1\n"
            "meter 6/8, tempo 90\nbar 2: 0 D4 1\n"
            "meter 6/8, tempo 60\nbar 3: 0 E4 1\n");
}

TEST(ClipText, TheNoteListIsCutAfterABar) {
  midi::Score clip;
  clip.instruments = {instrument({note(0, 480, 60), note(3840, 480, 62)})};
  EXPECT_EQ(note_list(clip, {}).measures(), 3U);
  EXPECT_EQ(note_list(clip, {}).text(2), "meter 4/4, tempo 120\nbar 1: 0 C4 1\n");
}

TEST(ClipText, JsonHasAnObjectABarAndIsJsonWhereverItIsCut) {
  midi::Score clip;
  clip.time_signatures = {{{0}, 3, 4}};
  clip.tempos = {{{0}, 120}, {{2880}, 90}};
  clip.instruments = {instrument({note(480, 240, 66), note(0, 480, 62), note(2880, 1440, 74)}), instrument({note(0, 160, 36)}, 0, true)};
  const Notation notation = json_bars(clip, {});
  EXPECT_EQ(notation.text(), R"({"bars":[{"meter":"3/4","tempo":120,"program 0":[[0,62,1],[1,66,0.5]],"drums":[[0,36,0.33]]},{"notes":[]},)"
                             R"({"tempo":90,"program 0":[[0,74,3]]}]})");
  for (std::size_t n = 1; n <= notation.measures(); ++n) EXPECT_EQ(Json::parse(notation.text(n)).at("bars").size(), n);
  EXPECT_EQ(json_bars({}, {}).notes, 0);
}

TEST(ClipText, InstrumentsOfOneNameHaveOneListInJson) {
  midi::Score clip;
  clip.instruments = {instrument({note(480, 480, 60)}), instrument({note(0, 480, 62)})};
  EXPECT_EQ(json_bars(clip, {}).text(), R"({"bars":[{"meter":"4/4","tempo":120,"program 0":[[0,62,1],[1,60,1]]}]})");
}

TEST(ClipText, AClipWithoutNotesIsAnEmptyText) {
  EXPECT_EQ(note_list({}, {}).text(), "");
}

TEST(ClipText, KindsAreFoundByName) {
  for (const ClipText& kind : clip_texts()) EXPECT_EQ(clip_text_from_name(kind.name).write, kind.write);
  EXPECT_THROW(clip_text_from_name("score"), UsageError);
}

}  // namespace
}  // namespace midillama::music
