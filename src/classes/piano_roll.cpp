#include "midillama/classes/piano_roll.h"

#include "midillama/core/error.h"
#include "midillama/music/roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace midillama::classes {
namespace {

std::optional<midi::Tick> first_note(const midi::Score& score) {
  std::optional<midi::Tick> first;
  for (const midi::Instrument& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) first = first ? std::min(*first, note.start) : note.start;
  }
  return first;
}

}  // namespace

RollShape shape_of(const config::PianoRoll& config) {
  return {.channels = config.channels == "roles" ? static_cast<std::int64_t>(music::kRoles.size()) : 1,
          .steps = config.quarters * config.steps_per_quarter,
          .pitches = config.pitches};
}

std::vector<RollNote> roll_notes(const midi::Score& score, const config::PianoRoll& config) {
  std::vector<RollNote> notes;
  const auto first = first_note(score);
  if (!first) return notes;
  const double steps_per_tick = static_cast<double>(config.steps_per_quarter) / score.ticks_per_quarter;
  const auto step_of = [&](midi::Tick tick) { return std::llround(static_cast<double>((tick - *first).value) * steps_per_tick); };
  const std::vector<music::Role> roles = music::guess_roles(score);
  for (std::size_t i = 0; i < score.instruments.size(); ++i) {
    const midi::Instrument& instrument = score.instruments[i];
    for (const midi::Note& note : instrument.notes) {
      const std::int64_t begin = step_of(note.start);
      notes.push_back({.channel = config.channels == "roles" ? static_cast<std::int64_t>(roles[i]) : 0,
                       .begin = begin,
                       .end = std::max(begin + 1, static_cast<std::int64_t>(step_of(note.end))),
                       .pitch = note.pitch,
                       .is_drum = instrument.is_drum,
                       .worth = config.velocity ? static_cast<float>(note.velocity) / 127 : 1});
    }
  }
  return notes;
}

void draw(std::span<const RollNote> notes, const config::PianoRoll& config, const RollChange& change, std::span<float> roll) {
  const RollShape shape = shape_of(config);
  if (static_cast<std::int64_t>(roll.size()) != shape.size())
    throw Error(fmt::format("a picture of {} numbers was asked for, not of {}", roll.size(), shape.size()));
  for (const RollNote& note : notes) {
    const std::int64_t pitch = note.pitch + (note.is_drum ? 0 : change.shift) - config.lowest_pitch;
    if (pitch < 0 || pitch >= shape.pitches) continue;
    const std::int64_t begin = note.begin - change.start, end = std::min(note.end - change.start, shape.steps);
    for (std::int64_t step = std::max<std::int64_t>(begin, 0); step < end; ++step) {
      float& cell = roll[static_cast<std::size_t>((note.channel * shape.steps + step) * shape.pitches + pitch)];
      cell = std::max(cell, step == begin ? note.worth : note.worth / 2);
    }
  }
}

}  // namespace midillama::classes
