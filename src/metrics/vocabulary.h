// Words numbered in the order of their first appearance, so that metrics compare numbers instead of strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::metrics {

using WordId = std::uint32_t;

class Vocabulary {
 public:
  // The number of `word`, a new one where it was not seen before.
  WordId id(std::string_view word);
  // Valid until the next call of id().
  std::string_view word(WordId id) const { return std::string_view(bytes_).substr(entries_[id].begin, entries_[id].size); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::size_t hash;
    std::size_t begin, size;  // in bytes_
  };
  void grow();

  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<WordId> slots_;  // open addressing; id + 1, 0 where free; a power of two
};

}  // namespace midillama::metrics
