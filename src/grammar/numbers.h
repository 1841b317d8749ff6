// JSON numbers, byte for byte.
#pragma once

#include "grammar/schema.h"

#include <cstdint>
#include <optional>

namespace midillama::grammar {

// A number of which something is written and which can still become one of the node's.
class BoundedNumber {
 public:
  static std::optional<BoundedNumber> begin(const BoundedNumberNode& node, std::uint8_t byte);
  // Nothing where the byte leads to no number of the node.
  std::optional<BoundedNumber> after(std::uint8_t byte) const;

  // Whether what is written is one of the node's numbers.
  bool may_end() const;
  // Bytes that are missing at least.
  Cost cost() const;

  bool operator==(const BoundedNumber&) const = default;

 private:
  enum class Part : std::uint8_t { sign, whole, point, fraction };

  BoundedNumber(const BoundedNumberNode& node, Part part, bool is_negative) : node_(&node), part_(part), is_negative_(is_negative) {}

  BoundedNumber with_digit(std::uint8_t byte) const;
  bool is_possible() const;
  Cost whole_cost() const;
  Cost fraction_cost() const;

  const BoundedNumberNode* node_;
  Part part_;
  bool is_negative_;
  std::uint8_t places_ = 0;   // digits after the point
  std::uint64_t digits_ = 0;  // as one number
};

// Bytes of the shortest number; kImpossible where there is none.
Cost shortest(const BoundedNumberNode& node);

// -12.5e+3: at most 20 digits before the point, 20 after it and 2 of an exponent, so that every program can read it.
class Number {
 public:
  static std::optional<Number> begin(std::uint8_t byte);
  std::optional<Number> after(std::uint8_t byte) const;

  bool may_end() const;
  Cost cost() const { return may_end() ? 0 : 1; }

  bool operator==(const Number&) const = default;

 private:
  enum class Part : std::uint8_t { sign, zero, whole, point, fraction, e, exponent_sign, exponent };

  explicit Number(Part part) : part_(part) {}

  std::optional<Number> after_digit(std::uint8_t byte) const;

  Part part_;
  std::uint8_t digits_ = 1;  // of the part
};

}  // namespace midillama::grammar
