// One tune's notes, made by Debian's abc2midi.
#pragma once

#include "midillama/core/error.h"
#include "midillama/corpus/abc.h"
#include "midillama/midi/score.h"

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::corpus {

// No tune is at fault: the scratch folder cannot be written to (a full disk), or abc2midi cannot be started.
class ConverterError : public Error {
 public:
  using Error::Error;
};

struct ConvertedTune {
  midi::Score score;
  std::vector<midi::Tick> bar_lines;  // see bar_lines_by_accent()
};

// Converts bare_melody(tune) with its repeats played and its grace notes left out, using files in `scratch` that begin with `name`.
// Error where abc2midi reports that it could not read notes or their lengths, or leaves no MIDI file; ConverterError as above.
ConvertedTune convert_tune(const AbcTune& tune, const std::filesystem::path& scratch, const std::string& name);

// "4.84 January 20 2023 abc2midi". Error where abc2midi cannot be started.
std::string abc2midi_version();

// The complaints of abc2midi's output that mean lost or wrong notes; those about ties, repeats and parts do not.
std::vector<std::string> note_errors(std::string_view abc2midi_output);

// Bar lines as the tune writes them. A pickup shifts them away from the multiples of the bar, which the MIDI file's meter alone would give;
// abc2midi plays the first note of each bar with velocity 105 and no other. A tick counts as a bar line where the next accent is whole bars
// away, so a pickup is none; bar lines under held notes between two accents are filled in.
std::vector<midi::Tick> bar_lines_by_accent(const midi::Score& score);

}  // namespace midillama::corpus
