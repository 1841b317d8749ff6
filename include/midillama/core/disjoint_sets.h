// Disjoint sets of indices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace midillama {

// The smallest index of a set stands for it.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }

  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }
  // The representative of each index.
  std::vector<std::size_t> all() {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < parent_.size(); ++i) found.push_back(find(i));
    return found;
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace midillama
