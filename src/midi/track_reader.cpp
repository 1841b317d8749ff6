#include "track_reader.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace midillama::midi {
namespace {

// Meta event types.
enum : std::uint8_t {
  kSequenceNumber = 0x00,
  kText = 0x01,
  kTrackName = 0x03,
  kLyric = 0x05,
  kCueMarker = 0x07,
  kDeviceName = 0x09,
  kChannelPrefix = 0x20,
  kPort = 0x21,
  kEndOfTrack = 0x2f,
  kTempo = 0x51,
  kSmpteOffset = 0x54,
  kTimeSignature = 0x58,
  kKeySignature = 0x59,
  kSequencerSpecific = 0x7f,
};

// mido refuses longer events.
constexpr std::int64_t kMaxPayload = 1'000'000;

// The number of data bytes of system events 0xf0 to 0xff, -1 where the status is undefined.
constexpr std::array<std::int8_t, 16> kSystemLength = {0, 1, 2, 1, -1, -1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0};

// The reference takes denominators below 2^31, except this one: mido finds that log(2^29) / log(2) is no whole number in doubles.
constexpr int kMaxExponent = 30;
constexpr int kRefusedExponent = 29;

}  // namespace

void TrackReader::read() {
  while (!cursor_.at_end()) {
    read_event();
    ++count_;
  }
}

void TrackReader::read_event() {
  event_ = cursor_.offset();
  const Tick time{std::min(now_.value + cursor_.variable_length(), Cursor::kLargest)};
  std::uint8_t status = cursor_.byte();
  pending_ = -1;
  if (status == 0xff) {
    if (meta_event(time)) now_ = time;
    return;
  }
  if (status < 0x80) {
    if (running_status_ == 0) fail("a data byte where a status byte is due: the track has none before");
    pending_ = std::exchange(status, static_cast<std::uint8_t>(running_status_));
  }
  running_status_ = status;
  if (status < 0xf0) {
    channel_event(status, time);
  } else {
    system_event(status, pending_ >= 0);
  }
  now_ = time;
}

std::uint8_t TrackReader::data_byte() {
  if (pending_ >= 0) return static_cast<std::uint8_t>(std::exchange(pending_, -1));
  const std::uint8_t byte = cursor_.byte();
  if (byte > 0x7f) cursor_.fail(cursor_.offset() - 1, fmt::format("data byte 0x{:02x} is above 0x7f", byte));
  return byte;
}

void TrackReader::channel_event(std::uint8_t status, Tick time) {
  const int channel = status & 0x0f;
  const int first = data_byte();
  switch (status & 0xf0) {
    case 0x80:
      data_byte();
      return note_off(channel, first, time);
    case 0x90:
      if (const int velocity = data_byte(); velocity > 0) return builder_->note_on(channel, first, velocity, time);
      return note_off(channel, first, time);
    case 0xb0:
      return builder_->control_change(channel, first, data_byte(), time);
    case 0xc0:
      return builder_->program_change(channel, first);
    case 0xd0:
      return;
    default:
      data_byte();
  }
}

void TrackReader::note_off(int channel, int pitch, Tick time) {
  const bool ends_a_note = builder_->note_off(channel, pitch, time);
  if (ends_a_note && time > kMaxTick) fail(fmt::format("a note ends behind tick {}", kMaxTick.value));
}

void TrackReader::system_event(std::uint8_t status, bool running) {
  if (status == 0xf0 || status == 0xf7) return system_exclusive();
  const int length = kSystemLength[status & 0x0f];
  if (length < 0) fail(fmt::format("undefined status byte 0x{:02x}", status));
  if (running && length == 0) fail(fmt::format("a data byte behind status byte 0x{:02x}, which takes none", status));
  for (int i = 0; i < length; ++i) data_byte();
}

void TrackReader::system_exclusive() {
  auto data = payload();
  if (!data.empty() && data.front() == 0xf0) data = data.subspan(1);
  if (!data.empty() && data.back() == 0xf7) data = data.first(data.size() - 1);
  for (const std::uint8_t byte : data) {
    if (byte > 0x7f) fail(fmt::format("system exclusive event with data byte 0x{:02x} above 0x7f", byte));
  }
}

std::span<const std::uint8_t> TrackReader::payload() {
  const std::int64_t length = cursor_.variable_length();
  if (length > kMaxPayload) fail(fmt::format("an event longer than {} bytes", kMaxPayload));
  return cursor_.take(static_cast<std::size_t>(length));
}

// False where the event takes no time: mido gives events of unknown types no delta time, so whatever follows comes that much earlier.
bool TrackReader::meta_event(Tick time) {
  const std::uint8_t type = cursor_.byte();
  const auto data = payload();
  switch (type) {
    case kTrackName:
      builder_->track_name(data);
      return true;
    case kLyric:
      builder_->lyric(data, time);
      return true;
    case kTempo:
      tempo(data, time);
      return true;
    case kTimeSignature:
      time_signature(data, time);
      return true;
    case kKeySignature:
      key_signature(data, time);
      return true;
    case kSmpteOffset:
      check_smpte_offset(data);
      return true;
    case kSequenceNumber:
      if (!data.empty()) need(data, 2, "sequence number");
      return true;
    case kChannelPrefix:
      need(data, 1, "channel prefix");
      return true;
    case kPort:
    case kDeviceName:
    case kEndOfTrack:
    case kSequencerSpecific:
      return true;
    default:
      return type >= kText && type <= kCueMarker;
  }
}

void TrackReader::need(std::span<const std::uint8_t> data, std::size_t size, const char* event) {
  if (data.size() < size) fail(fmt::format("a {} event of {} bytes, {} are due", event, data.size(), size));
}

void TrackReader::tempo(std::span<const std::uint8_t> data, Tick time) {
  need(data, 3, "tempo");
  const int microseconds = data[0] << 16 | data[1] << 8 | data[2];
  if (microseconds == 0) fail("a tempo of 0 microseconds a quarter note");
  builder_->tempo(microseconds, time);
}

void TrackReader::time_signature(std::span<const std::uint8_t> data, Tick time) {
  need(data, 4, "time signature");
  const int numerator = data[0];
  const int exponent = data[1];
  if (numerator == 0) fail("a time signature with numerator 0");
  if (exponent > kMaxExponent || exponent == kRefusedExponent) fail(fmt::format("a time signature with denominator 2^{}", exponent));
  builder_->time_signature(numerator, 1 << exponent, time);
}

void TrackReader::key_signature(std::span<const std::uint8_t> data, Tick time) {
  need(data, 2, "key signature");
  const int fifths = static_cast<std::int8_t>(data[0]);
  const int mode = data[1];
  if (fifths < -7 || fifths > 7 || mode > 1) fail(fmt::format("an unknown key signature ({} fifths, mode {})", fifths, mode));
  builder_->key_signature(fifths, mode == 1, time);
}

void TrackReader::check_smpte_offset(std::span<const std::uint8_t> data) {
  need(data, 5, "SMPTE offset");
  const bool valid = data[0] >> 5 <= 3 && data[1] <= 59 && data[2] <= 59 && data[4] <= 99;
  if (!valid) fail("an SMPTE offset with a frame rate, minutes, seconds or hundredths out of range");
}

}  // namespace midillama::midi
