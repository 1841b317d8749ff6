// How notes are played and lie together: register, polyphony, dynamics, articulation. Drums are left out of all.
#pragma once

#include "midillama/midi/file.h"
#include "midillama/midi/score.h"

#include <optional>

namespace midillama::music {

// In MIDI pitches. music21's Ambitus has the same range, its PrimaryRegisterFeature the same mean.
struct Register {
  int lowest = 0;
  int highest = 0;
  double mean = 0;  // of the notes, long and short alike; mean_pitch() weighs them by length
};
std::optional<Register> pitch_register(const midi::Score& score);

// Notes that sound together on average, where any sounds: 1 of a melody alone. By the clock, whatever the tempo, and two notes of one pitch
// are two, as in what music21's chordify(removeRedundantPitches=False) makes of the notes that have a length. std::nullopt where none has.
std::optional<double> polyphony(const midi::Score& score);

// Of the notes' velocities, 1 to 127.
struct Dynamics {
  double mean = 0;
  double deviation = 0;  // the standard deviation
};
std::optional<Dynamics> dynamics(const midi::Score& score);

// How much of the time until the next onset the longest note of an onset sounds: 1 is legato, .5 staccato, and more than 1 where notes
// overlap. The median over all onsets; notes within a twentieth of a second are one, as in spread chords. std::nullopt where there are
// fewer than two onsets.
std::optional<double> articulation(const midi::Score& score);

// The share of the time up to the end of the last note in which the sustain pedal is down, on any channel. std::nullopt where the file
// never names the pedal, or has no notes.
std::optional<double> pedal_share(const midi::Performance& performance);

}  // namespace midillama::music
