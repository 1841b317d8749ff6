#include "works/source.h"

#include <algorithm>

namespace midillama::works {

std::vector<Page> read_nearest(const PageMatcher& work, std::vector<Candidate> candidates, std::size_t most, const ReadPage& read) {
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const bool is_known = !candidate.opening.value_or("").empty();
    return !work.allows_title(candidate.title) || (is_known && !work.allows_opening(candidate.title, *candidate.opening));
  });
  std::ranges::stable_sort(candidates, {}, [&](const Candidate& candidate) { return work.distance(candidate.title); });
  std::vector<Page> pages;
  for (const Candidate& candidate : candidates) {
    if (pages.size() == most) break;
    std::optional<Page> page = read(candidate);
    if (page && work.is_about(page->title, page->text)) pages.push_back(std::move(*page));
  }
  return pages;
}

}  // namespace midillama::works
