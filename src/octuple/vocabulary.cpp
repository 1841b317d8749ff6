#include "midillama/octuple/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace midillama::octuple {
namespace {

constexpr int kMinBpm = 16;
constexpr int kMaxBpm = 256;
constexpr int kTempoSteps = 12;     // an octave
constexpr int kDurationSteps = 16;  // an octave
constexpr int kDurationOctaves = 8;
constexpr int kVelocityStep = 4;
constexpr int kMaxDenominator = 64;
constexpr int kMaxWholeNotes = 2;  // in a bar

// The position at which an octave of durations starts: 0, 16, 48, 112 ...
constexpr int octave_start(int octave) {
  return kDurationSteps * ((1 << octave) - 1);
}

bool is_special(std::int64_t id) {
  return (id >= kBosId && id <= kUnkId) || id == kMaskId;
}

Octuple octuple_of(std::span<const std::int64_t, kFields> ids, std::size_t note) {
  std::array<int, kFields> codes{};
  for (int field = 0; field < kFields; ++field) {
    const Field& expected = kFieldTable[field];
    const std::int64_t code = ids[field] - expected.first_id;
    if (code < 0 || code >= expected.count) {
      throw OctupleError(fmt::format("note {}: id {} is no {} (those are {} to {})", note, ids[field], expected.name, expected.first_id,
                                     expected.first_id + expected.count - 1));
    }
    codes[field] = static_cast<int>(code);
  }
  return {codes[0], codes[1], codes[2], codes[3], codes[4], codes[5], codes[6], codes[7]};
}

}  // namespace

std::vector<std::int64_t> to_ids(std::span<const Octuple> window) {
  std::vector<std::int64_t> ids(kFields, kBosId);
  ids.reserve(kFields * (window.size() + 2));
  for (std::size_t note = 0; note < window.size(); ++note) {
    const auto codes = window[note].codes();
    for (int field = 0; field < kFields; ++field) {
      const Field& entry = kFieldTable[field];
      if (codes[field] < 0 || codes[field] >= entry.count) {
        throw OctupleError(fmt::format("note {}: {} {} is not below {}", note, entry.name, codes[field], entry.count));
      }
      ids.push_back(entry.first_id + codes[field]);
    }
  }
  ids.insert(ids.end(), kFields, kEosId);
  return ids;
}

std::vector<Octuple> from_ids(std::span<const std::int64_t> ids) {
  if (ids.size() % kFields != 0) throw OctupleError(fmt::format("{} ids are no whole number of notes of {}", ids.size(), kFields));
  std::vector<Octuple> octuples;
  for (std::size_t begin = 0; begin < ids.size(); begin += kFields) {
    const auto group = ids.subspan(begin).first<kFields>();
    if (!std::all_of(group.begin(), group.end(), is_special)) octuples.push_back(octuple_of(group, octuples.size()));
  }
  return octuples;
}

std::string to_words(const Octuple& octuple) {
  std::string words;
  const auto codes = octuple.codes();
  for (int field = 0; field < kFields; ++field) words += fmt::format("{}<{}-{}>", field > 0 ? " " : "", field, codes[field]);
  return words;
}

int duration_code(std::int64_t positions) {
  if (positions >= octave_start(kDurationOctaves)) return kDurationOctaves * kDurationSteps - 1;
  const auto length = static_cast<unsigned>(positions);
  const int octave = std::bit_width(length / kDurationSteps + 1) - 1;
  return octave * kDurationSteps + (static_cast<int>(length) - octave_start(octave)) / (1 << octave);
}

int duration_positions(int code) {
  const int octave = code / kDurationSteps;
  return octave_start(octave) + (code % kDurationSteps) * (1 << octave);
}

int tempo_code(double bpm) {
  const double clamped = std::clamp<double>(bpm, kMinBpm, kMaxBpm);
  return static_cast<int>(std::nearbyint(std::log2(clamped / kMinBpm) * kTempoSteps));
}

double tempo_bpm(int code) {
  return std::pow(2.0, static_cast<double>(code) / kTempoSteps) * kMinBpm;
}

int velocity_code(int velocity) {
  return velocity / kVelocityStep;
}

int code_velocity(int code) {
  return code * kVelocityStep + kVelocityStep / 2;
}

std::optional<std::pair<int, int>> reduce_time_signature(int numerator, int denominator) {
  while (denominator > kMaxDenominator && denominator % 2 == 0 && numerator % 2 == 0) {
    denominator /= 2;
    numerator /= 2;
  }
  const bool in_table =
      numerator > 0 && denominator > 0 && denominator <= kMaxDenominator && std::has_single_bit(static_cast<unsigned>(denominator));
  if (!in_table) return std::nullopt;
  while (numerator > kMaxWholeNotes * denominator) {
    int divisor = 2;
    while (numerator % divisor != 0) ++divisor;
    numerator /= divisor;
  }
  return std::pair(numerator, denominator);
}

// The codes of denominator 2^n follow those of smaller ones, of which there are two times 1 + 2 + ... + 2^(n-1).
int time_signature_code(int numerator, int denominator) {
  const auto reduced = reduce_time_signature(numerator, denominator);
  if (!reduced)
    throw OctupleError(
        fmt::format("the time signature {}/{} cannot be expressed: denominators are powers of two up to 64", numerator, denominator));
  return kMaxWholeNotes * (reduced->second - 1) + reduced->first - 1;
}

std::pair<int, int> time_signature(int code) {
  int denominator = 1;
  while (code >= kMaxWholeNotes * denominator) {
    code -= kMaxWholeNotes * denominator;
    denominator *= 2;
  }
  return {code + 1, denominator};
}

int bar_positions(int time_signature_code) {
  const auto [numerator, denominator] = time_signature(time_signature_code);
  return numerator * 4 * kPositionsPerQuarter / denominator;
}

}  // namespace midillama::octuple
