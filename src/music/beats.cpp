#include "midillama/music/beats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

namespace midillama::music {
namespace {

// Seconds, as in the paper.
constexpr double kTogether = 0.070;       // notes that begin within it are one onset
constexpr double kClusterWidth = 0.025;   // of times between onsets
constexpr double kLongestInterval = 2.5;  // between onsets that are compared
constexpr double kShortestBeat = 0.3, kLongestBeat = 1.0;
constexpr double kStartUp = 5;                               // agents begin at the onsets of so long
constexpr double kTimeOut = 10;                              // an agent without a hit for so long is dropped
constexpr double kInnerWindow = 0.040;                       // a beat within it is where it was expected
constexpr double kSameInterval = 0.010, kSamePlace = 0.020;  // agents that agree so far are one
// Shares of the beat.
constexpr double kWindowBefore = 0.2, kWindowAfter = 0.4;  // around an expected beat, in which an onset may be it
constexpr double kCorrection = 0.2;                        // of the tempo by what an onset deviates
constexpr std::size_t kMostTempos = 10;
constexpr std::size_t kFewestOnsets = 8;

// The salience of a note (equation 1 of the paper, with its constants): long, loud and low ones count most.
double salience_of(const midi::Note& note, double seconds) {
  constexpr double kOfLength = 300, kOfPitch = -4, kOfVelocity = 1;
  return kOfLength * seconds + kOfPitch * std::clamp<double>(note.pitch, 48, 72) + kOfVelocity * note.velocity;
}

struct Cluster {
  double sum = 0;
  std::size_t count = 0;
  double score = 0;
  double mean() const { return sum / static_cast<double>(count); }
};

std::vector<Cluster> clusters_of(std::span<const Onset> onsets) {
  std::vector<Cluster> clusters;
  for (std::size_t i = 0; i < onsets.size(); ++i) {
    for (std::size_t j = i + 1; j < onsets.size() && onsets[j].time - onsets[i].time < kLongestInterval; ++j) {
      const double interval = onsets[j].time - onsets[i].time;
      const auto nearest =
          std::ranges::min_element(clusters, {}, [&](const Cluster& cluster) { return std::abs(cluster.mean() - interval); });
      if (nearest != clusters.end() && std::abs(nearest->mean() - interval) < kClusterWidth) {
        nearest->sum += interval;
        ++nearest->count;
      } else {
        clusters.push_back({interval, 1});
      }
    }
  }
  std::ranges::sort(clusters, {}, &Cluster::mean);
  std::vector<Cluster> merged;
  for (const Cluster& cluster : clusters) {
    if (!merged.empty() && cluster.mean() - merged.back().mean() < kClusterWidth) {
      merged.back().sum += cluster.sum;
      merged.back().count += cluster.count;
    } else {
      merged.push_back(cluster);
    }
  }
  return merged;
}

// A cluster is supported by those at its multiples and parts, the more the smaller the factor.
void score(std::vector<Cluster>& clusters) {
  const auto weight = [](int factor) { return factor <= 4 ? 6 - factor : 1; };
  for (Cluster& cluster : clusters) cluster.score = 10 * static_cast<double>(cluster.count);
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    for (std::size_t j = i + 1; j < clusters.size(); ++j) {
      const double ratio = clusters[j].mean() / clusters[i].mean();
      const int factor = static_cast<int>(std::lround(ratio));
      if (factor < 2 || factor > 8 || std::abs(clusters[j].mean() - factor * clusters[i].mean()) >= kClusterWidth) continue;
      clusters[i].score += weight(factor) * static_cast<double>(clusters[j].count);
      clusters[j].score += weight(factor) * static_cast<double>(clusters[i].count);
    }
  }
}

// Likely times between beats, the likeliest first.
std::vector<double> tempo_hypotheses(std::span<const Onset> onsets) {
  std::vector<Cluster> clusters = clusters_of(onsets);
  score(clusters);
  std::ranges::stable_sort(clusters, std::greater<>(), &Cluster::score);
  std::vector<double> intervals;
  for (const Cluster& cluster : clusters) {
    double interval = cluster.mean();
    while (interval < kShortestBeat) interval *= 2;
    while (interval > kLongestBeat) interval /= 2;
    const bool is_known = std::ranges::any_of(intervals, [&](double other) { return std::abs(other - interval) < kSameInterval; });
    if (!is_known) intervals.push_back(interval);
    if (intervals.size() == kMostTempos) break;
  }
  return intervals;
}

struct Agent {
  double interval;            // seconds between beats, followed
  double first_interval;      // as it began
  double expected;            // the next beat
  std::vector<double> beats;  // onsets that were beats
  double score;
};

// The agent took the onset for a beat.
void accept(Agent& agent, const Onset& onset) {
  const double error = onset.time - agent.expected;
  const double window = error < 0 ? kWindowBefore : kWindowAfter;
  const double relative = std::abs(error) / (window * agent.interval);
  agent.score += (1 - relative / 2) * onset.salience;
  // A tempo may be followed, but not into another.
  const double followed = agent.interval + error * kCorrection;
  if (std::abs(followed - agent.first_interval) < 0.5 * agent.first_interval) agent.interval = followed;
  agent.beats.push_back(onset.time);
  agent.expected = onset.time + agent.interval;
}

void drop_duplicates(std::vector<Agent>& agents) {
  std::ranges::stable_sort(agents, std::greater<>(), &Agent::score);
  std::vector<Agent> kept;
  for (Agent& agent : agents) {
    const bool is_known = std::ranges::any_of(kept, [&](const Agent& other) {
      return std::abs(other.interval - agent.interval) < kSameInterval && std::abs(other.expected - agent.expected) < kSamePlace;
    });
    if (!is_known) kept.push_back(std::move(agent));
  }
  agents = std::move(kept);
}

// Beats between those that onsets were, evenly.
std::vector<double> filled(const Agent& agent) {
  std::vector<double> beats;
  for (const double beat : agent.beats) {
    if (!beats.empty()) {
      const double last = beats.back();
      const auto steps = std::max(1L, std::lround((beat - last) / agent.interval));
      for (long i = 1; i < steps; ++i) beats.push_back(last + (beat - last) * static_cast<double>(i) / static_cast<double>(steps));
    }
    beats.push_back(beat);
  }
  return beats;
}

}  // namespace

