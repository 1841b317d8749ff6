#include "midillama/corpus/duplicates.h"

#include "midillama/core/parallel_for.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

namespace midillama::corpus {
namespace {

constexpr std::size_t kFigureSteps = 6;
constexpr std::size_t kPhraseSteps = 16;  // about two bars of a dance tune
constexpr std::size_t kPhraseVariety = 4;
constexpr std::size_t kCommonFigure = 500;

// The highest pitch at each onset, repeats taken once.
std::vector<int> melody(const midi::Score& score) {
  std::map<midi::Tick, int> highest;
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum) continue;
    for (const auto& note : instrument.notes) {
      const auto [at, added] = highest.emplace(note.start, note.pitch);
      if (!added) at->second = std::max<int>(at->second, note.pitch);
    }
  }
  std::vector<int> pitches;
  for (const auto& [time, pitch] : highest) {
    if (pitches.empty() || pitches.back() != pitch) pitches.push_back(pitch);
  }
  return pitches;
}

// Every run of `length` (at most 17) steps between successive pitches, octaves folded, as digits of base 12; sorted, each once.
std::vector<std::uint64_t> runs(const std::vector<int>& pitches, std::size_t length) {
  std::vector<std::uint64_t> found;
  for (std::size_t i = 0; i + length < pitches.size(); ++i) {
    std::uint64_t run = 0;
    for (std::size_t step = i; step < i + length; ++step)
      run = run * 12 + static_cast<std::uint64_t>(132 + pitches[step + 1] - pitches[step]) % 12;
    found.push_back(run);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::size_t different_steps(std::uint64_t run) {
  std::set<std::uint64_t> steps;
  for (; run != 0; run /= 12) steps.insert(run % 12);
  return steps.size();
}

// Disjoint sets of indices; the smallest index of a set stands for it.
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

using Postings = std::unordered_map<std::uint64_t, std::vector<std::size_t>>;

Postings pieces_by_figure(const std::vector<std::vector<std::uint64_t>>& figures) {
  Postings postings;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    for (const auto figure : figures[i]) postings[figure].push_back(i);
  }
  return postings;
}

// For each piece the one with the most labels of its set.
std::vector<std::size_t> kept_pieces(const std::vector<Piece>& pieces, DisjointSets& tunes) {
  auto best = tunes.all();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto& kept = best[tunes.find(i)];
    if (pieces[i].labels.size() > pieces[kept].labels.size()) kept = i;
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < pieces.size(); ++i) kept.push_back(best[tunes.find(i)]);
  return kept;
}

}  // namespace

std::vector<std::uint64_t> melodic_figures(const midi::Score& score) {
  return runs(melody(score), kFigureSteps);
}

std::vector<std::uint64_t> melodic_phrases(const midi::Score& score) {
  auto phrases = runs(melody(score), kPhraseSteps);
  std::erase_if(phrases, [](std::uint64_t phrase) { return different_steps(phrase) < kPhraseVariety; });
  return phrases;
}

std::vector<Similarity> similar_pairs(const std::vector<std::vector<std::uint64_t>>& figures, double min_overlap) {
  const auto postings = pieces_by_figure(figures);
  std::vector<Similarity> pairs;
  std::vector<std::size_t> shared(figures.size(), 0);
  std::vector<std::size_t> touched;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    for (const auto figure : figures[i]) {
      const auto& holders = postings.at(figure);
      if (holders.size() > kCommonFigure) continue;
      for (auto other = std::upper_bound(holders.begin(), holders.end(), i); other != holders.end(); ++other) {
        if (shared[*other]++ == 0) touched.push_back(*other);
      }
    }
    for (const auto j : touched) {
      const auto count = static_cast<double>(shared[j]);
      const auto fewer = static_cast<double>(std::min(figures[i].size(), figures[j].size()));
      const auto all = static_cast<double>(figures[i].size() + figures[j].size()) - count;
      const double overlap = count / fewer;
      const double jaccard = count / all;
      if (overlap >= min_overlap) pairs.push_back({i, j, jaccard, overlap});
      shared[j] = 0;
    }
    touched.clear();
  }
  return pairs;
}

Families find_families(const std::vector<Piece>& pieces, double duplicate_similarity, double related_similarity) {
  std::vector<std::vector<std::uint64_t>> figures(pieces.size());
  std::vector<std::vector<std::uint64_t>> phrases(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i) {
    figures[i] = melodic_figures(pieces[i].score);
    phrases[i] = melodic_phrases(pieces[i].score);
  });

  DisjointSets tunes(pieces.size());
  DisjointSets families(pieces.size());
  for (const auto& pair : similar_pairs(figures, std::min(duplicate_similarity, related_similarity))) {
    if (pair.jaccard >= duplicate_similarity) tunes.join(pair.first, pair.second);
    if (pair.overlap >= related_similarity || pair.jaccard >= duplicate_similarity) families.join(pair.first, pair.second);
  }
  for (const auto& [phrase, holders] : pieces_by_figure(phrases)) {
    for (const auto holder : holders) families.join(holders.front(), holder);
  }
  return {kept_pieces(pieces, tunes), families.all()};
}

}  // namespace midillama::corpus
