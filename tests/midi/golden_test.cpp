// Every edge-case file is read as miditoolkit 0.1.17 reads it (tests/golden/midi/make_midi.py), or refused where that refuses it.
#include "midillama/core/file.h"
#include "midillama/midi/file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace midillama::midi {
namespace {

const std::filesystem::path kGolden = "tests/golden/midi";

std::filesystem::path file(const std::string& name) {
  return kGolden / "files" / (name + ".mid");
}

Json golden_files() {
  return read_json(kGolden / "scores.json").at("files");
}

Json notes_json(const Instrument& instrument) {
  Json notes = Json::array();
  for (const Note& note : instrument.notes) notes.push_back({note.start.value, note.end.value, note.pitch, note.velocity});
  return notes;
}

Json instruments_json(const Score& score) {
  Json list = Json::array();
  for (const Instrument& instrument : score.instruments) {
    list.push_back(
        {{"program", instrument.program}, {"is_drum", instrument.is_drum}, {"name", instrument.name}, {"notes", notes_json(instrument)}});
  }
  return list;
}

// As miditoolkit numbers keys: the tonic's pitch class, minor ones after the major ones.
int key_number(const KeySignature& key) {
  const int tonic = 7 * (key.fifths + 12) + (key.minor ? 9 : 0);
  return tonic % 12 + (key.minor ? 12 : 0);
}

Json keys_json(const Score& score) {
  Json list = Json::array();
  for (const KeySignature& key : score.key_signatures) list.push_back({key.time.value, key_number(key)});
  return list;
}

Json lyrics_json(const Score& score) {
  Json list = Json::array();
  for (const Lyric& lyric : score.lyrics) list.push_back({lyric.time.value, lyric.text});
  return list;
}

// The reference keeps changes in file order; at a tick, the last one listed at or before it is in force.
Json in_force(const Json& changes, std::int64_t tick) {
  Json value;
  for (const Json& change : changes) {
    if (change.at(0) <= tick) value = Json(change.begin() + 1, change.end());
  }
  return value;
}

std::set<std::int64_t> change_ticks(const Json& changes) {
  std::set<std::int64_t> ticks = {0};
  for (const Json& change : changes) {
    const auto tick = change.at(0).get<std::int64_t>();
    ticks.insert({tick, tick + 1, std::max<std::int64_t>(tick - 1, 0)});
  }
  return ticks;
}

void expect_same_tempos(const Score& score, const Json& golden) {
  Json ours = Json::array({{0, kDefaultBpm}});
  for (const TempoChange& change : score.tempos) ours.push_back({change.time.value, change.bpm});
  for (const auto tick : change_ticks(golden)) EXPECT_EQ(in_force(ours, tick), in_force(golden, tick)) << "tick " << tick;
}

void expect_same_meters(const Score& score, const Json& golden) {
  Json ours = Json::array();
  for (const TimeSignature& change : score.time_signatures) ours.push_back({change.time.value, change.numerator, change.denominator});
  for (const auto tick : change_ticks(golden)) EXPECT_EQ(in_force(ours, tick), in_force(golden, tick)) << "tick " << tick;
}

bool starts_with(const std::string& name, const char* prefix) {
  return name.rfind(prefix, 0) == 0;
}

TEST(GoldenMidi, ReadsWhatTheReferenceReads) {
  const Json files = golden_files();
  int compared = 0;
  for (const auto& [name, entry] : files.items()) {
    if (!entry.contains("score") || starts_with(name, "bad_") || name == "smpte") continue;
    SCOPED_TRACE(name);
    const Json& golden = entry.at("score");
    const Score score = read_midi(file(name));
    EXPECT_EQ(score.ticks_per_quarter, golden.at("ticks_per_quarter"));
    EXPECT_EQ(instruments_json(score), golden.at("instruments"));
    EXPECT_EQ(keys_json(score), golden.at("key_signatures"));
    EXPECT_EQ(lyrics_json(score), golden.at("lyrics"));
    expect_same_tempos(score, golden.at("tempos"));
    expect_same_meters(score, golden.at("time_signatures"));
    ++compared;
  }
  EXPECT_GE(compared, 35);
}

TEST(GoldenMidi, RefusesWhatTheReferenceRefuses) {
  const Json files = golden_files();
  int refused = 0;
  for (const auto& [name, entry] : files.items()) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(entry.contains("score") || starts_with(name, "truncated_") || starts_with(name, "bad_")) << "misnamed";
    if (!starts_with(name, "bad_")) continue;
    EXPECT_THROW(read_midi(file(name)), MidiError);
    ++refused;
  }
  EXPECT_GE(refused, 30);
}

TEST(GoldenMidi, EveryFileSurvivesWritingAndReading) {
  const Json files = golden_files();
  for (const auto& [name, entry] : files.items()) {
    if (starts_with(name, "bad_")) continue;
    SCOPED_TRACE(name);
    const Score score = read_midi(file(name));
    EXPECT_EQ(parse_midi(to_midi(score), name), score);
  }
}

}  // namespace
}  // namespace midillama::midi
