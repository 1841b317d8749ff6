// Bounds of numbers, exactly.
#pragma once

#include "midillama/core/file.h"

#include <cstdint>
#include <string>

namespace midillama::grammar {

// ±digits · 10^exponent, as the number is written; of a double the shortest digits that give it back.
struct Decimal {
  bool is_negative = false;
  std::string digits = {};  // neither the first nor the last is 0; none: zero
  int exponent = 0;

  int whole_digits() const;  // before the point
  int places() const;        // after it
};

Decimal to_decimal(const OrderedJson& number);

// The largest integer that is not above value · 10^places. What has more than 18 digits is ±10^18.
struct Floor {
  std::int64_t value;
  bool is_exact;  // whether nothing was cut off
};
Floor scaled_floor(const Decimal& decimal, int places);

}  // namespace midillama::grammar
