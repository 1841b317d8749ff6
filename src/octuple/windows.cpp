#include "midillama/octuple/octuple.h"

#include <algorithm>

namespace midillama::octuple {
namespace {

std::vector<Octuple> from_first_bar(std::span<const Octuple> octuples) {
  std::vector<Octuple> moved(octuples.begin(), octuples.end());
  for (Octuple& octuple : moved) octuple.bar -= octuples.front().bar;
  return moved;
}

// How many of the octuples the first window takes.
std::size_t window_length(std::span<const Octuple> octuples) {
  std::size_t count = 0;
  while (count < octuples.size() && count < kMaxNotes && octuples[count].bar - octuples.front().bar < kMaxBars) ++count;
  return count;
}

}  // namespace

std::vector<std::vector<Octuple>> windows(std::span<const Octuple> octuples, std::size_t max_notes) {
  std::vector<std::vector<Octuple>> windows;
  while (!octuples.empty()) {
    const auto window = octuples.first(window_length(octuples));
    for (std::size_t begin = 0; begin < window.size(); begin += max_notes) {
      windows.push_back(from_first_bar(window.subspan(begin, std::min(max_notes, window.size() - begin))));
    }
    octuples = octuples.subspan(window.size());
  }
  return windows;
}

}  // namespace midillama::octuple
