#include "midillama/core/random.h"

#include "midillama/core/hash.h"

namespace midillama {

std::uint64_t Random::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint64_t Random::below(std::uint64_t bound) {
  std::uint64_t value = next();
  if (value < bound) {
    // The first 2^64 mod bound values would make small results likelier: they are drawn again.
    const std::uint64_t limit = -bound % bound;
    while (value < limit) value = next();
  }
  return value % bound;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t seed_for(std::uint64_t seed, const char* purpose, std::uint64_t index) {
  return std::stoull(fingerprint(std::to_string(seed) + '/' + purpose + '/' + std::to_string(index)).substr(0, 16), nullptr, 16);
}

}  // namespace midillama