std::vector<Onset> onsets_of(const midi::Score& score) {
  const midi::TempoMap tempos(score);
  std::vector<Onset> single;
  for (const midi::Instrument& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) {
      const double start = tempos.to_seconds(note.start).value;
      single.push_back({start, salience_of(note, tempos.to_seconds(note.end).value - start)});
    }
  }
  std::ranges::sort(single, {}, [](const Onset& onset) { return std::pair(onset.time, -onset.salience); });
  std::vector<Onset> together;
  std::size_t notes = 0;
  for (const Onset& onset : single) {
    if (!together.empty() && onset.time - together.back().time < kTogether) {
      // The mean time, so that spread chords do not lag.
      together.back().time += (onset.time - together.back().time) / static_cast<double>(++notes);
      together.back().salience = std::max(together.back().salience, onset.salience);
    } else {
      together.push_back(onset);
      notes = 1;
    }
  }
  for (Onset& onset : together) onset.salience = std::max(onset.salience, 1.0);
  return together;
}

std::vector<double> estimate_beats(std::span<const Onset> onsets) {
  if (onsets.size() < kFewestOnsets || onsets.back().time - onsets.front().time < kStartUp) return {};
  std::vector<Agent> agents;
  const double start = onsets.front().time;
  for (const double interval : tempo_hypotheses(onsets)) {
    for (const Onset& onset : onsets) {
      if (onset.time - start > kStartUp) break;
      agents.push_back({interval, interval, onset.time + interval, {onset.time}, onset.salience});
    }
  }
  for (const Onset& onset : onsets) {
    std::vector<Agent> others;  // that do not take this onset for a beat
    for (Agent& agent : agents) {
      if (agent.beats.back() >= onset.time) continue;  // not begun yet, or begun here
      while (agent.expected + kWindowAfter * agent.interval < onset.time) agent.expected += agent.interval;
      if (onset.time < agent.expected - kWindowBefore * agent.interval) continue;
      if (std::abs(onset.time - agent.expected) > kInnerWindow) others.push_back(agent);
      accept(agent, onset);
    }
    agents.insert(agents.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
    drop_duplicates(agents);
    std::erase_if(agents, [&](const Agent& agent) { return onset.time - agent.beats.back() > kTimeOut; });
  }
  std::vector<double> best;
  double highest = -1;
  for (const Agent& agent : agents) {
    std::vector<double> beats = filled(agent);
    // A fast agent hits more onsets, a slow one only salient ones: neither the sum of what was hit nor its mean tells which is the beat.
    const double merit = agent.score / std::sqrt(static_cast<double>(beats.size()));
    if (merit > highest) {
      highest = merit;
      best = std::move(beats);
    }
  }
  return best;
}

std::optional<double> beats_per_minute(std::span<const double> beats) {
  if (beats.size() < 2) return std::nullopt;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < beats.size(); ++i) intervals.push_back(beats[i] - beats[i - 1]);
  const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
  std::ranges::nth_element(intervals, middle);
  return 60 / *middle;
}

}  // namespace midillama::music
