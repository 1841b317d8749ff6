// Builds the chunks of a MIDI file, for files that are not those of to_midi() (file.h).
#pragma once

#include "midillama/midi/score.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace midillama::midi {

class ByteWriter {
 public:
  void bytes(std::initializer_list<int> values) {
    for (const int value : values) data_.push_back(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view text) { data_.insert(data_.end(), text.begin(), text.end()); }
  void integer(std::uint32_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) data_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void variable_length(std::uint32_t value) {
    int shift = 28;
    while (shift > 0 && value >> shift == 0) shift -= 7;
    for (; shift > 0; shift -= 7) data_.push_back(static_cast<std::uint8_t>(value >> shift | 0x80));
    data_.push_back(value & 0x7f);
  }
  void chunk(std::string_view type, const std::vector<std::uint8_t>& data) {
    text(type);
    integer(static_cast<std::uint32_t>(data.size()), 4);
    data_.insert(data_.end(), data.begin(), data.end());
  }
  std::vector<std::uint8_t>&& take() { return std::move(data_); }

 private:
  std::vector<std::uint8_t> data_;
};

// Events at absolute times, which must not decrease.
class TrackWriter : public ByteWriter {
 public:
  void delta_to(Tick time) {
    // The longest delta that the format allows; longer ones are stretched over empty texts.
    constexpr std::int64_t kLongest = 0x0fffffff;
    for (; (time - now_).value > kLongest; now_ = now_ + Tick{kLongest}) {
      variable_length(kLongest);
      bytes({0xff, 0x01, 0x00});
    }
    variable_length(static_cast<std::uint32_t>((time - now_).value));
    now_ = time;
  }
  void event(Tick time, std::initializer_list<int> values) {
    delta_to(time);
    bytes(values);
  }
  void meta(Tick time, int type, std::string_view payload) {
    event(time, {0xff, type});
    variable_length(static_cast<std::uint32_t>(payload.size()));
    text(payload);
  }
  std::vector<std::uint8_t>&& finish() {
    event(now_, {0xff, 0x2f, 0x00});
    return take();
  }

 private:
  Tick now_;
};

}  // namespace midillama::midi
