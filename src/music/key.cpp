#include "midillama/music/key.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace midillama::music {
namespace {

using Profile = std::array<double, 12>;

struct ProfilePair {
  Profile major;
  Profile minor;
};

constexpr ProfilePair kAardenEssen = {
    {17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587, 0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122},
    {18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362, 0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623}};
constexpr ProfilePair kKrumhanslKessler = {{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
                                           {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}};

double mean(const Profile& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Pearson's r of the profile moved up to `tonic`; 0 where a side does not vary.
double correlation(const Profile& profile, const Profile& weights, int tonic) {
  const double profile_mean = mean(profile);
  const double weights_mean = mean(weights);
  double product = 0;
  double profile_square = 0;
  double weights_square = 0;
  for (int i = 0; i < 12; ++i) {
    const double p = profile[static_cast<std::size_t>((12 + i - tonic) % 12)] - profile_mean;
    const double w = weights[static_cast<std::size_t>(i)] - weights_mean;
    product += p * w;
    profile_square += p * p;
    weights_square += w * w;
  }
  const double scale = std::sqrt(profile_square * weights_square);
  return scale > 0 ? product / scale : 0.0;
}

}  // namespace

std::string name(const Key& key) {
  static const char* const kMajor[] = {"C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"};
  static const char* const kMinor[] = {"C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "G sharp", "A", "B flat", "B"};
  return std::string((key.minor ? kMinor : kMajor)[key.tonic]) + (key.minor ? " minor" : " major");
}

std::array<double, 12> pitch_class_durations(const midi::Score& score) {
  std::array<double, 12> durations{};
  for (const auto& instrument : score.instruments) {
    if (instrument.is_drum) continue;
    for (const auto& note : instrument.notes) {
      durations[note.pitch % 12] += static_cast<double>((note.end - note.start).value) / score.ticks_per_quarter;
    }
  }
  return durations;
}

std::array<double, 24> key_correlations(const std::array<double, 12>& pitch_classes, KeyProfile profile) {
  const auto& pair = profile == KeyProfile::aarden_essen ? kAardenEssen : kKrumhanslKessler;
  std::array<double, 24> result{};
  for (int tonic = 0; tonic < 12; ++tonic) {
    result[static_cast<std::size_t>(tonic)] = correlation(pair.major, pitch_classes, tonic);
    result[static_cast<std::size_t>(12 + tonic)] = correlation(pair.minor, pitch_classes, tonic);
  }
  return result;
}

std::optional<KeyEstimate> estimate_key(const midi::Score& score, KeyProfile profile) {
  const auto durations = pitch_class_durations(score);
  if (std::all_of(durations.begin(), durations.end(), [](double duration) { return duration == 0; })) return std::nullopt;
  const auto correlations = key_correlations(durations, profile);
  KeyEstimate best{{0, false}, correlations[0]};
  for (int tonic = 0; tonic < 12; ++tonic) {
    for (const bool minor : {false, true}) {
      const double r = correlations[static_cast<std::size_t>(minor ? 12 + tonic : tonic)];
      if (r >= best.correlation) best = {{tonic, minor}, r};
    }
  }
  return best;
}

}  // namespace midillama::music
