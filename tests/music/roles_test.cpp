#include "midillama/music/roles.h"

#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::music {
namespace {

using midi::Tick;
using testing::ElementsAre;

midi::Instrument instrument(const Json& row) {
  midi::Instrument instrument{.program = row["program"], .is_drum = row["drum"], .name = row["name"], .notes = {}};
  for (const Json& note : row["notes"]) instrument.notes.push_back({Tick{note[0]}, Tick{note[1]}, note[2], note[3]});
  return instrument;
}

// One note after another of these pitches, or all at once.
midi::Instrument notes(std::initializer_list<int> pitches, bool together = false, int program = 0, const std::string& name = "") {
  midi::Instrument instrument{.program = static_cast<std::uint8_t>(program), .is_drum = false, .name = name, .notes = {}};
  for (std::int64_t start = 0; const int pitch : pitches) {
    instrument.notes.push_back({Tick{start}, Tick{start + 10}, static_cast<std::uint8_t>(pitch), 80});
    start += together ? 0 : 10;
  }
  return instrument;
}

std::vector<Role> roles_of(std::vector<midi::Instrument> instruments) {
  midi::Score score;
  score.instruments = std::move(instruments);
  return guess_roles(score);
}

TEST(GoldenRoles, AreThoseOfTheRuleWrittenOutElsewhere) {
  const Json cases = read_json("tests/golden/music/roles.json");
  ASSERT_EQ(cases.size(), 150u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::vector<midi::Instrument> instruments;
    for (const Json& row : cases[i]["instruments"]) instruments.push_back(instrument(row));
    std::vector<std::string> names;
    for (const Role role : roles_of(instruments)) names.emplace_back(name_of(role));
    EXPECT_EQ(Json(names), cases[i]["roles"]) << "case " << i;
  }
}

TEST(Roles, TheHighestOfThoseThatPlayOneNoteAtATimeIsTheMelody) {
  EXPECT_THAT(roles_of({notes({60, 64, 67}, true), notes({72, 74, 76}), notes({65, 67, 69}), notes({40, 41, 43})}),
              ElementsAre(Role::chords, Role::melody, Role::chords, Role::bass));
}

TEST(Roles, TheOnlyInstrumentIsTheMelodyHoweverLowOrFull) {
  EXPECT_THAT(roles_of({notes({30, 31})}), ElementsAre(Role::melody));
  EXPECT_THAT(roles_of({notes({60, 64, 67}, true)}), ElementsAre(Role::melody));
}

TEST(Roles, NamesAndBassProgramsComeBeforeWhatIsPlayed) {
  EXPECT_THAT(roles_of({notes({40}, false, 0, "LEAD VOCALS"), notes({90}), notes({80}, false, 38), notes({50}, false, 0, "Drum Loop")}),
              ElementsAre(Role::melody, Role::chords, Role::bass, Role::rhythm));
}

TEST(Roles, AWordOfTheNameCountsNotAPartOfOne) {
  const auto role = [](const char* name) { return roles_of({notes({60, 64}, true), notes({72}), notes({62, 65}, true, 0, name)})[2]; };
  EXPECT_EQ(role("Bassoon"), Role::chords);
  EXPECT_EQ(role("Misleading pad"), Role::chords);
  EXPECT_EQ(role("Rhythm Guitar"), Role::chords) << "which is no drum";
  EXPECT_EQ(role("rhythm"), Role::rhythm);
  EXPECT_EQ(role("Bass drum"), Role::rhythm);
  EXPECT_EQ(role("LeadSynth 2"), Role::melody);
  EXPECT_EQ(role("bass2"), Role::bass);
  EXPECT_EQ(role("Lead\u00a0Guitar"), Role::melody);
  EXPECT_EQ(role("Bass\u2013left \xff"), Role::bass);
}

TEST(Roles, AnInstrumentWithoutNotesIsNoMelody) {
  EXPECT_THAT(roles_of({notes({}), notes({60})}), ElementsAre(Role::chords, Role::melody));
  EXPECT_TRUE(roles_of({}).empty());
}

}  // namespace
}  // namespace midillama::music
