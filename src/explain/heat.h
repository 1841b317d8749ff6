// What each note carries of an answer's log-probability.
#pragma once

#include "answer_probability.h"
#include "midillama/explain/explanation.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace midillama::explain {

// As the fields of Explanation and its notes.
struct Heat {
  double log_probability = 0;
  double log_probability_zero_music = 0;
  std::int64_t notes_left_out_at_once = 1;
  std::optional<double> pearson;
  std::optional<double> spearman;
  std::vector<double> gradient;  // a number a note, as left_out
  std::vector<double> left_out;
};

Heat measure_heat(AnswerProbability& probability, const Options& options);

}  // namespace midillama::explain
