#include "midillama/core/file.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::midi {
namespace {

Score written_and_read(const Score& score) {
  return parse_midi(to_midi(score), "written");
}

// The notes of a program, sorted.
std::vector<Note> notes_of(const Score& score, int program) {
  std::vector<Note> notes;
  for (const auto& instrument : score.instruments) {
    if (instrument.program == program) notes.insert(notes.end(), instrument.notes.begin(), instrument.notes.end());
  }
  std::sort(notes.begin(), notes.end());
  return notes;
}

TEST(ToMidi, KeepsEverythingAScoreHolds) {
  Score score;
  score.ticks_per_quarter = 96;
  score.instruments = {{5, false, "flute", {{Tick{0}, Tick{96}, 60, 64}, {Tick{96}, Tick{96}, 60, 1}, {Tick{96}, Tick{200}, 60, 127}}},
                       {0, true, "", {{Tick{7}, Tick{9}, 38, 90}}},
                       {5, false, "flute 2", {{Tick{0}, Tick{1}, 0, 64}}}};
  score.tempos = {{Tick{10}, 60e6 / 433'333}, {Tick{20}, 60e6 / 0xffffff}, {Tick{30}, 60e6}};
  score.time_signatures = {{Tick{0}, 7, 8}, {Tick{336}, 255, 1 << 30}};
  score.key_signatures = {{Tick{0}, -7, true}, {Tick{0}, 7, false}};
  score.lyrics = {{Tick{5}, "twin"}, {Tick{5}, std::string("k\0le\xff", 5)}};
  EXPECT_EQ(written_and_read(score), score);
}

TEST(ToMidi, TimesReachToTheLastTick) {
  Score score;
  score.instruments = {{0, false, "", {{Tick{kMaxTick.value - 1}, kMaxTick, 60, 64}}}};
  EXPECT_EQ(written_and_read(score), score);
}

TEST(ToMidi, NestedNotesOfOnePitchAreKeptApart) {
  Score score;
  score.instruments = {
      {9,
       false,
       "",
       {{Tick{0}, Tick{100}, 60, 1}, {Tick{10}, Tick{50}, 60, 2}, {Tick{20}, Tick{40}, 60, 3}, {Tick{60}, Tick{100}, 60, 4}}}};
  const Score read = written_and_read(score);
  EXPECT_EQ(read.instruments.size(), 3u);
  EXPECT_EQ(notes_of(read, 9), score.instruments[0].notes);
}

TEST(ToMidi, KeepsTheNotesOfRandomScores) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    Score score;
    for (int i = 0; i < 20; ++i) score.instruments.push_back({static_cast<std::uint8_t>(i), false, "", {}});
    for (int i = 0; i < 200; ++i) {
      const auto start = static_cast<std::int64_t>(random.below(20));
      const Tick end{start + static_cast<std::int64_t>(random.below(6))};
      const auto pitch = static_cast<std::uint8_t>(random.below(3)), velocity = static_cast<std::uint8_t>(1 + random.below(127));
      score.instruments[random.below(20)].notes.push_back({Tick{start}, end, pitch, velocity});
    }
    const Score read = written_and_read(score);
    for (int program = 0; program < 20; ++program) EXPECT_EQ(notes_of(read, program), notes_of(score, program));
  }
}

TEST(ToMidi, InstrumentsOfOneProgramHaveTheChannelsThatAreChosen) {
  Score score;
  for (int i = 0; i < 2; ++i)
    score.instruments.push_back({.program = 0, .is_drum = false, .name = {}, .notes = {{Tick{0}, Tick{10}, 60, 80}}});
  const auto has = [](const std::vector<std::uint8_t>& file, std::initializer_list<std::uint8_t> bytes) {
    return !std::ranges::search(file, bytes).empty();
  };
  EXPECT_FALSE(has(to_midi(score), {0x91, 60, 80}));
  const auto file = to_midi(score, {3, 12});
  EXPECT_TRUE(has(file, {0x93, 60, 80}) && has(file, {0x9c, 60, 80}));
  EXPECT_EQ(parse_midi(file, "written").instruments, score.instruments);
  for (const std::vector<int>& wrong : {std::vector<int>{0}, {0, 16}, {0, 9}, {-1, 0}}) EXPECT_THROW(to_midi(score, wrong), Error);
}

TEST(ToMidi, MoreInstrumentsThanChannels) {
  Score score;
  for (int i = 0; i < 128; ++i) score.instruments.push_back({static_cast<std::uint8_t>(i), false, "", {{Tick{i}, Tick{i + 1}, 60, 64}}});
  EXPECT_EQ(written_and_read(score), score);
}

TEST(ToMidi, RefusesWhatMidiCannotHold) {
  const auto with = [](auto change) {
    Score score;
    score.instruments = {{0, false, "", {{Tick{0}, Tick{1}, 60, 64}}}};
    change(score);
    return score;
  };
  const std::vector<Score> impossible = {
      with([](Score& s) { s.instruments[0].program = 128; }),
      with([](Score& s) { s.instruments[0].notes[0].pitch = 128; }),
      with([](Score& s) { s.instruments[0].notes[0].velocity = 0; }),
      with([](Score& s) { s.instruments[0].notes[0].start = Tick{2}; }),
      with([](Score& s) { s.instruments[0].notes[0].end = kMaxTick + Tick{1}; }),
      with([](Score& s) { s.ticks_per_quarter = 32'768; }),
      with([](Score& s) {
        s.tempos = {{Tick{0}, 1.0}};
      }),
      with([](Score& s) {
        s.tempos = {{Tick{-1}, 120.0}};
      }),
      with([](Score& s) {
        s.time_signatures = {{Tick{0}, 5, 3}};
      }),
      with([](Score& s) {
        s.time_signatures = {{Tick{0}, 256, 4}};
      }),
      with([](Score& s) {
        s.key_signatures = {{Tick{0}, 8, false}};
      }),
      with([](Score& s) {
        s.lyrics = {{Tick{0}, std::string(1'000'001, 'a')}};
      }),
      with([](Score& s) { s.instruments.resize(40'000, s.instruments[0]); }),
  };
  for (std::size_t i = 0; i < impossible.size(); ++i) EXPECT_THROW(to_midi(impossible[i]), Error) << i;
}

TEST(WriteMidi, WritesWhatReadMidiReads) {
  TemporaryDirectory folder;
  Score score;
  score.instruments = {{3, false, "name", {{Tick{0}, Tick{1}, 60, 64}}}};
  write_midi(score, folder.path() / "song.mid");
  EXPECT_EQ(read_midi(folder.path() / "song.mid"), score);
}

}  // namespace
}  // namespace midillama::midi
