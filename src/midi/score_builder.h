// Turns the events of a file, track by track, into a Score as miditoolkit 0.1.17 would list it.
#pragma once

#include "midillama/midi/file.h"
#include "midillama/midi/score.h"
#include "open_notes.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace midillama::midi {

class ScoreBuilder {
 public:
  explicit ScoreBuilder(bool keeps_pedal) : keeps_pedal_(keeps_pedal) {}

  void begin_track();

  void track_name(std::span<const std::uint8_t> text);
  void program_change(int channel, int program) { programs_[channel] = static_cast<std::uint8_t>(program); }
  void note_on(int channel, int pitch, int velocity, Tick time) { open_.push(channel, pitch, {time, static_cast<std::uint8_t>(velocity)}); }
  // False where no note was open.
  bool note_off(int channel, int pitch, Tick time);

  void control_change(int channel, int controller, int value, Tick time);

  void tempo(int microseconds_per_quarter, Tick time);
  void time_signature(int numerator, int denominator, Tick time) { score_.time_signatures.push_back({time, numerator, denominator}); }
  void key_signature(int fifths, bool minor, Tick time) { score_.key_signatures.push_back({time, fifths, minor}); }
  void lyric(std::span<const std::uint8_t> text, Tick time) { score_.lyrics.push_back({time, std::string(text.begin(), text.end())}); }

  Score finish();
  // Of all tracks, sorted by time, once finished; none unless they are kept.
  std::vector<PedalChange> take_pedal() { return std::move(pedal_); }
  // Of all tracks, once finished: no instrument has them.
  std::size_t notes_without_end() const { return notes_without_end_; }

 private:
  Instrument& instrument(int channel);

  bool keeps_pedal_;
  Score score_;
  std::vector<PedalChange> pedal_;
  std::size_t notes_without_end_ = 0;
  // Of the track that is being read:
  OpenNotes open_;
  std::string track_name_;
  std::array<std::uint8_t, 16> programs_{};  // by channel
  std::size_t first_instrument_ = 0;
  std::array<std::size_t, 16 * 128> instrument_{};  // 1 + index by channel and program; up to first_instrument_: none yet
};

}  // namespace midillama::midi
