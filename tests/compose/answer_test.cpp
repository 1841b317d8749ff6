#include "midillama/compose/answer.h"

#include "grammar/byte_tokenizer.h"
#include "grammar/random_walk.h"
#include "grammar/validator.h"
#include "midillama/compose/score.h"
#include "midillama/grammar/grammar.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::compose {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

const Form kSmall = {.bars = 2, .notes = {2, 2, 1, 2}};
const std::string kGood =
    R"({"melody":[[60,480,80,0],[62,240,80,480]],"chords":[[48,960,70,0],[52,960,70,0]],"bass":[[36,960,90,0]],"rhythm":[[35,240,99,0],[42,240,9,240]]})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Answer, AGoodOneIsReadAsItIs) {
  const PieceReading reading = read_piece(kGood, kSmall, false);
  EXPECT_EQ(reading.problem, "");
  EXPECT_TRUE(reading.forgiven.empty());
  EXPECT_EQ(to_json(reading.tracks).dump(), kGood);
}

struct Flaw {
  std::string from, to;
  Counts forgiven, repaired;
};

TEST(Answer, FlawsAreForgivenOrRepairedAndCounted) {
  const std::vector<Flaw> flaws = {
      {"[60,480,80,0]", "(60.0, \"480\", 80, 0)", {{"tuples", 1}, {"numbers with a fraction", 1}, {"numbers as texts", 1}}, {}},
      {"[60,480,80,0]", R"({"pitch":60,"duration":480,"velocity":80,"start_time":0})", {{"notes as objects", 1}}, {}},
      {"rhythm", "Drums", {{"tracks by other names", 1}}, {}},
      {"[60,480,80,0]", "[160,480,80,0]", {}, {{"pitches outside 0 to 127", 1}}},
      {"[60,480,80,0]", "[60,5000,0,0]", {}, {{"durations outside 240 to 960", 1}, {"velocities outside 1 to 127", 1}}},
      {"[42,240,9,240]", "[44,240,9,240]", {}, {{"other drums", 1}}},
      {"[60,480,80,0]", "[60,480,80,3840]", {}, {{"starts outside the piece", 1}}},
      {"[60,480,80,0]", "[60,480,80]", {}, {{"notes that are not four numbers", 1}}},
      {"[60,480,80,0]", "[60,null,80,0]", {}, {{"notes that are not four numbers", 1}}},
      {"\"bass\"", "\"lyrics\":[],\"bass\"", {}, {{"tracks that nobody asked for", 1}}},
      {"[36,960,90,0]", "[36,960,90,0],[36,960,90,480],[36,960,90,960]", {}, {{"notes too many", 1}}},
  };
  for (const Flaw& flaw : flaws) {
    const std::string answer = replaced(kGood, flaw.from, flaw.to);
    const PieceReading reading = read_piece(answer, kSmall, true);
    EXPECT_EQ(reading.problem, "") << answer;
    EXPECT_EQ(reading.forgiven, flaw.forgiven) << answer;
    EXPECT_EQ(reading.repaired, flaw.repaired) << answer;
    const PieceReading strict = read_piece(answer, kSmall, false);
    EXPECT_EQ(strict.problem, flaw.repaired.empty() ? "" : "the answer has " + flaw.repaired.begin()->first) << answer;
  }
}

TEST(Answer, AnObjectAroundTheTracksIsForgiven) {
  const PieceReading reading = read_piece("{\"tracks\":" + kGood + "}", kSmall, false);
  EXPECT_EQ(to_json(reading.tracks).dump(), kGood);
  EXPECT_EQ(reading.forgiven, (Counts{{"an object around the tracks", 1}}));
}

TEST(Answer, ATitleMayStandBesideTheObjectAroundTheTracks) {
  const PieceReading reading = read_piece(R"({"title": "Blue", "tracks": )" + kGood + R"(, "key": {"tonic": "C"}})", kSmall, false);
  EXPECT_EQ(reading.problem, "");
  EXPECT_EQ(reading.forgiven, (Counts{{"an object around the tracks", 1}}));
  EXPECT_EQ(to_json(reading.tracks).dump(), kGood);
}

