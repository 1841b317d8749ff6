// Reads the events of one track chunk into a ScoreBuilder, accepting and refusing what mido 1.3 does.
#pragma once

#include "cursor.h"
#include "score_builder.h"

namespace midillama::midi {

class TrackReader {
 public:
  TrackReader(Cursor chunk, ScoreBuilder& builder) : cursor_(chunk), builder_(&builder) { builder.begin_track(); }

  // Reads to the end of the chunk, also past end-of-track events. MidiError at the first malformed event, CutShort where the file ends
  // inside one: what was read before stays in the builder.
  void read();

  // Events read so far.
  std::size_t count() const { return count_; }

 private:
  void read_event();
  std::uint8_t data_byte();
  void channel_event(std::uint8_t status, Tick time);
  void note_off(int channel, int pitch, Tick time);
  void system_event(std::uint8_t status, bool running);
  void system_exclusive();
  std::span<const std::uint8_t> payload();
  bool meta_event(Tick time);
  void tempo(std::span<const std::uint8_t> data, Tick time);
  void time_signature(std::span<const std::uint8_t> data, Tick time);
  void key_signature(std::span<const std::uint8_t> data, Tick time);
  void check_smpte_offset(std::span<const std::uint8_t> data);
  void need(std::span<const std::uint8_t> data, std::size_t size, const char* event);
  [[noreturn]] void fail(const std::string& what) const { cursor_.fail(event_, what); }

  Cursor cursor_;
  ScoreBuilder* builder_;
  std::size_t event_ = 0;  // offset of the event that is being read
  std::size_t count_ = 0;
  Tick now_;
  int running_status_ = 0;  // 0: none yet
  int pending_ = -1;        // the first data byte of an event with running status, not yet consumed
};

}  // namespace midillama::midi
