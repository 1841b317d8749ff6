// Writes MIDI files byte by byte, for tests that need malformed ones.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace midillama::midi {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes ascii(std::string_view text) {
  return Bytes(text.begin(), text.end());
}

inline Bytes big_endian(std::uint32_t value, int bytes) {
  Bytes out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  return out;
}

inline Bytes header(int tracks, int division = 480, std::uint32_t format = 1) {
  return ascii("MThd") + big_endian(6, 4) + big_endian(format, 2) + big_endian(tracks, 2) + big_endian(division, 2);
}

inline Bytes track(const Bytes& events) {
  return ascii("MTrk") + big_endian(static_cast<std::uint32_t>(events.size()), 4) + events;
}

// A track chunk that promises `missing` more bytes than it has.
inline Bytes short_track(const Bytes& events, std::uint32_t missing) {
  return ascii("MTrk") + big_endian(static_cast<std::uint32_t>(events.size()) + missing, 4) + events;
}

inline Bytes note(int pitch, int length) {
  return {0, 0x90, static_cast<std::uint8_t>(pitch), 64, static_cast<std::uint8_t>(length), 0x80, static_cast<std::uint8_t>(pitch), 0};
}

}  // namespace midillama::midi
