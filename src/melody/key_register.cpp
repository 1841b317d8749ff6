#include "midillama/melody/key_register.h"

#include <array>
#include <cmath>
#include <numeric>

namespace midillama::melody {
namespace {

constexpr double kPerSemitone = 0.1;
using PitchClasses = std::array<double, 12>;  // steps that each sounds

PitchClasses pitch_classes_of(const Notes& notes) {
  PitchClasses classes{};
  for (const Note& note : notes) classes[static_cast<std::size_t>(note.pitch % 12)] += static_cast<double>(note.duration);
  return classes;
}

double correlation(PitchClasses one, PitchClasses other) {
  for (PitchClasses* classes : {&one, &other}) {
    const double mean = std::accumulate(classes->begin(), classes->end(), 0.0) / 12;
    for (double& value : *classes) value -= mean;
  }
  const auto product = [](const PitchClasses& a, const PitchClasses& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); };
  const double lengths = std::sqrt(product(one, one) * product(other, other));
  return lengths == 0 ? 0 : product(one, other) / lengths;
}

double mean_pitch(const Notes& notes) {
  double sum = 0;
  for (const Note& note : notes) sum += static_cast<double>(note.pitch);
  return sum / static_cast<double>(notes.size());
}

}  // namespace

double key_register_score(const Notes& first, const Notes& second) {
  return correlation(pitch_classes_of(first), pitch_classes_of(second)) - kPerSemitone * std::abs(mean_pitch(first) - mean_pitch(second));
}

}  // namespace midillama::melody
