#include "midillama/corpus/duplicates.h"

#include "midillama/core/disjoint_sets.h"
#include "midillama/core/progress.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace midillama::corpus {
namespace {

constexpr std::size_t kCommonFigure = 500;  // held by more pieces: says nothing
constexpr std::size_t kMostRuns = 20'000'000;

// What two performances of a work have at least in common, of the figures that occur once in each. Works that differ share few, and of n
// shared ones about 2 sqrt(n) happen to come in the same order.
constexpr double kPerformedOverlap = 0.08;
constexpr std::size_t kPerformedFigures = 12;
constexpr double kInOrder = 0.7;

struct Held {
  std::uint64_t run;
  std::uint32_t piece;
  auto operator<=>(const Held&) const = default;
};

std::uint64_t scrambled(std::uint64_t run) {
  run *= 0x9e3779b97f4a7c15;
  return run ^ run >> 32;
}

// The runs of all pieces, sorted. Memory stays bounded in large corpora: there every n-th run stands for the others.
class RunTable {
 public:
  template <typename RunsOf>
  RunTable(std::size_t pieces, RunsOf&& runs_of) {
    for (std::size_t i = 0; i < pieces; ++i) {
      for (const auto run : runs_of(i)) add({run, static_cast<std::uint32_t>(i)});
    }
    std::sort(held_.begin(), held_.end());
  }

  bool holds(std::uint64_t run) const { return scrambled(run) % every_ == 0; }

  // The pieces that have the run, in order.
  std::span<const Held> holders(std::uint64_t run) const {
    const auto found = std::ranges::equal_range(held_, run, {}, &Held::run);
    return {found.begin(), found.end()};
  }

  // How many runs of each piece are held.
  std::vector<std::size_t> sizes(std::size_t pieces) const {
    std::vector<std::size_t> counts(pieces, 0);
    for (const auto& held : held_) ++counts[held.piece];
    return counts;
  }

  // Calls `use` with the holders of each run.
  template <typename Use>
  void for_each(Use&& use) const {
    for (auto begin = held_.begin(); begin != held_.end();) {
      const auto end = std::find_if(begin, held_.end(), [&](const Held& held) { return held.run != begin->run; });
      use(std::span<const Held>(begin, end));
      begin = end;
    }
  }

 private:
  void add(const Held& held) {
    if (!holds(held.run)) return;
    // Twice as much would be asked for at the next growth.
    if (held_.size() == held_.capacity() && held_.size() > kMostRuns / 2) held_.reserve(kMostRuns);
    held_.push_back(held);
    if (held_.size() < kMostRuns) return;
    every_ *= 2;
    std::erase_if(held_, [&](const Held& other) { return !holds(other.run); });
  }

  std::vector<Held> held_;
  std::uint64_t every_ = 1;
};

// Calls `use` with every pair of pieces that share figures.
template <typename RunsOf, typename Use>
void for_each_pair(std::size_t pieces, Progress& progress, RunsOf&& runs_of, Use&& use) {
  const RunTable table(pieces, runs_of);
  const auto sizes = table.sizes(pieces);
  std::vector<std::size_t> shared(pieces, 0);
  std::vector<std::size_t> touched;
  for (std::size_t i = 0; i < pieces; ++i) {
    for (const auto figure : runs_of(i)) {
      const auto holders = table.holds(figure) ? table.holders(figure) : std::span<const Held>();
      if (holders.size() > kCommonFigure) continue;
      for (const auto& other : holders) {
        if (other.piece > i && shared[other.piece]++ == 0) touched.push_back(other.piece);
      }
    }
    for (const auto j : touched) {
      const auto count = static_cast<double>(std::exchange(shared[j], 0));
      const auto fewer = static_cast<double>(std::min(sizes[i], sizes[j]));
      use(Similarity{i, j, count / (static_cast<double>(sizes[i] + sizes[j]) - count), count / fewer});
    }
    touched.clear();
    progress.update(i + 1);
  }
}

void join_works(const std::vector<Piece>& pieces, DisjointSets& families) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].work.empty()) families.join(first.emplace(pieces[i].work, i).first->second, i);
  }
}

