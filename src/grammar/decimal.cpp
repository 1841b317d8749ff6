#include "grammar/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace midillama::grammar {
namespace {

constexpr int kMostDigits = 18;
constexpr std::int64_t kBeyond = 1'000'000'000'000'000'000;

std::string text_of(const OrderedJson& number) {
  if (!number.is_number_float()) return number.dump();
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number.get<double>(), std::chars_format::scientific).ptr;
  return {text.data(), end};
}

}  // namespace

int Decimal::whole_digits() const {
  return std::max(0, static_cast<int>(digits.size()) + exponent);
}

int Decimal::places() const {
  return std::max(0, -exponent);
}

Decimal to_decimal(const OrderedJson& number) {
  const std::string text = text_of(number);
  Decimal decimal{.is_negative = text.starts_with('-')};
  bool is_fraction = false;
  for (const char c : text) {
    if (c == 'e') break;
    if (c == '.') is_fraction = true;
    if (c < '0' || c > '9') continue;
    if (c != '0' || !decimal.digits.empty()) decimal.digits += c;
    if (is_fraction) --decimal.exponent;
  }
  if (const auto e = text.find('e'); e != std::string::npos) {
    const std::size_t sign = text[e + 1] == '+' ? 1 : 0;  // which from_chars does not take
    int exponent = 0;
    std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
    decimal.exponent += exponent;
  }
  for (; decimal.digits.ends_with('0'); decimal.digits.pop_back()) ++decimal.exponent;
  if (decimal.digits.empty()) decimal = {};
  return decimal;
}

Floor scaled_floor(const Decimal& decimal, int places) {
  const int shift = decimal.exponent + places;
  const auto length = static_cast<int>(decimal.digits.size()) + shift;
  if (decimal.digits.empty()) return {0, true};
  if (length > kMostDigits) return {decimal.is_negative ? -kBeyond : kBeyond, true};
  std::string digits = decimal.digits.substr(0, static_cast<std::size_t>(std::max(0, length)));
  digits.append(static_cast<std::size_t>(std::max(0, shift)), '0');
  const std::int64_t value = digits.empty() ? 0 : std::stoll(digits);
  const bool is_exact = shift >= 0;
  return {decimal.is_negative ? -value - (is_exact ? 0 : 1) : value, is_exact};
}

}  // namespace midillama::grammar