TEST(Answer, ACutNumberIsNoNote) {
  Form form = kSmall;
  form.notes = {2, 2, 1, 1};
  const PieceReading reading = read_piece(kGood.substr(0, kGood.size() - 5), form, true);
  EXPECT_EQ(reading.problem, "");
  EXPECT_EQ(track_of(reading.tracks, music::Role::rhythm).size(), 1u) << "not one that starts at tick 2 and not at 240";
  EXPECT_EQ(reading.forgiven.at("a value that is cut"), 1);
}

TEST(Answer, WhatLacksATrackOrHalfOfItsNotesIsNoPiece) {
  EXPECT_EQ(read_piece(replaced(kGood, "bass", "lyrics"), kSmall, true).problem, "the track \"bass\" is missing");
  EXPECT_EQ(read_piece(replaced(kGood, "[[36,960,90,0]]", "[]"), kSmall, true).problem,
            "the track \"bass\" has 0 notes that can be used, and 1 were asked for");
  EXPECT_THAT(read_piece("Sorry.", kSmall, true).problem, HasSubstr("there is no object"));
}

TEST(Answer, EveryTextOfTheSchemaIsAPieceWithoutRepair) {
  for (const char* writer : {"fixed", "compatible"}) {
    const Form form = {.bars = 3, .bar_ticks = midi_writer(writer).bar_ticks, .notes = {7, 5, 2, 30}};
    const OrderedJson schema = schema_of(form);
    const grammar::ByteTokenizer tokenizer;
    const auto vocabulary = std::make_shared<const grammar::Vocabulary>(tokenizer);
    const auto grammar = grammar::json_schema(schema, vocabulary);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::string text = tokenizer.decode(grammar::random_walk(grammar, 100'000, seed));
      const PieceReading reading = read_piece(text, form, false);
      EXPECT_EQ(reading.problem, "") << text;
      EXPECT_TRUE(reading.forgiven.empty()) << text;
      for (const music::Role role : music::kRoles)
        EXPECT_EQ(std::ssize(track_of(reading.tracks, role)), form.notes[static_cast<std::size_t>(role)]);
      EXPECT_TRUE(grammar::Validator(schema).holds(OrderedJson::parse(text)));
    }
  }
}

TEST(Answer, TheSchemaHoldsEveryNoteToItsPartOfThePiece) {
  const OrderedJson schema = schema_of({.bars = 8, .notes = {16, 16, 8, 16}});
  const auto starts = [&](const char* track, std::size_t note) {
    return schema["properties"][track]["prefixItems"][note]["prefixItems"][3]["enum"].get<std::vector<std::int64_t>>();
  };
  EXPECT_THAT(starts("melody", 0), ElementsAre(0, 240, 480, 720));
  EXPECT_THAT(starts("melody", 15), ElementsAre(14400, 14640, 14880, 15120));
  EXPECT_THAT(starts("chords", 3), ElementsAre(1920));
  EXPECT_THAT(starts("chords", 15), ElementsAre(13440));
}

TEST(Answer, ThePromptSaysWhatIsHeldAgainstTheAnswer) {
  const std::string prompt = prompt_of({.bars = 4, .notes = {9, 7, 5, 3}}, "a Punk song in Dark style", "calm");
  for (const char* part : {"a Punk song in Dark style, calm in mood: 4 bars", "0 to 7679; a bar has 1920", "about 9 notes", "about 7 notes",
                           "about 5 low notes", "about 3 strokes"})
    EXPECT_THAT(prompt, HasSubstr(part));
}

TEST(ReadTracks, NamesTheNoteThatHasNoPlaceInAFile) {
  const auto error = [](const std::string& text) {
    return error_of([&] {
      Counts forgiven;
      read_tracks(text, "a.json", forgiven);
    });
  };
  EXPECT_THAT(error(R"({"bass":[[36,1,1,0],[36,1,0,0]]})"), HasSubstr("a.json: bass[1]: is no [pitch"));
  EXPECT_THAT(error(R"({"bass":[[36,1,1,99999999999]]})"), HasSubstr("a.json: bass[0]: is no [pitch"));
  EXPECT_THAT(error(R"({"drums":[[36,1,1]]})"), HasSubstr("a.json: rhythm[0]: is no [pitch"));
  EXPECT_THAT(error("{}"), HasSubstr("a.json: has none of the tracks"));
  EXPECT_THAT(error("no"), HasSubstr("a.json: there is no object"));
}

}  // namespace
}  // namespace midillama::compose
