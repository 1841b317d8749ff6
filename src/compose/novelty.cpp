#include "midillama/compose/novelty.h"

#include "midillama/core/disjoint_sets.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

namespace midillama::compose {
namespace {

using Notes = std::vector<std::uint64_t>;  // sorted, each once

Notes notes_of(const Tracks& tracks) {
  Notes notes;
  for (std::size_t role = 0; role < tracks.size(); ++role) {
    for (const Event& event : tracks[role])
      notes.push_back(static_cast<std::uint64_t>(event.start) << 16 | static_cast<std::uint64_t>(event.pitch) << 4 | role);
  }
  std::ranges::sort(notes);
  notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
  return notes;
}

// The pieces that have exactly these notes.
struct Distinct {
  Notes notes;
  std::vector<std::size_t> pieces;
};

std::vector<Distinct> distinct_of(const std::vector<Tracks>& pieces) {
  std::map<Notes, std::vector<std::size_t>> by_notes;
  for (std::size_t i = 0; i < pieces.size(); ++i) by_notes[notes_of(pieces[i])].push_back(i);
  std::vector<Distinct> distinct;
  for (auto& [notes, who] : by_notes) distinct.push_back({notes, std::move(who)});
  return distinct;
}

// Puts the places of notes in an order of all, the rarest first, for the notes.
void rank(std::vector<Distinct>& all) {
  std::map<std::uint64_t, std::size_t> frequency;
  for (const Distinct& one : all)
    for (const std::uint64_t note : one.notes) ++frequency[note];
  std::vector<std::pair<std::size_t, std::uint64_t>> order;
  for (const auto& [note, count] : frequency) order.emplace_back(count, note);
  std::ranges::sort(order);
  std::unordered_map<std::uint64_t, std::uint64_t> place;
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i].second] = i;
  for (Distinct& one : all) {
    for (std::uint64_t& note : one.notes) note = place[note];
    std::ranges::sort(one.notes);
  }
}

double jaccard(const Notes& a, const Notes& b) {
  Notes shared;
  std::ranges::set_intersection(a, b, std::back_inserter(shared));
  const auto common = static_cast<double>(shared.size());
  return common / (static_cast<double>(a.size() + b.size()) - common);
}

// How many of the rarest notes of two near-duplicates have one in common at least.
std::size_t prefix(std::size_t notes, double similarity) {
  constexpr double kRounding = 1e-9;
  return notes - static_cast<std::size_t>(std::ceil(similarity * static_cast<double>(notes) - kRounding)) + 1;
}

// Pairs of different notes, by their places in `all`.
std::vector<std::pair<std::size_t, std::size_t>> similar(const std::vector<Distinct>& all, double similarity) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> having;  // by a rare note
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Notes& notes = all[i].notes;
    std::set<std::size_t> candidates;
    for (std::size_t k = 0; k < std::min(notes.size(), prefix(notes.size(), similarity)); ++k) {
      auto& others = having[notes[k]];
      candidates.insert(others.begin(), others.end());
      others.push_back(i);
    }
    for (const std::size_t other : candidates)
      if (jaccard(all[other].notes, notes) >= similarity) pairs.emplace_back(other, i);
  }
  return pairs;
}

}  // namespace

Novelty find_near_duplicates(const std::vector<Tracks>& pieces, double similarity) {
  std::vector<Distinct> all = distinct_of(pieces);
  rank(all);
  Novelty novelty;
  DisjointSets families(pieces.size());
  std::vector<std::size_t> earliest(pieces.size());  // near-duplicate of each piece
  std::iota(earliest.begin(), earliest.end(), std::size_t{0});
  const auto meet = [&](std::size_t a, std::size_t b) {
    ++novelty.pairs;
    families.join(a, b);
    earliest[std::max(a, b)] = std::min({earliest[std::max(a, b)], a, b});
  };
  for (const Distinct& one : all) {
    for (std::size_t i = 0; i < one.pieces.size(); ++i)
      for (std::size_t k = 0; k < i; ++k) meet(one.pieces[k], one.pieces[i]);
  }
  for (const auto& [a, b] : similar(all, similarity)) {
    for (const std::size_t one : all[a].pieces)
      for (const std::size_t other : all[b].pieces) meet(one, other);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    novelty.repeated += earliest[i] != i ? 1 : 0;
    novelty.family.push_back(families.find(i));
  }
  return novelty;
}

}  // namespace midillama::compose
