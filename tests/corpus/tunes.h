// Tunes for tests: random walks on a scale, so that two of them have nothing in common.
#pragma once

#include "midillama/core/random.h"
#include "midillama/midi/score.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace midillama::corpus {

// Degrees of a scale, 0 to 13.
inline std::vector<int> random_degrees(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<int> degrees = {7};
  while (degrees.size() < count) {
    const int step = static_cast<int>(random.below(9)) - 4;
    const int next = degrees.back() + step;
    if (step != 0 && next >= 0 && next < 14) degrees.push_back(next);
  }
  return degrees;
}

// `bars` bars of eight eighth notes in C|, each line four bars, behind the given header fields; every note `steps` of the scale higher,
// which is a transposition where the key goes up as much; at most 3.
inline std::string random_tune(int number, const std::string& fields, std::uint64_t seed, std::size_t bars, int steps = 0) {
  constexpr const char* kNotes[] = {"C", "D", "E", "F", "G", "A", "B", "c", "d", "e", "f", "g", "a", "b", "c'", "d'", "e'"};
  std::string tune = "X:" + std::to_string(number) + "\n" + fields;
  const auto degrees = random_degrees(seed, bars * 8);
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    tune += kNotes[degrees[i] + steps];
    if (i % 8 == 7) tune += i % 32 == 31 ? "|\n" : "|";
  }
  return tune + "\n\n";
}

// The same walk as a score of eighth notes, `transposed` semitones up.
inline midi::Score random_score(std::uint64_t seed, std::size_t count, int transposed = 0, std::int64_t eighth = 240) {
  constexpr int kScale[] = {60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79, 81, 83};
  midi::Score score;
  midi::Instrument instrument;
  const auto degrees = random_degrees(seed, count);
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    const auto start = static_cast<std::int64_t>(i) * eighth;
    instrument.notes.push_back(
        {midi::Tick{start}, midi::Tick{start + eighth}, static_cast<std::uint8_t>(kScale[degrees[i]] + transposed), 80});
  }
  score.instruments.push_back(instrument);
  return score;
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace midillama::corpus
