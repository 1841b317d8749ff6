// What each instrument of a score does: melody, chords, bass or rhythm. Files do not say it; this is the rule by which it is guessed.
#pragma once

#include "midillama/midi/score.h"

#include <array>
#include <string_view>
#include <vector>

namespace midillama::music {

enum class Role { melody, chords, bass, rhythm };
inline constexpr std::array<Role, 4> kRoles = {Role::melody, Role::chords, Role::bass, Role::rhythm};

// "melody", "chords", "bass", "rhythm".
std::string_view name_of(Role role);

// The role of each instrument of the score, in its order.
//
//   1. Drums are rhythm.
//   2. An instrument whose name has a word of these, in any case, has its role; the first one counts: "drum" ("drums", "drumkit",
//      "drumset"), "melody", "vocal", "voice", "lead", "chord", "bass" ("bassline"), also in the plural. The name "rhythm" is rhythm.
//   3. Programs 32 to 39 are bass.
//   4. Of what is left, where nothing is melody yet: the instrument that plays one note at a time for the largest part of its notes and, of
//      those within a tenth of it, the highest, is melody. A score's only instrument is melody.
//   5. Of what is left, an instrument that plays one note at a time (nine in ten notes begin alone), with a mean pitch below 48, is bass.
//   6. The rest is chords.
//
// An instrument without notes is chords.
std::vector<Role> guess_roles(const midi::Score& score);

}  // namespace midillama::music
