#include "text/character_map.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace midillama::text {
namespace {

constexpr const char* kBroken = "its table of characters (precompiled_charsmap) is broken";

// Fields of a protocol buffer, one after the other.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  // The next field that holds bytes and has this number; nothing at the end, or where the message is not understood.
  std::optional<std::string_view> next_bytes(std::uint64_t number) {
    while (!rest_.empty()) {
      const auto key = varint();
      if (!key) return std::nullopt;
      const auto content = skip(*key & 7);
      if (!content) return std::nullopt;
      if (*key >> 3 == number && (*key & 7) == kBytes) return content;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint64_t kVarint = 0, kEightBytes = 1, kBytes = 2, kFourBytes = 5;

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  // What a field of this wire type holds.
  std::optional<std::string_view> skip(std::uint64_t type) {
    std::optional<std::uint64_t> length;
    if (type == kVarint) return varint() ? std::optional(std::string_view()) : std::nullopt;
    if (type == kEightBytes) length = 8;
    if (type == kFourBytes) length = 4;
    if (type == kBytes) length = varint();
    if (!length || *length > rest_.size()) return std::nullopt;
    const auto content = rest_.substr(0, *length);
    rest_.remove_prefix(*length);
    return content;
  }

  std::string_view rest_;
};

// A double array: from a place, a byte leads to place ^ byte, where it is the label of a unit; that unit's offset leads on.
class DoubleArray {
 public:
  explicit DoubleArray(std::string_view bytes) : units_(bytes.size() / sizeof(std::uint32_t)) {
    std::memcpy(units_.data(), bytes.data(), units_.size() * sizeof(std::uint32_t));
  }

  // Whether every way stays inside, and every value is below `values`.
  bool leads_nowhere_else(std::size_t values) const {
    if (units_.empty()) return false;
    std::vector<bool> seen(units_.size());
    std::vector<std::uint32_t> open = {offset(units_[0])};
    while (!open.empty()) {
      const std::uint32_t place = open.back();
      open.pop_back();
      if ((place | 0xFF) >= units_.size()) return false;
      if (seen[place]) continue;
      seen[place] = true;
      for (std::uint32_t byte = 0; byte < 256; ++byte) {
        const std::uint32_t at = place ^ byte;
        if (label(units_[at]) != byte) continue;
        const std::uint32_t next = at ^ offset(units_[at]);
        if (next >= units_.size() || (has_leaf(units_[at]) && value(units_[next]) >= values)) return false;
        open.push_back(next);
      }
    }
    return true;
  }

 private:
  static std::uint32_t label(std::uint32_t unit) { return unit & ((1U << 31) | 0xFF); }
  static bool has_leaf(std::uint32_t unit) { return (unit >> 8 & 1) == 1; }
  static std::uint32_t value(std::uint32_t unit) { return unit & ((1U << 31) - 1); }
  static std::uint32_t offset(std::uint32_t unit) { return unit >> 10 << ((unit & (1U << 9)) >> 6); }

  std::vector<std::uint32_t> units_;
};

}  // namespace

std::string broken_character_map(std::string_view model) {
  constexpr std::uint64_t kNormalizer = 3, kMap = 2;
  const auto normalizer = Fields(model).next_bytes(kNormalizer);
  const auto map = normalizer ? Fields(*normalizer).next_bytes(kMap) : std::nullopt;
  if (!map || map->empty()) return "";
  std::uint32_t length = 0;
  if (map->size() <= sizeof(length)) return kBroken;
  std::memcpy(&length, map->data(), sizeof(length));
  const auto rest = map->substr(sizeof(length));
  if (length >= rest.size() || rest.back() != '\0') return kBroken;
  const bool is_whole = DoubleArray(rest.substr(0, length)).leads_nowhere_else(rest.size() - length);
  return is_whole ? "" : kBroken;
}

}  // namespace midillama::text
