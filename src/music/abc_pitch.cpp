#include "music/abc_pitch.h"

#include <cstddef>

namespace midillama::music {
namespace {

// The line of fifths: … Bb is -2, F -1, C 0, G 1, … B 5, F sharp 6 …
constexpr int kMostFlats = -6, kMostSharps = 6;
constexpr int kLetterOf[] = {0, 4, 1, 5, 2, 6, 3};  // of the fifths from C up: C G D A E B F, as steps from C
constexpr int kSemitonesOf[] = {0, 2, 4, 5, 7, 9, 11};

int floor_mod(int value, int by) {
  return (value % by + by) % by;
}

// 0 where a fifth is within F to B, 1 a sharp, -1 a flat, …
int accidental_of(int fifth) {
  return (fifth + 1 - floor_mod(fifth + 1, 7)) / 7;
}

int pitch_class_of(int fifth) {
  return floor_mod(7 * fifth, 12);
}

// A key has the fifths from one below its tonic to five above. Beside them usual are two to the flat side and three to the sharp side, the
// last of which is the leading note of the minor key with the same signature.
int fifth_of(int pitch, int sharps) {
  int fifth = sharps - 3;
  while (pitch_class_of(fifth) != pitch % 12) ++fifth;
  return fifth;
}

bool is_in_key(int fifth, int sharps) {
  return fifth >= sharps - 1 && fifth <= sharps + 5;
}

std::array<int, 12> notes_by_pitch_class(const GridClip& clip) {
  std::array<int, 12> notes = {};
  for (const auto& instrument : clip.instruments) {
    if (instrument.is_drum) continue;
    for (const GridNote& note : instrument.notes) ++notes[static_cast<std::size_t>(note.pitch % 12)];
  }
  return notes;
}

}  // namespace

int fewest_accidentals(const GridClip& clip) {
  const auto notes = notes_by_pitch_class(clip);
  const auto outside = [&](int sharps) {
    int count = 0;
    for (int pitch = 0; pitch < 12; ++pitch) {
      if (!is_in_key(fifth_of(pitch, sharps), sharps)) count += notes[static_cast<std::size_t>(pitch)];
    }
    return count;
  };
  int best = 0;
  for (int signs = 1; signs <= kMostSharps; ++signs) {
    for (const int sharps : {signs, -signs}) {
      if (sharps >= kMostFlats && outside(sharps) < outside(best)) best = sharps;
    }
  }
  return best;
}

std::string key_name(int sharps) {
  const int accidental = accidental_of(sharps);
  const char letter = "CGDAEBF"[floor_mod(sharps, 7)];
  return std::string(1, letter) + (accidental > 0 ? "#" : accidental < 0 ? "b" : "");
}

std::string AbcSpeller::spell(int pitch) {
  constexpr const char* kSigns[] = {"__", "_", "=", "^", "^^"};
  constexpr int kOctaveOfMiddleC = 5;
  const int fifth = fifth_of(pitch, sharps_);
  const int accidental = accidental_of(fifth);
  const int letter = kLetterOf[floor_mod(fifth, 7)];
  bool& altered = altered_[static_cast<std::size_t>(letter)];
  const bool in_key = is_in_key(fifth, sharps_);
  std::string text = in_key && !altered ? "" : kSigns[accidental + 2];
  altered = altered || !in_key;
  const int octave = (pitch - accidental - kSemitonesOf[letter]) / 12;
  const bool is_small = octave > kOctaveOfMiddleC;
  text += (is_small ? "cdefgab" : "CDEFGAB")[letter];
  if (is_small) return text.append(static_cast<std::size_t>(octave - kOctaveOfMiddleC - 1), '\'');
  return text.append(static_cast<std::size_t>(kOctaveOfMiddleC - octave), ',');
}

}  // namespace midillama::music
