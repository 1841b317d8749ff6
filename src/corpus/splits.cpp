#include "midillama/corpus/splits.h"

#include "midillama/core/hash.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace midillama::corpus {
namespace {

struct Family {
  std::string order;  // where it comes in the drawn order
  std::vector<std::size_t> pieces;
};

std::vector<Family> shuffled_families(const std::vector<std::string>& ids, const std::vector<std::size_t>& family, std::uint64_t seed) {
  std::map<std::size_t, Family> by_index;
  for (std::size_t i = 0; i < ids.size(); ++i) by_index[family[i]].pieces.push_back(i);
  std::vector<Family> families;
  for (auto& [index, members] : by_index) {
    const auto first = *std::min_element(members.pieces.begin(), members.pieces.end(), [&](auto a, auto b) { return ids[a] < ids[b]; });
    members.order = fingerprint(std::to_string(seed) + "/split/" + ids[first]);
    families.push_back(std::move(members));
  }
  std::sort(families.begin(), families.end(), [](const Family& a, const Family& b) { return a.order < b.order; });
  return families;
}

// A side that is wanted gets a piece at least, where there is one beside those of the other sides.
std::size_t share(double fraction, std::size_t count) {
  const auto rounded = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(count)));
  return fraction > 0 && count >= 3 ? std::max<std::size_t>(rounded, 1) : rounded;
}

}  // namespace

std::vector<Split> assign_splits(const std::vector<std::string>& ids, const std::vector<std::size_t>& family, double valid_fraction,
                                 double test_fraction, std::uint64_t seed) {
  std::vector<Split> splits(ids.size(), Split::train);
  std::size_t test_room = share(test_fraction, ids.size());
  std::size_t valid_room = share(valid_fraction, ids.size());
  const auto place = [&](const Family& members, Split split, std::size_t& room) {
    if (members.pieces.size() > room) return false;
    room -= members.pieces.size();
    for (const auto piece : members.pieces) splits[piece] = split;
    return true;
  };
  for (const auto& members : shuffled_families(ids, family, seed)) {
    if (!place(members, Split::test, test_room)) place(members, Split::valid, valid_room);
  }
  return splits;
}

}  // namespace midillama::corpus
