// Beats of music whose file does not state them: of performances, which transcriptions write down against a clock.
//
// The method is BeatRoot's (S. Dixon, "Automatic Extraction of Tempo and Beat from Expressive Performances", Journal of New Music Research
// 30(1), 2001): clusters of the times between onsets propose tempos, and agents, each with a tempo and a place, follow the onsets. The
// salience of onsets is the additive one of S. Dixon and E. Cambouropoulos, "Beat Tracking with Musical Knowledge" (ECAI 2000). Constants
// of salience and agents are those of BeatRoot's version 0.2 (2001), those of clusters and the 10 s without a hit that end an agent (5 s
// before) those of its Vamp plugin (2011). Ours is that agents begin at every onset of the first seconds, that tempos are ranked by the
// clusters' scores, not their sizes, and that the agent wins whose sum of saliences over the square root of its beats is highest.
#pragma once

#include "midillama/midi/score.h"

#include <optional>
#include <span>
#include <vector>

namespace midillama::music {

// Notes that sound together.
struct Onset {
  double time = 0;      // seconds
  double salience = 0;  // > 0: by the length of its longest note, the loudness of all, the lowness of its lowest
};

// The onsets of all instruments, drums included, in order; notes within 70 ms are one.
std::vector<Onset> onsets_of(const midi::Score& score);

// Times of the beats in seconds, rising; empty where there are too few onsets to tell (fewer than 8, or less than 5 s of them).
std::vector<double> estimate_beats(std::span<const Onset> onsets);

// 60 over the median time between beats; std::nullopt where there are fewer than two.
std::optional<double> beats_per_minute(std::span<const double> beats);

}  // namespace midillama::music
