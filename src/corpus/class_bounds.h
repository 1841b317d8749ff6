// The configured limits of the measured classes.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/music/features.h"

namespace midillama::corpus {

inline music::Bounds register_bounds(const config::Corpus& config) {
  return {config.middle_register_from, config.high_register_from};
}
inline music::Bounds density_bounds(const config::Corpus& config) {
  return {config.medium_density_from, config.dense_from};
}
inline music::Bounds tempo_bounds(const config::Corpus& config) {
  return {config.moderate_tempo_from, config.fast_tempo_from};
}

}  // namespace midillama::corpus