// For each piece the one of its set that is kept.
std::vector<std::size_t> kept_pieces(const std::vector<Piece>& pieces, DisjointSets& tunes) {
  const auto worth = [&](std::size_t i) { return std::pair(!pieces[i].clips.empty(), pieces[i].labels.size()); };
  auto best = tunes.all();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto& kept = best[tunes.find(i)];
    if (worth(i) > worth(kept)) kept = i;
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < pieces.size(); ++i) kept.push_back(best[tunes.find(i)]);
  return kept;
}

// The place of each figure that occurs once.
std::map<std::uint64_t, std::size_t> single_figures(const Melody& melody) {
  const auto figures = figures_in_order(melody);
  std::map<std::uint64_t, std::size_t> places;
  std::vector<std::uint64_t> repeated;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (!places.emplace(figures[i], i).second) repeated.push_back(figures[i]);
  }
  for (const auto figure : repeated) places.erase(figure);
  return places;
}

// The length of the longest part that rises.
std::size_t longest_rising(const std::vector<std::size_t>& places) {
  std::vector<std::size_t> ends;  // the smallest end of a rising part of each length
  for (const auto place : places) {
    const auto at = std::lower_bound(ends.begin(), ends.end(), place);
    if (at == ends.end()) {
      ends.push_back(place);
    } else {
      *at = place;
    }
  }
  return ends.size();
}

}  // namespace

std::vector<Similarity> similar_pairs(const std::vector<std::vector<std::uint64_t>>& figures, double min_overlap) {
  std::vector<Similarity> pairs;
  Progress progress("comparing melodies", figures.size(), false);
  const auto figures_of = [&](std::size_t i) -> const auto& {
    return figures[i];
  };
  for_each_pair(figures.size(), progress, figures_of, [&](const Similarity& pair) {
    if (pair.overlap >= min_overlap) pairs.push_back(pair);
  });
  return pairs;
}

bool same_order(const Melody& first, const Melody& second) {
  const auto a = single_figures(first), b = single_figures(second);
  std::vector<std::pair<std::size_t, std::size_t>> shared;
  for (const auto& [figure, place] : a) {
    if (const auto other = b.find(figure); other != b.end()) shared.emplace_back(place, other->second);
  }
  const auto count = static_cast<double>(shared.size());
  if (shared.size() < kPerformedFigures || count < kPerformedOverlap * static_cast<double>(std::min(a.size(), b.size()))) return false;
  std::sort(shared.begin(), shared.end());
  std::vector<std::size_t> places;
  for (const auto& [place, other] : shared) places.push_back(other);
  return static_cast<double>(longest_rising(places)) >= kInOrder * count;
}

Families find_families(const std::vector<Piece>& pieces, double duplicate_similarity, double related_similarity) {
  DisjointSets tunes(pieces.size());
  DisjointSets families(pieces.size());
  join_works(pieces, families);
  Progress progress("comparing melodies", pieces.size());
  const auto figures_of = [&](std::size_t i) { return melodic_figures(pieces[i].melody); };
  for_each_pair(pieces.size(), progress, figures_of, [&](const Similarity& pair) {
    const auto& [i, j, jaccard, overlap] = pair;
    if (jaccard >= duplicate_similarity) tunes.join(i, j);
    const bool performed = pieces[i].melody.performed || pieces[j].melody.performed;
    const bool related = overlap >= related_similarity || jaccard >= duplicate_similarity ||
                         (performed && overlap >= kPerformedOverlap && same_order(pieces[i].melody, pieces[j].melody));
    if (related) families.join(i, j);
  });
  const RunTable phrases(pieces.size(), [&](std::size_t i) { return melodic_phrases(pieces[i].melody); });
  phrases.for_each([&](std::span<const Held> holders) {
    for (const auto& holder : holders) families.join(holders.front().piece, holder.piece);
  });
  return {kept_pieces(pieces, tunes), families.all()};
}

}  // namespace midillama::corpus
