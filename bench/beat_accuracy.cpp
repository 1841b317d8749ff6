// How well music::estimate_beats() finds the beats of files that state them: build/bench/bin/beat_accuracy FOLDER [DRIFT] [JITTER]
//
// Every MIDI file below FOLDER whose tempo is stated and whose meter does not change is played as a performer might: each beat's length
// drifts by a random walk of up to DRIFT of the stated one (0.1), each note comes up to JITTER seconds early or late (0.02, a normal
// deviate). The beats of that performance are the truth. Prints, with 95 % intervals, the mean F-measure of beats within 70 ms, the
// shares of files whose tempo is within 8 % of the true one, of its half, of its double, and of any of these, a third or triple, and the
// share of files whose tempo is right and whose beats are more often between the true ones than on them.
#include "midillama/core/random.h"
#include "midillama/metrics/intervals.h"
#include "midillama/midi/file.h"
#include "midillama/music/beats.h"
#include "midillama/music/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <vector>

namespace {

using namespace midillama;
namespace fs = std::filesystem;

constexpr double kWithin = 0.070;
constexpr double kSameTempo = 0.08;

double normal(Random& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(2 * std::numbers::pi * random.uniform());
}

struct Performance {
  std::vector<music::Onset> onsets;
  std::vector<double> beats;
};

// The score's onsets at times that a performer gives its beats.
Performance perform(const midi::Score& score, const midi::TimeSignature& meter, double drift, double jitter, Random& random) {
  const double quarters_per_minute = music::stated_tempo(score).value();
  const double per_minute = music::beats_per_minute(quarters_per_minute, meter);
  const double score_beat = 60 / per_minute;  // seconds
  const auto written = music::onsets_of(score);
  std::vector<double> times = {0};
  double factor = 1;
  while (static_cast<double>(times.size()) * score_beat <= written.back().time + score_beat) {
    factor = std::clamp(factor + 0.3 * drift * normal(random), 1 - drift, 1 + drift);
    times.push_back(times.back() + score_beat * factor);
  }
  Performance performance;
  for (const music::Onset& onset : written) {
    const double beats = onset.time / score_beat;
    const auto whole = static_cast<std::size_t>(beats);
    const double time = times[whole] + (beats - static_cast<double>(whole)) * (times[whole + 1] - times[whole]) + jitter * normal(random);
    performance.onsets.push_back({time, onset.salience});
  }
  std::ranges::sort(performance.onsets, {}, &music::Onset::time);
  for (const double beat : times) {
    if (beat >= performance.onsets.front().time - kWithin && beat <= performance.onsets.back().time + kWithin)
      performance.beats.push_back(beat);
  }
  return performance;
}

double f_measure(const std::vector<double>& truth, const std::vector<double>& found) {
  std::size_t hits = 0, i = 0;
  for (const double beat : truth) {
    while (i < found.size() && found[i] < beat - kWithin) ++i;
    if (i < found.size() && found[i] <= beat + kWithin) ++hits, ++i;
  }
  return truth.size() + found.size() == 0 ? 0 : 2 * static_cast<double>(hits) / static_cast<double>(truth.size() + found.size());
}

std::vector<double> between(const std::vector<double>& beats) {
  std::vector<double> middles;
  for (std::size_t i = 1; i < beats.size(); ++i) middles.push_back((beats[i - 1] + beats[i]) / 2);
  return middles;
}

void print_share(const char* what, std::int64_t count, std::int64_t all) {
  const auto [low, high] = metrics::wilson_interval(count, all);
  fmt::print("{:<44}{:.3f} [{:.3f}, {:.3f}]\n", what, static_cast<double>(count) / static_cast<double>(all), low, high);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: beat_accuracy FOLDER [DRIFT] [JITTER]\n", stderr);
    return 2;
  }
  const double drift = argc > 2 ? std::stod(argv[2]) : 0.1, jitter = argc > 3 ? std::stod(argv[3]) : 0.02;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(argv[1])) {
    if (entry.path().extension() == ".mid") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<double> measures;
  std::int64_t same = 0, half = 0, twice = 0, related = 0, off_beat = 0;
  Random random(1);
  for (const fs::path& file : files) {
    try {
      const midi::Score score = midi::read_midi(file);
      const auto meter = music::meter_throughout(score);
      if (!music::stated_tempo(score) || !meter || score.note_count() < 20) continue;
      const Performance performance = perform(score, *meter, drift, jitter, random);
      const auto beats = music::estimate_beats(performance.onsets);
      measures.push_back(f_measure(performance.beats, beats));
      const double truth = music::beats_per_minute(performance.beats).value_or(0), found = music::beats_per_minute(beats).value_or(0);
      const auto is_near = [&](double factor) { return std::abs(found / (truth * factor) - 1) < kSameTempo; };
      same += is_near(1);
      half += is_near(0.5);
      twice += is_near(2);
      off_beat += is_near(1) && f_measure(between(performance.beats), beats) > measures.back();
      related += is_near(1) || is_near(2) || is_near(0.5) || is_near(3) || is_near(1.0 / 3);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}: {}\n", file.string(), error.what());
    }
  }
  const auto all = static_cast<std::int64_t>(measures.size());
  if (all == 0) {
    fmt::print(stderr, "{}: no file states one tempo and one meter\n", argv[1]);
    return 1;
  }
  double sum = 0;
  for (const double measure : measures) sum += measure;
  const auto [low, high] = metrics::bootstrap_interval(measures, 1);
  fmt::print("{} files, tempo drifting by up to {:g}, notes off by {:g} s\n", all, drift, jitter);
  fmt::print("{:<44}{:.3f} [{:.3f}, {:.3f}]\n", "F-measure of beats within 70 ms", sum / static_cast<double>(all), low, high);
  print_share("tempo within 8 %", same, all);
  print_share("half the tempo within 8 %", half, all);
  print_share("double the tempo within 8 %", twice, all);
  print_share("tempo within 8 %, off the beat", off_beat, all);
  print_share("tempo or its half, double, third or triple", related, all);
}
