#include "midillama/music/beats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

namespace midillama::music {
namespace {

// Seconds.
constexpr double kTogether = 0.070;       // notes that begin within it are one onset, and no time between beats
constexpr double kClusterWidth = 0.025;   // of times between onsets
constexpr double kLongestInterval = 2.5;  // between onsets that are compared
constexpr double kShortestBeat = 0.3, kLongestBeat = 1.0;
constexpr double kStartUp = 5;                               // agents begin at the onsets of so long
constexpr double kTimeOut = 10;                              // an agent without a hit for so long is dropped
constexpr double kInnerWindow = 0.040;                       // a beat within it is where it was expected
constexpr double kSameInterval = 0.020, kSamePlace = 0.040;  // agents that agree so far are one
// Shares of the beat as the agent began with it.
constexpr double kWindowBefore = 0.2, kWindowAfter = 0.4;  // around an expected beat, in which an onset may be it
constexpr double kMostChange = 0.2;                        // of the tempo
constexpr double kCorrection = 0.02;                       // of the tempo by what an onset deviates
constexpr std::size_t kMostTempos = 10;
constexpr std::size_t kFewestOnsets = 8;

// Notes that begin together; times in seconds.
struct Chord {
  double begin;     // their mean
  double end;       // of the one that sounds longest
  double velocity;  // their sum
  double pitch;     // of the lowest
  double notes;
};

// The additive salience with BeatRoot's constants, raised by the highest pitch that counts, so that none is
// negative.
double salience_of(const Chord& chord) {
  constexpr double kOfLength = 300, kOfPitch = 4, kOfVelocity = 1, kLowest = 48, kHighest = 72;
  return kOfLength * (chord.end - chord.begin) + kOfPitch * (kHighest - std::clamp(chord.pitch, kLowest, kHighest)) +
         kOfVelocity * chord.velocity;
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
      if (interval < kTogether) continue;
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

// How many of the shorter interval are the longer one, 2 to 8; 0 where it is no multiple.
int multiple(const Cluster& shorter, const Cluster& longer) {
  const int factor = static_cast<int>(std::lround(longer.mean() / shorter.mean()));
  const bool is_multiple = factor >= 2 && factor <= 8 && std::abs(longer.mean() - factor * shorter.mean()) < kClusterWidth;
  return is_multiple ? factor : 0;
}

// A cluster is supported by those at its multiples and parts, the more the smaller the factor.
void score(std::vector<Cluster>& clusters) {
  for (Cluster& cluster : clusters) cluster.score = 10 * static_cast<double>(cluster.count);
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    for (std::size_t j = i + 1; j < clusters.size(); ++j) {
      const int factor = multiple(clusters[i], clusters[j]);
      if (factor == 0) continue;
      const int weight = factor <= 4 ? 6 - factor : 1;
      clusters[i].score += weight * static_cast<double>(clusters[j].count);
      clusters[j].score += weight * static_cast<double>(clusters[i].count);
    }
  }
}

// The cluster's mean and what those at its multiples and parts make it, weighted by their scores.
double refined(const Cluster& cluster, std::span<const Cluster> clusters) {
  double sum = cluster.score * cluster.mean(), weight = cluster.score;
  for (const Cluster& other : clusters) {
    const int times = multiple(cluster, other), parts = multiple(other, cluster);
    if (times == 0 && parts == 0) continue;
    sum += other.score * (times > 0 ? other.mean() / times : other.mean() * parts);
    weight += other.score;
  }
  return sum / weight;
}

// Likely times between beats, the likeliest first.
std::vector<double> tempo_hypotheses(std::span<const Onset> onsets) {
  std::vector<Cluster> clusters = clusters_of(onsets);
  score(clusters);
  std::ranges::stable_sort(clusters, std::greater<>(), &Cluster::score);
  std::vector<double> intervals;
  for (const Cluster& cluster : std::span(clusters).first(std::min(clusters.size(), kMostTempos))) {
    double interval = refined(cluster, clusters);
    while (interval < kShortestBeat) interval *= 2;
    while (interval > kLongestBeat) interval /= 2;
    intervals.push_back(interval);
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
  const double relative = std::abs(error) / (window * agent.first_interval);
  agent.score += (1 - relative / 2) * onset.salience;
  // A tempo may be followed, but not into another.
  const double followed = agent.interval + error * kCorrection;
  if (std::abs(followed - agent.first_interval) < kMostChange * agent.first_interval) agent.interval = followed;
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
  std::vector<Chord> notes;
  for (const midi::Instrument& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) {
      notes.push_back({tempos.to_seconds(note.start).value, tempos.to_seconds(note.end).value, static_cast<double>(note.velocity),
                       static_cast<double>(note.pitch), 1});
    }
  }
  std::ranges::sort(notes, {}, &Chord::begin);
  std::vector<Chord> chords;
  for (const Chord& note : notes) {
    if (chords.empty() || note.begin - chords.back().begin >= kTogether) {
      chords.push_back(note);
      continue;
    }
    Chord& chord = chords.back();
    chord.begin += (note.begin - chord.begin) / ++chord.notes;
    chord.end = std::max(chord.end, note.end);
    chord.velocity += note.velocity;
    chord.pitch = std::min(chord.pitch, note.pitch);
  }
  std::vector<Onset> onsets;
  for (const Chord& chord : chords) onsets.push_back({chord.begin, salience_of(chord)});
  return onsets;
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
      while (agent.expected + kWindowAfter * agent.first_interval < onset.time) agent.expected += agent.interval;
      if (onset.time < agent.expected - kWindowBefore * agent.first_interval) continue;
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
    // A fast agent hits more onsets, a slow one only salient ones. BeatRoot takes the sum, which favours the fast, or, where asked to, the
    // mean, which favours the slow: this is between the two.
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
