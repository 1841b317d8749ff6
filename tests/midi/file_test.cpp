#include "midillama/midi/file.h"

#include "midi_bytes.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace midillama::midi {
namespace {

using testing::HasSubstr;

std::string refusal(const Bytes& bytes) {
  try {
    parse_midi(bytes, "song.mid");
  } catch (const MidiError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ParseMidi, ReadsANote) {
  const Score score = parse_midi(header(1) + track(note(60, 100)), "song.mid");
  ASSERT_EQ(score.instruments.size(), 1u);
  EXPECT_EQ(score.ticks_per_quarter, 480);
  EXPECT_EQ(score.instruments[0].notes, (std::vector<Note>{{Tick{0}, Tick{100}, 60, 64}}));
}

// A header takes 14 bytes and a track header 8: the events of the first track start at offset 0x16.
TEST(ParseMidi, ErrorsNameFileAndOffset) {
  EXPECT_EQ(refusal({}), "song.mid: offset 0x0: too short for a MIDI file");
  EXPECT_THAT(refusal(ascii("RIFF") + header(1) + track(note(60, 100))), HasSubstr("offset 0x0: no MIDI file"));
  EXPECT_THAT(refusal(header(0) + track(note(60, 100))), HasSubstr("offset 0xa: a header that promises 0 tracks"));
  EXPECT_THAT(refusal(header(1, 0) + track(note(60, 100))), HasSubstr("offset 0xc: 0 ticks a quarter note"));
  EXPECT_THAT(refusal(header(1, 0x8028) + track(note(60, 100))), HasSubstr("offset 0xc: an SMPTE division of 128 frames"));
  EXPECT_THAT(refusal(header(1) + ascii("XFIHabcdefgh")), HasSubstr("offset 0xe: track 1 of 1 does not start with \"MTrk\""));
  EXPECT_THAT(refusal(header(2) + track(note(60, 100))), HasSubstr("offset 0x1e: the file ends before track 2 of 2"));
  EXPECT_THAT(refusal(header(2) + short_track(note(60, 100), 1)),
              HasSubstr("offset 0xe: the chunk of track 1 of 2 is longer than the file"));
  EXPECT_THAT(refusal(header(1) + track({})), HasSubstr("offset 0x16: a track without events"));
  EXPECT_THAT(refusal(header(1) + track({0, 0x90, 60})), HasSubstr("offset 0x19: an event reaches beyond the end of its track chunk"));
  EXPECT_THAT(refusal(header(1) + track({0, 0x90, 60, 0x80})), HasSubstr("offset 0x19: data byte 0x80"));
  EXPECT_THAT(refusal(header(1) + track(note(60, 100) + Bytes{0, 0xff, 0x51, 3, 0, 0, 0})), HasSubstr("offset 0x1e: a tempo of 0"));
}

// Kind C20: notes that are left out are spoken of.
TEST(ParseMidi, TracksThatTheHeaderDoesNotNameAreLeftOutWithAWarning) {
  testing::internal::CaptureStderr();
  const Score score = parse_midi(header(1) + track(note(60, 100)) + track(note(64, 100)), "song.mid");
  EXPECT_EQ(score.note_count(), 1u);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("song.mid: more tracks follow than the 1 that its header names"));
}

TEST(ParseMidi, RefusesLengthsBeyondTheFileWithoutReadingThem) {
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
  EXPECT_THAT(refusal(header(1) + track(Bytes{0, 0xff, 1} + huge)), HasSubstr("longer than 1000000 bytes"));
  EXPECT_THAT(refusal(header(1) + track(Bytes{0, 0xf0} + huge)), HasSubstr("longer than 1000000 bytes"));
  EXPECT_THAT(refusal(ascii("MThd") + big_endian(0xffffffff, 4) + Bytes(12, 1)), HasSubstr("the file ends before track 1"));
}

TEST(ParseMidi, NotesLieBelowTick2To31) {
  const Bytes late = {0x87, 0xff, 0xff, 0xff, 0x7f};  // 2^31 - 1
  const Score score = parse_midi(header(1) + track(Bytes{0, 0x90, 60, 1} + late + Bytes{0x80, 60, 0}), "song.mid");
  EXPECT_EQ(score.end(), kMaxTick);
  EXPECT_THAT(refusal(header(1) + track(Bytes{1, 0x90, 60, 1} + late + Bytes{0x80, 60, 0})),
              HasSubstr("offset 0x1a: a note ends behind tick 2147483647"));
}

TEST(ParseMidi, EventsBehindTheLastPossibleNoteAreDropped) {
  const Bytes behind = {0x88, 0x80, 0x80, 0x80, 0x00};  // 2^31
  const Bytes events = behind + Bytes{0xff, 0x51, 3, 1, 0, 0} + Bytes{0, 0xff, 0x58, 4, 3, 2, 24, 8} + Bytes{0, 0xff, 0x59, 2, 1, 0} +
                       Bytes{0, 0xff, 5, 1, 'a'};
  const Score score = parse_midi(header(1) + track(events), "song.mid");
  EXPECT_EQ(score, Score{});
}

TEST(ParseMidi, ATruncatedLastTrackIsReadUpToItsLastCompleteEvent) {
  const std::vector<Bytes> remains = {
      {}, {0x81}, {0}, {0, 0x90}, {0, 0x90, 62}, {0, 61}, {0, 0xff}, {0, 0xff, 0x51, 3, 1, 2}, {0, 0xf0, 9, 1, 2}};
  for (const Bytes& rest : remains) {
    testing::internal::CaptureStderr();
    const Score score = parse_midi(header(2) + track(note(48, 10)) + short_track(note(60, 100) + rest, 1000), "song.mid");
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("song.mid: the last track is truncated"));
    ASSERT_EQ(score.instruments.size(), 2u);
    EXPECT_EQ(score.instruments[1].notes, (std::vector<Note>{{Tick{0}, Tick{100}, 60, 64}})) << testing::PrintToString(rest);
  }
}

