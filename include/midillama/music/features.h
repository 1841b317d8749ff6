// Features measured on notes: register, note density, and what a file states about tempo and meter.
#pragma once

#include "midillama/midi/score.h"

#include <optional>

namespace midillama::music {

// Mean MIDI pitch of the notes weighted by their length in ticks, drums left out; std::nullopt where there are none.
std::optional<double> mean_pitch(const midi::Score& score);

// Notes that begin per second, from tick 0 to the end of the last note; 0 where there are none.
double notes_per_second(const midi::Score& score);

// True where the file says something about time. Transcribers and exporters write 120 BPM in 4/4 into every file, whatever they heard:
// a file that says only this says nothing. Nor does one that is timed in film frames. What comes after the beginning of the last note does
// not count.
bool states_timing(const midi::Score& score);
// Of such a file: whether it says which meter, which tempo.
bool states_meter(const midi::Score& score);
bool states_tempo(const midi::Score& score);

// The meter, and the beats a minute, in force wherever notes sound; std::nullopt where they change. Until the first event of a file 4/4 and
// 120 quarter notes a minute are in force. Changes of meter that leave the beat as long as it was (6/8 to 9/8) leave the beats as they are.
std::optional<midi::TimeSignature> meter_throughout(const midi::Score& score);
std::optional<double> beats_throughout(const midi::Score& score);

// The one time signature of a file that states_meter(); std::nullopt where it gives none or several.
std::optional<midi::TimeSignature> stated_meter(const midi::Score& score);

// The one tempo of a file that states_tempo(), in quarter notes a minute; std::nullopt where it gives none or several.
std::optional<double> stated_tempo(const midi::Score& score);

// The meter's beats at a tempo in quarter notes a minute: dotted in compound meters (6/8, 9/4, 12/16), the lower number's note in others.
double beats_per_minute(double quarters_per_minute, const midi::TimeSignature& meter);

}  // namespace midillama::music
