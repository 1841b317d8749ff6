#include "grammar/token_tables.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace midillama::grammar {
namespace {

using Found = StringScanner::Found;

enum class Course { impossible, within, other };

// How a token goes on in a string, and the characters that it completes there.
std::pair<Course, std::size_t> course_of(std::string_view bytes, StringScanner scanner) {
  std::size_t characters = 0;
  for (const char byte : bytes) {
    const Found found = scanner.take(static_cast<std::uint8_t>(byte));
    if (found == Found::error) return {Course::impossible, 0};
    if (found == Found::end) return {Course::other, 0};
    if (found == Found::character) ++characters;
  }
  return {scanner.is_between_characters() ? Course::within : Course::other, characters};
}

std::vector<TokenBytes> others_of(const std::vector<TokenBytes>& tokens, const StringScanner& place) {
  std::vector<TokenBytes> others;
  std::ranges::copy_if(tokens, std::back_inserter(others),
                       [&](const TokenBytes& token) { return course_of(token.bytes, place).first == Course::other; });
  return others;
}

StringScanner place_after(std::string_view bytes) {
  StringScanner scanner;
  for (const char byte : bytes) scanner.take(static_cast<std::uint8_t>(byte));
  return scanner;
}

}  // namespace

StringTokens::StringTokens(const std::vector<TokenBytes>& tokens, std::int64_t vocabulary_size, const StringScanner& place)
    : others_(others_of(tokens, place)) {
  const Mask none(static_cast<std::size_t>(vocabulary_size + 63) / 64);
  for (const TokenBytes& token : tokens) {
    const auto [course, characters] = course_of(token.bytes, place);
    if (course != Course::within) continue;
    if (characters >= up_to_.size()) up_to_.resize(characters + 1, none);
    set_bit(up_to_[characters], token.id);
  }
  for (std::size_t i = 1; i < up_to_.size(); ++i) {
    std::ranges::transform(up_to_[i], up_to_[i - 1], up_to_[i].begin(), std::bit_or());
  }
}

void StringTokens::add_within(std::int64_t fewest, std::int64_t most, std::span<std::uint64_t> mask) const {
  most = std::min(most, static_cast<std::int64_t>(up_to_.size()) - 1);
  if (most < 0 || fewest > most) return;
  const Mask& wanted = up_to_[static_cast<std::size_t>(most)];
  if (fewest <= 0) {
    std::ranges::transform(mask, wanted, mask.begin(), std::bit_or());
    return;
  }
  const Mask& fewer = up_to_[static_cast<std::size_t>(fewest - 1)];
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] |= wanted[i] & ~fewer[i];
}

TokenTables::TokenTables(const std::vector<TokenBytes>& tokens, std::int64_t vocabulary_size)
    : all(tokens),
      in_string(tokens, vocabulary_size, StringScanner()),
      after_backslash(tokens, vocabulary_size, place_after("\\")),
      before_last_digit(tokens, vocabulary_size, place_after("\\u000")),
      in_key(tokens, vocabulary_size, StringScanner(StringScanner::Escapes::refused)) {}

}  // namespace midillama::grammar
