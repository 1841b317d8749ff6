#include "midillama/octuple/octuple.h"

namespace midillama::octuple {

std::vector<std::vector<Octuple>> windows(std::span<const Octuple> octuples) {
  std::vector<std::vector<Octuple>> windows;
  int first_bar = 0;
  for (Octuple octuple : octuples) {
    const bool fits = !windows.empty() && windows.back().size() < kMaxNotes && octuple.bar - first_bar < kMaxBars;
    if (!fits) {
      first_bar = octuple.bar;
      windows.emplace_back();
    }
    octuple.bar -= first_bar;
    windows.back().push_back(octuple);
  }
  return windows;
}

}  // namespace midillama::octuple
