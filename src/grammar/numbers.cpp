#include "grammar/numbers.h"

#include <algorithm>
#include <array>

namespace midillama::grammar {
namespace {

constexpr bool is_digit(std::uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

constexpr auto kPowers = [] {
  std::array<std::uint64_t, 19> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

std::uint64_t power_of_ten(int exponent) {
  return kPowers[static_cast<std::size_t>(exponent)];
}

// Numbers without sign, multiplied as the node's are.
struct Range {
  std::uint64_t low, high;

  bool is_empty() const { return low > high; }
  Range and_also(const Range& other) const { return {std::max(low, other.low), std::min(high, other.high)}; }
  bool has_multiple_of(std::uint64_t unit) const { return !is_empty() && (low + unit - 1) / unit * unit <= high; }
};

constexpr Range kNothing{1, 0};

// Every number with these digits first, of which the last counts `unit`.
Range beginning_with(std::uint64_t digits, std::uint64_t unit) {
  return {digits * unit, (digits + 1) * unit - 1};
}

// Of one sign; a zero has none.
Range magnitudes(const BoundedNumberNode& node, bool is_negative) {
  const std::int64_t low = is_negative ? -node.high : node.low, high = is_negative ? -node.low : node.high;
  const std::int64_t least = is_negative ? 1 : 0;
  if (high < least || low > high) return kNothing;
  return {static_cast<std::uint64_t>(std::max(low, least)), static_cast<std::uint64_t>(high)};
}

}  // namespace

std::optional<BoundedNumber> BoundedNumber::begin(const BoundedNumberNode& node, std::uint8_t byte) {
  if (byte != '-' && !is_digit(byte)) return std::nullopt;
  BoundedNumber number(node, byte == '-' ? Part::sign : Part::whole, byte == '-');
  if (is_digit(byte)) number.digits_ = byte - '0';
  return number.is_possible() ? std::optional(number) : std::nullopt;
}

std::optional<BoundedNumber> BoundedNumber::after(std::uint8_t byte) const {
  BoundedNumber next = *this;
  if (is_digit(byte)) {
    if (part_ == Part::whole && digits_ == 0) return std::nullopt;
    if (places_ == node_->places && (part_ == Part::point || part_ == Part::fraction)) return std::nullopt;
    next = with_digit(byte);
  } else if (byte == '.' && part_ == Part::whole && node_->places > 0) {
    next.part_ = Part::point;
  } else {
    return std::nullopt;
  }
  return next.is_possible() ? std::optional(next) : std::nullopt;
}

BoundedNumber BoundedNumber::with_digit(std::uint8_t byte) const {
  BoundedNumber next = *this;
  next.digits_ = digits_ * 10 + (byte - '0');
  next.part_ = part_ == Part::sign || part_ == Part::whole ? Part::whole : Part::fraction;
  if (next.part_ == Part::fraction) ++next.places_;
  return next;
}

bool BoundedNumber::is_possible() const {
  const Range wanted = magnitudes(*node_, is_negative_);
  if (part_ == Part::sign || wanted.is_empty()) return !wanted.is_empty();
  const bool may_grow = part_ == Part::whole && digits_ > 0;
  for (std::uint64_t unit = power_of_ten(node_->places - places_); digits_ * unit <= wanted.high; unit *= 10) {
    if (!wanted.and_also(beginning_with(digits_, unit)).is_empty()) return true;
    if (!may_grow) break;
  }
  return false;
}

bool BoundedNumber::may_end() const {
  if (part_ != Part::whole && part_ != Part::fraction) return false;
  const std::uint64_t value = digits_ * power_of_ten(node_->places - places_);
  const Range wanted = magnitudes(*node_, is_negative_);
  return wanted.low <= value && value <= wanted.high;
}

Cost BoundedNumber::cost() const {
  if (part_ == Part::whole) return whole_cost();
  if (part_ != Part::sign) return fraction_cost();
  Cost least = kImpossible;
  for (std::uint8_t digit = '0'; digit <= '9'; ++digit) {
    if (const auto next = after(digit)) least = std::min(least, plus(1, next->whole_cost()));
  }
  return least;
}

Cost BoundedNumber::whole_cost() const {
  const Range wanted = magnitudes(*node_, is_negative_);
  const std::uint64_t one = power_of_ten(node_->places);
  Cost least = kImpossible;
  std::uint64_t unit = one;
  for (Cost more = 0; more < least; ++more, unit *= 10) {
    if (more > 0 && (digits_ == 0 || digits_ * unit > wanted.high)) break;
    const Range reached = wanted.and_also(beginning_with(digits_, unit));
    if (reached.has_multiple_of(one)) return std::min(least, more);
    for (int places = 1; places <= node_->places; ++places) {
      if (reached.has_multiple_of(power_of_ten(node_->places - places))) {
        least = std::min(least, more + 1 + places);
        break;
      }
    }
  }
  return least;
}

Cost BoundedNumber::fraction_cost() const {
  const Range reached = magnitudes(*node_, is_negative_).and_also(beginning_with(digits_, power_of_ten(node_->places - places_)));
  for (int places = std::max<int>(places_, 1); places <= node_->places; ++places) {
    if (reached.has_multiple_of(power_of_ten(node_->places - places))) return places - places_;
  }
  return kImpossible;
}

Cost shortest(const BoundedNumberNode& node) {
  Cost least = kImpossible;
  for (const char first : {'-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}) {
    if (const auto number = BoundedNumber::begin(node, static_cast<std::uint8_t>(first))) least = std::min(least, plus(1, number->cost()));
  }
  return least;
}

std::optional<Number> Number::begin(std::uint8_t byte) {
  if (byte == '-') return Number(Part::sign);
  return is_digit(byte) ? Number(Part::sign).after_digit(byte) : std::nullopt;
}

std::optional<Number> Number::after(std::uint8_t byte) const {
  if (is_digit(byte)) return after_digit(byte);
  const bool is_whole = part_ == Part::zero || part_ == Part::whole;
  if (byte == '.' && is_whole) return Number(Part::point);
  if ((byte | 0x20) == 'e' && (is_whole || part_ == Part::fraction)) return Number(Part::e);
  if ((byte == '+' || byte == '-') && part_ == Part::e) return Number(Part::exponent_sign);
  return std::nullopt;
}

std::optional<Number> Number::after_digit(std::uint8_t byte) const {
  constexpr std::uint8_t kMostDigits = 20, kMostOfExponent = 2;
  const auto one_more = [&](std::uint8_t most) -> std::optional<Number> {
    Number next = *this;
    ++next.digits_;
    return next.digits_ <= most ? std::optional(next) : std::nullopt;
  };
  switch (part_) {
    case Part::sign:
      return Number(byte == '0' ? Part::zero : Part::whole);
    case Part::zero:
      return std::nullopt;
    case Part::whole:
    case Part::fraction:
      return one_more(kMostDigits);
    case Part::point:
      return Number(Part::fraction);
    case Part::e:
    case Part::exponent_sign:
      return Number(Part::exponent);
    case Part::exponent:
      return one_more(kMostOfExponent);
  }
  return std::nullopt;
}

bool Number::may_end() const {
  return part_ == Part::zero || part_ == Part::whole || part_ == Part::fraction || part_ == Part::exponent;
}

}  // namespace midillama::grammar
