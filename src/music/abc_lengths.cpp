#include "music/abc_lengths.h"

#include <fmt/format.h>

#include <bit>
#include <numeric>

namespace midillama::music {
namespace {

// "" of 1, "3", "/" of a half, "3/2", "/4"
std::string fraction(std::int64_t numerator, std::int64_t denominator) {
  const auto divisor = std::gcd(numerator, denominator);
  numerator /= divisor;
  denominator /= divisor;
  std::string text = numerator == 1 ? "" : std::to_string(numerator);
  if (denominator > 1) text += '/';
  if (denominator > 2) text += std::to_string(denominator);
  return text;
}

std::int64_t odd_part(std::int64_t value) {
  return value >> std::countr_zero(static_cast<std::uint64_t>(value));
}

// So many notes in the time of `normal`, which is a power of two.
struct Tuplet {
  std::int64_t actual = 1;
  std::int64_t normal = 1;
};

class MeasureWriter {
 public:
  MeasureWriter(std::span<const AbcEvent> events, AbcSpeller& speller, int parts, int unit)
      : events_(events), speller_(speller), parts_(parts), unit_(unit), odd_(odd_part(parts)) {}

  std::string write() {
    while (!events_.empty()) {
      if (events_.front().length % odd_ != 0) {
        write_tuplet();
      } else if (is_dotted_pair()) {
        write_dotted_pair();
      } else {
        write_next(events_.front().length, {});
      }
    }
    return std::move(text_);
  }

 private:
  void write_tuplet() {
    std::size_t count = 0;
    std::int64_t sum = 0, divisor = odd_;
    while (count < events_.size() && (count == 0 || sum % odd_ != 0)) {
      const std::int64_t length = events_[count++].length;
      sum += length;
      divisor = std::gcd(divisor, length);
    }
    const std::int64_t actual = odd_ / divisor;
    const Tuplet tuplet{actual, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(actual)))};
    text_ += actual == 3 && count == 3 ? "(3" : fmt::format("({}:{}:{}", tuplet.actual, tuplet.normal, count);
    for (; count > 0; --count) write_next(events_.front().length, tuplet);
  }

  // Two notes of which one is three times as long as the other, where that is shorter than to write both lengths.
  bool is_dotted_pair() const {
    if (events_.size() < 2) return false;
    const AbcEvent &first = events_[0], &second = events_[1];
    if (first.is_rest() || second.is_rest() || second.is_tied || second.length % odd_ != 0) return false;
    if (first.length != 3 * second.length && second.length != 3 * first.length) return false;
    return 2 * length_text((first.length + second.length) / 2).size() + 1 <
           length_text(first.length).size() + length_text(second.length).size();
  }

  void write_dotted_pair() {
    const std::int64_t first = events_[0].length, second = events_[1].length;
    const std::int64_t each = (first + second) / 2;
    write_next(each, {});
    text_ += first > second ? '>' : '<';
    write_next(each, {});
  }

  void write_next(std::int64_t length, Tuplet tuplet) {
    const AbcEvent& event = events_.front();
    if (event.pitches.size() > 1) text_ += '[';
    for (const int pitch : event.pitches) text_ += speller_.spell(pitch);
    if (event.pitches.size() > 1) text_ += ']';
    if (event.is_rest()) text_ += 'z';
    text_ += length_text(length, tuplet);
    if (event.is_tied) text_ += '-';
    events_ = events_.subspan(1);
  }

  std::string length_text(std::int64_t length, Tuplet tuplet = {}) const {
    return fraction(length * unit_ * tuplet.actual, std::int64_t{4} * parts_ * tuplet.normal);
  }

  std::span<const AbcEvent> events_;  // that are not written yet
  AbcSpeller& speller_;
  std::int64_t parts_, unit_, odd_;
  std::string text_;
};

}  // namespace

std::string write_events(std::span<const AbcEvent> events, AbcSpeller& speller, int parts, int unit) {
  return MeasureWriter(events, speller, parts, unit).write();
}

}  // namespace midillama::music