TEST(ParseMidi, WhoReadsMayBeToldWhatIsReadOtherwise) {
  const auto told = [](const Bytes& bytes) {
    std::vector<std::string> told;
    testing::internal::CaptureStderr();
    parse_midi(bytes, "song.mid", [&](const std::string& what) { told.push_back(what); });
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    return told;
  };
  const Bytes one = track(note(60, 100));
  EXPECT_THAT(told(header(1) + one), testing::IsEmpty());
  EXPECT_THAT(told(header(1) + short_track(note(60, 100), 1000)), testing::ElementsAre(HasSubstr("truncated")));
  EXPECT_THAT(told(header(1, 480, 3) + one), testing::ElementsAre(HasSubstr("format 3")));
  EXPECT_THAT(told(header(2, 480, 2) + one + one), testing::ElementsAre(HasSubstr("format 2")));
  EXPECT_THAT(told(header(1) + one + one), testing::ElementsAre(HasSubstr("more tracks follow")));
}

TEST(ParseMidi, ATruncatedTrackMustHoldAnEvent) {
  EXPECT_THAT(refusal(header(1) + short_track({}, 10)), HasSubstr("a track without events"));
  EXPECT_THAT(refusal(header(1) + short_track({0, 0x90, 60}, 10)), HasSubstr("a track without events"));
}

TEST(ParseMidi, TracksOfFormat2ArePatternsOfTheirOwn) {
  const Bytes one = track(note(60, 100)), two = track(note(61, 100));
  EXPECT_TRUE(has_separate_patterns(header(2, 480, 2) + one + two));
  EXPECT_FALSE(has_separate_patterns(header(1, 480, 2) + one)) << "one pattern is a piece";
  EXPECT_FALSE(has_separate_patterns(header(2, 480, 1) + one + two));
  EXPECT_FALSE(has_separate_patterns(ascii("MThd")));
  EXPECT_EQ(parse_midi(header(2, 480, 2) + one + two, "two.mid").note_count(), 2u) << "the reference plays them together";
}

