// The MusicBERT dictionary: 1237 ids. Specials first, then the eight fields in order, <mask> last.
#pragma once

#include "midillama/octuple/octuple.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace midillama::octuple {

inline constexpr std::int64_t kBosId = 0;  // <s>
inline constexpr std::int64_t kPadId = 1;  // <pad>
inline constexpr std::int64_t kEosId = 2;  // </s>
inline constexpr std::int64_t kUnkId = 3;  // <unk>
inline constexpr std::int64_t kMaskId = 1236;
inline constexpr std::int64_t kVocabularySize = 1237;

struct Field {
  const char* name;  // "bar", "position", …
  int count;         // codes 0 … count - 1
  std::int64_t first_id;
};
inline constexpr std::array<Field, kFields> kFieldTable = {{{"bar", 256, 4},
                                                            {"position", 128, 260},
                                                            {"program", 129, 388},
                                                            {"pitch", 256, 517},
                                                            {"duration", 128, 773},
                                                            {"velocity", 32, 901},
                                                            {"time_signature", 254, 933},
                                                            {"tempo", 49, 1187}}};

// `<s>` × 8, eight ids a note, `</s>` × 8: [8 · (notes + 2)]. The octuples must lie in one window (bars below 256); OctupleError for codes
// out of range.
std::vector<std::int64_t> to_ids(std::span<const Octuple> window);

// The notes of an id sequence; eight specials in a row are passed over, OctupleError where ids and fields do not match.
std::vector<Octuple> from_ids(std::span<const std::int64_t> ids);

// `<field-code>` words of one note, as muzic writes them: "<0-12> <1-0> …".
std::string to_words(const Octuple& octuple);

// Codes and what they mean. Codes must be in range.
inline constexpr int kDrumProgram = 128;
inline constexpr int kDrumPitches = 128;    // the first pitch code of drums
int duration_code(std::int64_t positions);  // sixteenths of a quarter note; long ones give the last code
int duration_positions(int code);           // the shortest with that code
int tempo_code(double bpm);                 // clamped to 16–256 BPM
double tempo_bpm(int code);
int velocity_code(int velocity);
int code_velocity(int code);
// The time signature as octuples have it: halved while the denominator exceeds 64, then divided while the bar exceeds two whole notes.
// Empty where it cannot be brought to a denominator of 64.
std::optional<std::pair<int, int>> reduce_time_signature(int numerator, int denominator);
// Reduces first; OctupleError where that fails.
int time_signature_code(int numerator, int denominator);
std::pair<int, int> time_signature(int code);
int bar_positions(int time_signature_code);  // the length of a bar, in sixteenths of a quarter note: 1–128

}  // namespace midillama::octuple