TEST(ParseMidi, SmpteFilesAreTimedInSeconds) {
  const Bytes tempo = {0, 0xff, 0x51, 3, 1, 2, 3};
  const Score pal = parse_midi(header(1, 0xe728) + track(tempo + note(60, 100)), "song.mid");
  EXPECT_EQ(pal.smpte, (SmpteDivision{25, 40}));
  EXPECT_DOUBLE_EQ(pal.to_seconds(Tick{1000}).value, 1.0);
  const Score ntsc = parse_midi(header(1, 0xe364) + track(note(60, 100)), "song.mid");
  EXPECT_EQ(ntsc.smpte, (SmpteDivision{29, 100}));
  EXPECT_DOUBLE_EQ(ntsc.to_seconds(Tick{3000}).value, 1.001);
  EXPECT_EQ(parse_midi(to_midi(ntsc), "written"), ntsc);
}

TEST(ParseMidi, ThePedalIsReadForWhoWantsIt) {
  const Bytes down = {0, 0xb0, 64, 127}, half = {96, 0xb1, 64, 63}, up = {0, 0xb0, 64, 0}, volume = {0, 0xb0, 7, 100};
  const auto bytes = header(2) + track(volume + down + note(60, 96) + up) + track(half);
  const auto performance = parse_performance(bytes, "a.mid");
  EXPECT_EQ(performance.score, parse_midi(bytes, "a.mid"));
  ASSERT_EQ(performance.pedal.size(), 3u);
  EXPECT_TRUE(performance.pedal[0].is_down);
  EXPECT_EQ(performance.pedal[0].time, Tick{0});
  EXPECT_FALSE(performance.pedal[1].is_down);
  EXPECT_EQ(performance.pedal[1].time, Tick{96});
  EXPECT_EQ(performance.pedal[2].channel, 1) << "of all tracks, by time";
  EXPECT_FALSE(performance.pedal[2].is_down) << "below 64";
}

TEST(ReadMidi, NamesTheFile) {
  TemporaryDirectory folder;
  const auto path = folder.path() / "broken.mid";
  write_atomically(path, "no music");
  try {
    read_midi(path);
    FAIL() << "accepted";
  } catch (const MidiError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string() + ": offset 0x0: "));
  }
  EXPECT_THROW(read_midi(folder.path() / "missing.mid"), InputError);
}

// What the process takes from the machine, in bytes.
std::size_t peak_memory() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) << 10;
}

// Kind: whatever a user names, no more of it is read than a MIDI file can have.
TEST(ReadMidi, WhatHasNoEndIsNotReadIntoMemory) {
  const auto refusal_of = [](const std::filesystem::path& path) {
    try {
      read_midi(path);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const TemporaryDirectory folder;
  const auto sparse = folder.path() / "sparse.mid", music = folder.path() / "music.mid";
  write_atomically(sparse, "");
  std::filesystem::resize_file(sparse, 8ULL << 30);
  const std::size_t before = peak_memory();
  for (const auto& file : {std::filesystem::path("/dev/zero"), sparse})
    EXPECT_THAT(refusal_of(file), HasSubstr(file.string() + ": offset 0x0: no MIDI file"));
  EXPECT_LT(peak_memory(), before + (16 << 20)) << "their first bytes are enough";
  write_atomically(music, "MThd");
  std::filesystem::resize_file(music, 8ULL << 30);
  EXPECT_THAT(refusal_of(music), HasSubstr(music.string() + ": does not end after 256 MiB"));
  EXPECT_LT(peak_memory(), before + 4 * kLargestFile);
}

}  // namespace
}  // namespace midillama::midi
